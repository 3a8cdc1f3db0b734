package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"vault-plugin-secrets-paxos/scripts/tools/tree"
)

// The ways in which an example is held, as the index names them.
var ways = []string{"run", "read", "untested"}

var (
	linked    = regexp.MustCompile(`\[[^\]]*\]\(([^)#]+)[^)]*\)`)
	target    = regexp.MustCompile("`make ([a-z-]+)`")
	testNamed = regexp.MustCompile(`\bTest[A-Z]\w*`)
	testMade  = regexp.MustCompile(`(?m)^func (Test[A-Z]\w*)\(`)
	shown     = regexp.MustCompile("(?m)^ *```shell")
	isMade    = regexp.MustCompile(`(?m)^([a-z-]+):`)
)

// A row is a row of the index: the folder of an example, and how it is held.
type row struct {
	line           int
	folder         string
	held, evidence string
}

// checkIndex checks that every folder has a row in docs/examples/README.md, and that what a row claims to hold
// the example is there.
func (c *checker) checkIndex() error {
	folder := filepath.Join(c.root, "docs", "examples")
	path := filepath.Join(folder, "README.md")
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	rows := rowsOf(string(text))
	have := map[string]bool{}
	for _, r := range rows {
		have[r.folder] = true
		if info, err := os.Stat(filepath.Join(folder, r.folder)); err != nil || !info.IsDir() {
			c.complain(path, r.line, "There is no folder docs/examples/%s. Correct the link, or remove the row.", r.folder)
		}
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if entry.IsDir() && !have[entry.Name()] {
			c.complain(path, 0, "docs/examples/%s has no row. Add one, and say in it how the example is held.", entry.Name())
		}
	}
	return c.checkRows(path, rows)
}

// rowsOf returns the rows of the table of examples.
func rowsOf(text string) (rows []row) {
	number := 0
	for line := range strings.Lines(text) {
		number++
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) != 6 {
			continue
		}
		if found := linked.FindStringSubmatch(cells[1]); found != nil {
			rows = append(rows, row{number, strings.SplitN(found[1], "/", 2)[0], strings.TrimSpace(cells[3]), cells[4]})
		}
	}
	return rows
}

// checkRows checks what the rows claim.
func (c *checker) checkRows(path string, rows []row) error {
	tests, err := c.tests()
	if err != nil {
		return err
	}
	makefile, err := os.ReadFile(filepath.Join(c.root, "Makefile"))
	if err != nil {
		return err
	}
	targets := map[string]bool{}
	for _, found := range isMade.FindAllStringSubmatch(string(makefile), -1) {
		targets[found[1]] = true
	}
	for _, r := range rows {
		if way := strings.FieldsFunc(r.held, func(r rune) bool { return strings.ContainsRune(" ,;", r) }); len(way) == 0 ||
			!slices.Contains(ways, way[0]) {
			c.complain(path, r.line, "%q does not say how the example is held: %s.", r.held, listed(ways))
		}
		for _, found := range testNamed.FindAllString(r.evidence, -1) {
			if !tests[found] {
				c.complain(path, r.line, "There is no test %s. Correct the name.", found)
			}
		}
		for _, found := range target.FindAllStringSubmatch(r.evidence, -1) {
			if !targets[found[1]] {
				c.complain(path, r.line, "The Makefile has no target %s. Correct the name.", found[1])
			}
		}
		c.checkEvidence(path, r)
	}
	return nil
}

// checkEvidence checks the pages that a row names. An example that is run names a test, or a page with commands.
func (c *checker) checkEvidence(path string, r row) {
	runs := len(testNamed.FindAllString(r.evidence, -1))
	for _, found := range linked.FindAllStringSubmatch(r.evidence, -1) {
		text, err := os.ReadFile(filepath.Join(filepath.Dir(path), found[1]))
		if err != nil {
			c.complain(path, r.line, "The page %s does not exist. Correct the link.", found[1])
			continue
		}
		for _, line := range shown.FindAllStringIndex(string(text), -1) {
			rest, _, _ := strings.Cut(string(text)[line[1]:], "\n")
			if !strings.Contains(rest, "norun") {
				runs++
			}
		}
	}
	if strings.HasPrefix(r.held, "run") && runs == 0 {
		c.complain(path, r.line, "The row of %s says \"run\", and names no test and no page with commands. Name one.",
			r.folder)
	}
	if !strings.HasPrefix(r.held, "untested") && target.FindString(r.evidence) == "" {
		c.complain(path, r.line, "The row of %s names no make target. Name the one that holds it.", r.folder)
	}
}

// tests returns the names of all tests of the project.
func (c *checker) tests() (map[string]bool, error) {
	names := map[string]bool{}
	err := tree.Read(c.root, func(path string, entry fs.DirEntry) bool {
		return entry.IsDir() || strings.HasSuffix(path, "_test.go")
	}, func(_ string, text []byte) {
		for _, found := range testMade.FindAllSubmatch(text, -1) {
			names[string(found[1])] = true
		}
	})
	return names, err
}

// checkTried checks that docs/policies.md tries every policy with a request that is allowed and one that is
// denied.
func (c *checker) checkTried() error {
	page := filepath.Join(c.root, "docs", "policies.md")
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	policies, err := filepath.Glob(filepath.Join(c.root, "docs", "examples", "policies", "*.hcl"))
	if err != nil {
		return err
	}
	allowed, denied := map[string]bool{}, map[string]bool{}
	tries := map[string]map[string]bool{"shell": allowed, "shell fails": denied}
	where := map[string]bool(nil)
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if head, ok := strings.CutPrefix(line, "```"); ok {
			where = tries[head]
		}
		for _, found := range tried.FindAllStringSubmatch(line, -1) {
			if where != nil {
				where[found[1]] = true
			}
		}
	}
	for _, path := range policies {
		name := strings.TrimSuffix(filepath.Base(path), ".hcl")
		if !allowed[name] || !denied[name] {
			c.complain(path, 0, "docs/policies.md must try it with a request that is allowed (shell), and with one that is "+
				"denied (shell fails): as %s vault …", name)
		}
	}
	return nil
}

// tried is a command that runs with a policy.
var tried = regexp.MustCompile(`\bas ([a-z-]+) `)
