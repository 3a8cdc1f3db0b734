package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLongLines checks which lines are found, and that a string is only a reason for its own lines.
func TestLongLines(t *testing.T) {
	code := func(columns int) string { return "var x = " + strings.Repeat("y", columns-8) + "\n" }
	text := func(columns int) string { return strings.Repeat("z", columns) }
	for name, test := range map[string]struct {
		file string
		want string
	}{
		"empty":                          {"", "[]"},
		"as long as allowed":             {code(120), "[]"},
		"too long":                       {code(121) + code(120) + code(121), "[1 3]"},
		"without a newline at the end":   {strings.TrimSpace(code(121)), "[1]"},
		"letters of several bytes":       {"// " + strings.Repeat("é", 117) + "\n", "[]"},
		"a comment":                      {"\n// " + text(118) + "\n", "[2]"},
		"one long string":                {`f(a, "` + text(88) + `", ` + text(40) + ")\n", "[]"},
		"two strings":                    {`f(a, "` + text(87) + `", "` + text(40) + "\")\n", "[1]"},
		"a raw string of several lines":  {"f(`\n" + text(121) + "\n`)\n" + code(121), "[4]"},
		"a quoted text inside a comment": {`// "` + text(121) + "\"\n", "[1]"},
	} {
		if got := fmt.Sprint(longLines([]byte(test.file))); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

// TestRun checks the exit code, and which files of a folder count.
func TestRun(t *testing.T) {
	root := t.TempDir()
	for _, path := range []string{"a.go", "b/b.go", "b/notes.txt", "testdata/c.go", ".hidden/d.go"} {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("// "+strings.Repeat("x", 118)+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for most, code := range map[string]int{"0": 1, "1": 1, "2": 0} {
		var out, complaints bytes.Buffer
		if got := run([]string{"-most", most, root}, &out, &complaints); got != code {
			t.Errorf("-most %s: exit code %d, %s", most, got, complaints.String())
		}
		if names := strings.Contains(complaints.String(), "a.go:1\n") && strings.Contains(complaints.String(),
			"b.go:1\n"); names != (code == 1) || strings.Count(complaints.String(), ".go:") > 2 {
			t.Errorf("-most %s: %q", most, complaints.String())
		}
	}
	var out, complaints bytes.Buffer
	if got := run([]string{filepath.Join(root, "missing")}, &out, &complaints); got != 2 {
		t.Errorf("a folder that is missing: exit code %d, %s", got, complaints.String())
	}
}
