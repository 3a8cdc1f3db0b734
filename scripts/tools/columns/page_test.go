package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// words returns a text of several words that has so many columns.
func words(columns int) string { return "é " + strings.Repeat("z", columns-2) + "\n" }

// TestFrontPage checks what is too long in a front page: here code and tables have no exception.
func TestFrontPage(t *testing.T) {
	const longCell = "README.md:1: a table's cell has 81 columns, 80 are allowed"
	cell := func(columns int) string { return strings.Repeat("é", columns) }
	for name, test := range map[string]struct {
		file string
		want string
	}{
		"as long as allowed":    {strings.Repeat(words(100), 150), ""},
		"a line too many":       {strings.Repeat("x\n", 151), "README.md: 151 lines, 150 are allowed"},
		"a long line":           {"x\n" + words(101), "README.md:2: 101 columns, 100 are allowed"},
		"a long line of code":   {"```\n" + words(101) + "```\n", "README.md:2: 101 columns, 100 are allowed"},
		"a cell as allowed":     {"| a | " + cell(80) + " |\n", ""},
		"a long cell":           {"| a | " + cell(81) + " |\n", longCell},
		"a cell with a |":       {"| a | " + cell(39) + `\|` + cell(40) + " |\n", longCell},
		"two cells, a long row": {"| " + cell(60) + " | " + cell(60) + " |\n", "README.md:1: 127 columns, 100 are allowed"},
	} {
		if got := strings.Join(frontPage("README.md", []byte(test.file)), "; "); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

// TestRunOfPage checks the page's exit code, and that Markdown counts only if it is the page.
func TestRunOfPage(t *testing.T) {
	root := t.TempDir()
	path := filepath.Join(root, "a.md")
	if err := os.WriteFile(path, []byte(words(101)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		arguments []string
		code      int
		says      string
	}{
		"no page":            {[]string{root}, 0, ""},
		"a page":             {[]string{"-page", path, root}, 1, "shorten the page:\n  " + path + ":1: 101 columns"},
		"-most is not of it": {[]string{"-most", "1", "-page", path, root}, 1, path + ":1: 101 columns"},
		"a page is missing":  {[]string{"-page", path + "x", root}, 2, "no such file"},
	} {
		var out, complaints bytes.Buffer
		if code := run(test.arguments, &out, &complaints); code != test.code ||
			!strings.Contains(complaints.String(), test.says) {
			t.Errorf("%s: exit code %d, %s", name, code, complaints.String())
		}
	}
}
