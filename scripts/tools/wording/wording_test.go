package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestEveryMarkIsFound checks for each mark of the list that it is found in a comment, in a string, in
// Markdown and in a script, in other case, and across a line break.
func TestEveryMarkIsFound(t *testing.T) {
	for _, m := range marks {
		broken := func(lead string) string { return strings.ReplaceAll(m.words, " ", "\n"+lead) }
		for name, file := range map[string]struct{ name, text string }{
			"a comment":                {"a.go", "package a\n\n// A " + m.words + ".\n"},
			"a comment after code":     {"a.go", "package a\n\nvar x = 1 // " + m.words + "\n"},
			"a comment of two lines":   {"a.go", "package a\n\n// A " + broken("// ") + ".\n"},
			"a general comment":        {"a.go", "package a\n\n/* A " + broken("   ") + " */\n"},
			"a string":                 {"a.go", "package a\n\nvar x = \"" + m.words + "\"\n"},
			"a string of two pieces":   {"a.go", "package a\n\nvar x = \"" + broken(`" + "`) + "\"\n"},
			"a string with an escape":  {"a.go", "package a\n\nvar x = \"\\n" + m.words + "\\n\"\n"},
			"a raw string":             {"a.go", "package a\n\nvar x = `" + broken("") + "`\n"},
			"Markdown":                 {"a.md", "# A\n\n" + m.words + "\n"},
			"capitals":                 {"a.md", "# A\n\n" + strings.ToUpper(m.words) + "\n"},
			"a quotation of two lines": {"a.md", "# A\n\n> " + broken("> ") + "\n"},
			"a script":                 {"a.sh", "# A\n\n# " + broken("# ") + "\n"},
			"a page":                   {"a.html", "<p>\n\n" + m.words + "</p>\n"},
			"a golden file":            {"a.golden", "A\n\n        " + broken("        ") + ".\n"},
			"a target":                 {"Makefile", "\n\na: ## " + m.words + "\n"},
		} {
			if name == "a string of two pieces" || name == "a string with an escape" {
				file.text = strings.ReplaceAll(file.text, "\n\" + \"", " \" +\n\t\"")
			}
			found := uses(prose(file.name, []byte(file.text)))
			if len(found) != 1 || found[0].mark.words != m.words || found[0].line != 3 {
				t.Errorf("%q in %s: found %s in\n%s", m.words, name, describe(found), file.text)
			}
		}
	}
}

// TestWhatIsNoMark checks texts that only look as if they had a mark.
func TestWhatIsNoMark(t *testing.T) {
	for name, file := range map[string]struct{ name, text string }{
		"a name in code":         {"a.go", "package a\n\nfunc lives(dies, lest int) {}\n"},
		"a part of a word":       {"a.go", "package a\n\n// The fewest bodies, dearly oldest.\n"},
		"a compound":             {"a.md", "A short-lived token.\n"},
		"two sentences":          {"a.md", "What it is in\n\nvain is another word.\n"},
		"two strings":            {"a.go", "package a\n\nvar x = f(\"in\", \"vain\")\n"},
		"a comment and a string": {"a.go", "package a\n\n// It is in\nvar vain = \"vain\"\n"},
		"a file of another kind": {"a.txt", ""},
		"plain words":            {"README.md", "A token ends with its last lease. Everyone who holds it gets 401.\n"},
		"an ordinary word of Go": {"a.go", "package a\n\n// The request goes out, and the live token ends.\n"},
		"a raw backslash":        {"a.go", "package a\n\nvar x = `\\nlest`\n"},
	} {
		if file.name == "a.txt" {
			if hasProse(file.name) {
				t.Errorf("%s is read", name)
			}
			continue
		}
		if found := uses(prose(file.name, []byte(file.text))); len(found) != 0 {
			t.Errorf("%s: found %s in\n%s", name, describe(found), file.text)
		}
	}
}

// describe writes uses as a text.
func describe(found []use) string {
	var texts []string
	for _, u := range found {
		texts = append(texts, fmt.Sprintf("%q in line %d", u.mark.words, u.line))
	}
	return "[" + strings.Join(texts, ", ") + "]"
}

// TestRun checks the exit code, what a failure says, and which files of a folder count.
func TestRun(t *testing.T) {
	root := t.TempDir()
	for _, path := range []string{
		"a.go", "testdata/b.golden", ".hidden/c.md", "bin/d.md", "own/e.md", "f.txt", "g.md",
	} {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("// We asked in\n// vain.\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	within := func(path string) string { return filepath.Join(root, path) }
	var out, complaints bytes.Buffer
	code := run([]string{"-except", within("own") + "," + within("g.md"), root}, &out, &complaints)
	want := within("a.go") + ":1: \"in vain\": write without success, failed\n" +
		within("testdata/b.golden") + ":1: \"in vain\": write without success, failed\n"
	if code != 1 || complaints.String() != want || out.String() != "wording: 2 marks of the old voice in 2 files\n" {
		t.Errorf("exit code %d\n%s%s, want 1\n%s", code, out.String(), complaints.String(), want)
	}

	complaints.Reset()
	if code := run([]string{within("bin/none")}, &out, &complaints); code != 2 {
		t.Errorf("a folder that is missing: exit code %d, %s", code, complaints.String())
	}
	if err := os.WriteFile(within("own/e.md"), []byte("We asked, and it failed.\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	complaints.Reset()
	if code := run([]string{within("own")}, &out, &complaints); code != 0 || complaints.Len() > 0 {
		t.Errorf("a folder with plain words: exit code %d, %s", code, complaints.String())
	}
}

// TestListHasOneForm checks that a line of another form stops the program.
func TestListHasOneForm(t *testing.T) {
	for _, line := range []string{"lest", "lest =", "= so that"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%q was accepted", line)
				}
			}()
			parse(line)
		}()
	}
}
