package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// repository is the root of the repository.
var repository = filepath.Join("..", "..", "..")

// engineFile writes the paths of the engine to a file, once for all tests.
var engineFile = sync.OnceValues(func() (string, error) {
	file, err := os.CreateTemp("", "paxos-engine-")
	if err != nil {
		return "", err
	}
	defer file.Close()
	command := exec.Command("go", "run", "./scripts/docs/api", "-list")
	command.Dir, command.Stdout, command.Stderr = repository, file, os.Stderr
	return file.Name(), command.Run()
})

// TestMain removes what the tests share.
func TestMain(m *testing.M) {
	code := m.Run()
	if file, err := engineFile(); err == nil {
		_ = os.Remove(file) // it is in the folder for temporary files
	}
	os.Exit(code)
}

// copyExamples copies the examples, and the files that the index names, into an empty root.
func copyExamples(t *testing.T) (root string) {
	t.Helper()
	root = t.TempDir()
	for _, folder := range []string{"docs", "scripts/clients"} {
		if err := os.CopyFS(filepath.Join(root, folder), os.DirFS(filepath.Join(repository, folder))); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"Makefile"} {
		text, err := os.ReadFile(filepath.Join(repository, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(root, name), text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// runOn runs the checker on a root.
func runOn(t *testing.T, root string) (code int, complaints string) {
	t.Helper()
	file, err := engineFile()
	if err != nil {
		t.Fatal(err)
	}
	var out, said bytes.Buffer
	code = run([]string{"-engine", file, root}, &out, &said)
	return code, said.String()
}

// replace replaces a text that is there once in a file of the examples.
func replace(t *testing.T, root, name, before, after string) {
	t.Helper()
	path := filepath.Join(root, "docs", filepath.FromSlash(name))
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), before) {
		t.Fatalf("%s has no %q", name, before)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(text), before, after, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// whole is the offset of a complaint that names no line.
const whole = 1 << 20

// A fault is a mistake in an example that the checker must find. The complaint is offset lines below the first
// line that is changed.
type fault struct {
	file, before, after string
	offset              int
	want                string
}

// place is the place of the complaint, as it is printed.
func (f fault) place(path, text string) string {
	if f.offset == whole {
		return path + ": "
	}
	at := strings.Index(text, f.before)
	return fmt.Sprintf("%s:%d: ", path, 1+strings.Count(text[:at], "\n")+f.offset)
}

// TestFaults makes one mistake at a time in the examples, and checks that the complaint names the file, the line
// and what to do.
func TestFaults(t *testing.T) {
	root := copyExamples(t)
	if code, complaints := runOn(t, root); code != 0 {
		t.Fatalf("without a mistake:\n%s", complaints)
	}
	for name, f := range faults {
		path := filepath.Join(root, "docs", filepath.FromSlash(f.file))
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		replace(t, root, f.file, f.before, f.after)
		code, complaints := runOn(t, root)
		want := f.place(path, string(text)) + f.want
		if code != 1 || !strings.Contains(complaints, want) {
			t.Errorf("%s: exit code %d, want %s\n%s", name, code, want, complaints)
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestExamples checks the examples of this repository.
func TestExamples(t *testing.T) {
	if code, complaints := runOn(t, repository); code != 0 {
		t.Errorf("exit code %d\n%s", code, complaints)
	}
}

// TestPoliciesAreTried checks that a policy which no page tries is found.
func TestPoliciesAreTried(t *testing.T) {
	root := copyExamples(t)
	replace(t, root, "policies.md", "as monitoring vault read paxos/status", "vault read paxos/status")
	want := filepath.Join(root, "docs", "examples", "policies", "monitoring.hcl") + ": docs/policies.md must try it"
	if code, complaints := runOn(t, root); code != 1 || !strings.Contains(complaints, want) {
		t.Errorf("exit code %d, want %s\n%s", code, want, complaints)
	}
}

// TestUnreadable checks the exit code when there is nothing to read.
func TestUnreadable(t *testing.T) {
	if code, complaints := runOn(t, t.TempDir()); code != 2 || !strings.Contains(complaints, "no such file") {
		t.Errorf("exit code %d, %s", code, complaints)
	}
	var out, said bytes.Buffer
	if code := run([]string{"-engine", filepath.Join(t.TempDir(), "none"), "."}, &out, &said); code != 2 ||
		!strings.Contains(said.String(), "the paths of the engine") {
		t.Errorf("exit code %d, %s", code, said.String())
	}
}

// TestWithoutSystemd checks what is said on a machine without systemd-analyze.
func TestWithoutSystemd(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	c := &checker{units: []string{"a.service"}}
	if err := c.checkUnits(); err == nil || !strings.Contains(err.Error(), "scripts/ci/packages.sh") {
		t.Errorf("error %v", err)
	}
}

// TestMatches checks which paths of a policy lead to which template.
func TestMatches(t *testing.T) {
	for _, test := range []struct {
		template, path string
		want           bool
	}{
		{"roles/{name}", "roles/x", true}, {"roles/{name}", "roles/+", true}, {"roles/{name}", "roles/*", true},
		{"roles/{name}", "roles/my-*", true}, {"roles/{name}", "roles/", false}, {"roles/{name}", "roles", false},
		{"roles/", "roles/", true}, {"roles/", "roles/*", true}, {"roles/", "roles/+", false}, {"roles/", "roles/x", false},
		{"roles/{name}/rotate", "roles/x", false}, {"roles/{name}/rotate", "roles/+/rotate", true},
		{"roles/{name}/rotate", "roles/*", true}, {"roles/{name}/rotate", "roles/x/rotates", false},
		{"config", "config", true}, {"config", "conf*", true}, {"config", "config/*", false},
		{"config/resume", "config", false},
	} {
		if got := matches(strings.Split(test.template, "/"), strings.Split(test.path, "/")); got != test.want {
			t.Errorf("%s of %s: %t", test.path, test.template, got)
		}
	}
}
