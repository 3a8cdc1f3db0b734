package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// root is the root of the repository.
var root = filepath.Join("..", "..")

// TestLinksLeadSomewhere checks that every link of a page to another file exists, with its anchor.
func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	links := 0
	for _, path := range markdownFiles(t) {
		for _, target := range linksOf(prose(t, path)) {
			links++
			if err := follow(t, path, target); err != nil {
				t.Errorf("%s: the link to %s leads nowhere: %v", path, target, err)
			}
		}
	}
	if links < 50 {
		t.Errorf("only %d links were found", links)
	}
}

// markdownFiles are README.md and its like, and all pages.
func markdownFiles(t *testing.T) (paths []string) {
	t.Helper()
	for _, pattern := range []string{"*.md", "backend/*.md", "backend/*/*.md", "docs/*.md", "docs/*/*.md",
		"docs/*/*/*.md"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, found...)
	}
	return paths
}

var (
	blocks = regexp.MustCompile("(?ms)^[ \t]*(?:(?:[-*+]|\\d+[.)])[ \t]+)?```.*?^[ \t]*```[ \t]*$")
	spans  = regexp.MustCompile("`[^`]*`")
	link   = regexp.MustCompile(`\]\(([^()\s]+)\)`)
	heads  = regexp.MustCompile(`(?m)^#+ +(.*?) *#*$`)
	within = regexp.MustCompile(`\[([^][]*)\]\([^()]*\)`)
	others = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// prose is a file without its blocks of code.
func prose(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return blocks.ReplaceAllString(string(text), "")
}

// linksOf are the targets of the links in a text that stay in the repository.
func linksOf(text string) (targets []string) {
	for _, found := range link.FindAllStringSubmatch(spans.ReplaceAllString(text, "``"), -1) {
		if !strings.Contains(found[1], "://") && !strings.HasPrefix(found[1], "mailto:") {
			targets = append(targets, found[1])
		}
	}
	return targets
}

// follow returns an error if a link in a file leads nowhere.
func follow(t *testing.T, from, target string) error {
	t.Helper()
	file, anchor, anchored := strings.Cut(target, "#")
	path := from
	if file != "" {
		path = filepath.Join(filepath.Dir(from), filepath.FromSlash(file))
	}
	if _, err := os.Stat(path); err != nil || !anchored {
		return err
	}
	if known := anchors(prose(t, path)); !slices.Contains(known, anchor) {
		return fmt.Errorf("%s has the anchors %v", path, known)
	}
	return nil
}

// anchors are the names that GitHub gives to the headings of a text.
func anchors(text string) (names []string) {
	times := map[string]int{}
	for _, heading := range heads.FindAllStringSubmatch(text, -1) {
		title := strings.ToLower(within.ReplaceAllString(heading[1], "$1"))
		name := strings.ReplaceAll(others.ReplaceAllString(title, ""), " ", "-")
		if n := times[name]; n > 0 {
			names = append(names, fmt.Sprintf("%s-%d", name, n))
		} else {
			names = append(names, name)
		}
		times[name]++
	}
	return names
}

// TestAnchors checks the names of headings against those that GitHub is known to give.
func TestAnchors(t *testing.T) {
	t.Parallel()
	got := anchors("# A `config/rotate-root`: what?\n\ntext\n\n## Statuses\n## Statuses\n## [Vault](x.md) & more\n")
	want := []string{"a-configrotate-root-what", "statuses", "statuses-1", "vault--more"}
	if !slices.Equal(got, want) {
		t.Errorf("anchors are %q, want %q", got, want)
	}
}

// TestLinksOf checks what counts as a link.
func TestLinksOf(t *testing.T) {
	t.Parallel()
	got := linksOf("[a](b.md#c), [web](https://paxos.com), `[no](link.md)` and [`d`](e.md)")
	if want := []string{"b.md#c", "e.md"}; !slices.Equal(got, want) {
		t.Errorf("links are %q, want %q", got, want)
	}
	if text := blocks.ReplaceAllString("1. ```text\n   [no](link.md)\n   ```\nend\n", ""); text != "\nend\n" {
		t.Errorf("prose is %q", text)
	}
}
