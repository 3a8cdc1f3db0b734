package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// cloned returns a clone of the tested repository, and the program that builds releases.
func cloned(t *testing.T) (clone, program string) {
	t.Helper()
	folder, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	clone = filepath.Join(folder, "clone")
	must(t, folder, "git", "clone", "--quiet", checkout, clone)
	must(t, clone, "git", "config", "user.name", "test")
	must(t, clone, "git", "config", "user.email", "test@example.com")
	return clone, filepath.Join(checkout, "bin", "release")
}

// write writes a file.
func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestChangedCheckoutIsRefused builds from a checkout with a file that was never committed, and from one with a file
// that was changed.
func TestChangedCheckoutIsRefused(t *testing.T) {
	t.Parallel()
	clone, program := cloned(t)
	added := filepath.Join(clone, "backend", "added.go")
	write(t, added, "package backend\n")
	fails(t, "?? backend/added.go", clone, program)
	if err := os.Remove(added); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(clone, "LICENSE"), "")
	fails(t, "the checkout has changes that are not committed", clone, program)
	if _, err := os.Stat(filepath.Join(clone, "dist")); err == nil {
		t.Error("a release was written")
	}
}

// TestOverlookedFilesAreRefused builds with a file that git ignores, and with a change that git was told to overlook.
// git status shows neither, and Go compiles both.
func TestOverlookedFilesAreRefused(t *testing.T) {
	t.Parallel()
	clone, program := cloned(t)
	added := filepath.Join(clone, "backend", "added.go")
	write(t, filepath.Join(clone, ".git", "info", "exclude"), "added.go\n")
	write(t, added, "package backend\n")
	fails(t, "backend/added.go would be built, but the commit does not have it", clone, program)
	if err := os.Remove(added); err != nil {
		t.Fatal(err)
	}
	overlooked := filepath.Join("backend", "version", "version.go")
	must(t, clone, "git", "update-index", "--assume-unchanged", overlooked)
	write(t, filepath.Join(clone, overlooked), string(read(t, filepath.Join(clone, overlooked)))+"\n// added\n")
	fails(t, overlooked+" would be built, but the commit does not have it", clone, program)
	if _, err := os.Stat(filepath.Join(clone, "dist")); err == nil {
		t.Error("a release was written")
	}
}

// TestNoCommitIsRefused builds from folders that are not the root of a checkout, and without git.
func TestNoCommitIsRefused(t *testing.T) {
	t.Parallel()
	clone, program := cloned(t)
	fails(t, "is not the root of a git checkout", clone, program, "-repository=docs")

	command := exec.CommandContext(t.Context(), program)
	command.Dir, command.Env = clone, []string{"PATH=" + t.TempDir()}
	if said, err := command.CombinedOutput(); err == nil || !strings.Contains(string(said), "git is not installed") {
		t.Errorf("without git: %v\n%s", err, said)
	}

	if err := os.RemoveAll(filepath.Join(clone, ".git")); err != nil {
		t.Fatal(err)
	}
	fails(t, "a release is built from a commit of a git checkout", clone, program)
}

// TestVersionsAgreeWithTags gives versions that are not that of the tag, or not a version.
func TestVersionsAgreeWithTags(t *testing.T) {
	t.Parallel()
	clone, program := cloned(t)
	fails(t, "the version is v1.2.4, but the commit has the tag "+testedVersion, clone, program, "-version=v1.2.4")
	must(t, clone, "git", "tag", "v1.2.4")
	fails(t, "more than one tag (v1.2.3, v1.2.4)", clone, program)
	must(t, clone, "git", "tag", "-d", "v1.2.4")

	must(t, clone, "git", "commit", "--quiet", "--allow-empty", "-m", "later")
	fails(t, "the tag "+testedVersion+" is on another commit", clone, program, "-version="+testedVersion)
	fails(t, "the commit has no tag such as v1.2.3", clone, program)
	for _, version := range []string{"1.2.4", "v1.2", "v1.2.04", "v1.2.4+dirty", "latest", "v1.2.4 "} {
		fails(t, "does not have the form v1.2.3", clone, program, "-version="+version)
	}
}

// TestAnotherToolchainIsRefused pins another version of Go than this machine has.
func TestAnotherToolchainIsRefused(t *testing.T) {
	t.Parallel()
	clone, program := cloned(t)
	pinned := strings.TrimSpace(must(t, clone, "sed", "-n", "s/^toolchain //p", "go.mod"))
	must(t, clone, "go", "mod", "edit", "-toolchain=go1.26.1")
	must(t, clone, "git", "commit", "--quiet", "--all", "-m", "another toolchain")
	fails(t, "this is "+pinned+" (GOTOOLCHAIN=", clone, program, "-version=v1.2.4")
	fails(t, "but go.mod pins go1.26.1, and another Go builds other bytes", clone, program, "-version=v1.2.4")
}

// TestOtherFoldersAreNotReplaced writes the release to a folder with other files.
func TestOtherFoldersAreNotReplaced(t *testing.T) {
	t.Parallel()
	clone, program := cloned(t)
	folder := t.TempDir()
	kept := filepath.Join(folder, "kept")
	write(t, kept, "")
	fails(t, "it is not replaced", clone, program, "-output="+folder)
	if _, err := os.Stat(kept); err != nil {
		t.Error(err)
	}
	fails(t, `unknown platform "linux/mips"`, clone, program, "-platforms=linux/mips")
}

// TestSettingsOfTheUserChangeNothing builds with settings of Go that would change the programs, and compares.
func TestSettingsOfTheUserChangeNothing(t *testing.T) {
	t.Parallel()
	clone, program := cloned(t)
	settings := filepath.Join(t.TempDir(), "settings")
	write(t, settings, "GOFLAGS=-tags=other -gcflags=-N\n")
	write(t, filepath.Join(filepath.Dir(clone), "go.work"), "go 1.26.0\n\nuse ./clone/scripts/release\n")
	command := exec.CommandContext(t.Context(), program, "-platforms="+here().String())
	command.Dir = clone
	command.Env = append(os.Environ(), "GOENV="+settings, "GOAMD64=v3", "GOARM64=v9.0", "CGO_ENABLED=1",
		"GOOS=windows", "SOURCE_DATE_EPOCH=1")
	if said, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	must(t, clone, "diff", "-r", platformFolder(here()), filepath.Join("dist", filepath.Base(platformFolder(here()))))
}
