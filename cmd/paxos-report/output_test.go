package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheFileIsWholeOrUntouched writes a report over an older one, and then fails to.
func TestTheFileIsWholeOrUntouched(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	directory := t.TempDir()
	file := filepath.Join(directory, "report.html")
	if err := os.WriteFile(file, []byte("the report of yesterday"), 0o644); err != nil {
		t.Fatal(err)
	}
	read := func() string {
		t.Helper()
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
	attempt := func(wanted settings) (int, error) {
		wanted.mount = "paxos"
		var out strings.Builder
		code, err := report(t.Context(), h.vault, wanted, atNoon, &out, io.Discard)
		if out.Len() > 0 {
			t.Errorf("standard output got %q", out.String())
		}
		return code, err
	}
	h.deny("report/")
	if code, err := attempt(settings{output: file}); code != exitFailed || err == nil ||
		read() != "the report of yesterday" {
		t.Errorf("code %d, error %v, the file is %.80q…", code, err, read())
	}
	h.deny()
	if code, err := attempt(settings{output: file, failOn: "info"}); code != exitFindings || err != nil ||
		!strings.HasSuffix(read(), "</html>\n") {
		t.Errorf("code %d, error %v, the file is %.80q…", code, err, read())
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v (%v)", info, err)
	}
	if entries, err := os.ReadDir(directory); err != nil || len(entries) != 1 {
		t.Errorf("the directory has %v (%v)", entries, err)
	}
}

// TestWhereNoFileCanBe names a directory, a device and a directory that does not exist.
func TestWhereNoFileCanBe(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	directory := t.TempDir()
	for path, want := range map[string]string{
		directory:     "is not a file that can be replaced",
		"/dev/null":   "is not a file that can be replaced",
		"/dev/stdout": "is not a file that can be replaced",
		filepath.Join(directory, "missing", "report"): "no such file or directory",
	} {
		code, err := report(t.Context(), h.vault, settings{mount: "paxos", output: path}, atNoon, io.Discard, io.Discard)
		if code != exitFailed || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: code %d, error %v", path, code, err)
		}
	}
	if entries, err := os.ReadDir(directory); err != nil || len(entries) != 0 {
		t.Errorf("the directory has %v (%v)", entries, err)
	}
}

// TestWhatCannotBeRenamedIsRemoved names a file in whose place nothing can be put.
func TestWhatCannotBeRenamedIsRemoved(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	if err := replaceFile(filepath.Join(directory, strings.Repeat("x", 300)), []byte("text")); err == nil {
		t.Error("a name of 300 letters is possible")
	}
	if entries, err := os.ReadDir(directory); err != nil || len(entries) != 0 {
		t.Errorf("the directory has %v (%v)", entries, err)
	}
}
