package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// words returns a text of several words that has so many columns.
func words(columns int) string { return "é " + strings.Repeat("z", columns-2) + "\n" }

// TestLongTexts checks which lines of a Markdown file are too long.
func TestLongTexts(t *testing.T) {
	for name, test := range map[string]struct {
		file string
		want string
	}{
		"empty":                      {"", "[]"},
		"as long as allowed":         {words(100), "[]"},
		"too long":                   {words(101) + words(100) + words(101), "[1 3]"},
		"a row of a table":           {"| " + words(101), "[]"},
		"a code block":               {"```shell\n" + words(101) + "```\n" + words(101), "[4]"},
		"a code block in a list":     {"- x\n\n  ```\n" + words(101) + "  ```\n" + words(101), "[6]"},
		"a link":                     {"  https://" + strings.Repeat("z", 101) + "\n", "[]"},
		"a link with text before it": {"see https://" + strings.Repeat("z", 101) + "\n", "[1]"},
	} {
		if got := fmt.Sprint(longTexts([]byte(test.file))); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

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

// TestRunOfMarkdown checks that Markdown counts only if it is asked for, and the page's exit code.
func TestRunOfMarkdown(t *testing.T) {
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
		"not asked for":       {[]string{root}, 0, ""},
		"asked for":           {[]string{"-markdown", root}, 1, "split these lines:\n  " + path + ":1\n"},
		"a page":              {[]string{"-page", path, root}, 1, path + ":1: 101 columns"},
		"a page and its line": {[]string{"-markdown", "-most", "1", "-page", path, root}, 1, path + ":1: 101 columns"},
		"a page is missing":   {[]string{"-page", path + "x", root}, 2, "no such file"},
	} {
		var out, complaints bytes.Buffer
		if code := run(test.arguments, &out, &complaints); code != test.code ||
			!strings.Contains(complaints.String(), test.says) {
			t.Errorf("%s: exit code %d, %s", name, code, complaints.String())
		}
	}
}
