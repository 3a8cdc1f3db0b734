package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// newPath is a module path that the tests give the copy.
const newPath = "github.com/acme/paxos-for-vault"

// renamed returns a copy of the repository, and its script that changes the module path.
func renamed(t *testing.T) (folder, script string) {
	t.Helper()
	folder, _ = cloned(t)
	return folder, filepath.Join(folder, "scripts", "module-path.sh")
}

// TestBadModulePathsAreRefused checks the error, and that no file is changed.
func TestBadModulePathsAreRefused(t *testing.T) {
	t.Parallel()
	folder, script := renamed(t)
	for path, says := range map[string]string{
		"":                                   "is not a module path",
		"paxos":                              "it begins with a host name",
		"acme/paxos":                         "it begins with a host name",
		"GitHub.com/acme/paxos":              "is not a module path",
		"github.com":                         "is not a module path",
		"github.com/acme":                    "names no repository",
		"github.com/acme/paxos/backend":      "has a folder",
		"github.com/acme/paxos/":             "ends in a slash",
		"https://github.com/acme/paxos":      "is a URL: leave out https://",
		"github.com/acme/paxos.git":          "ends in .git",
		"git@github.com:acme/paxos":          "is not a module path",
		"go.acme.com/paxos/v2":               "ends in a major version",
		"github.com/acme/paxos plugin":       "is not a module path",
		"github.com/acme/../paxos":           "has a part that ends in a dot",
		"github.com/acme/$(touch x)":         "is not a module path",
		"github.com/acme/paxos\nrequire x/y": "is not a module path",
	} {
		fails(t, says, folder, script, path)
	}
	fails(t, "usage:", folder, script)
	fails(t, "usage:", folder, script, newPath, newPath)
	if changed := must(t, folder, "git", "status", "--porcelain"); changed != "" {
		t.Errorf("these files are changed: %s", changed)
	}
}

// TestModulePathIsChangedEverywhere changes the path, and then builds, checks and tests the copy. It changes the path
// again and back: the files are as before.
func TestModulePathIsChangedEverywhere(t *testing.T) {
	t.Parallel()
	folder, script := renamed(t)
	old := strings.TrimSpace(must(t, folder, "go", "list", "-m"))
	must(t, folder, script, newPath)
	changed := must(t, folder, "git", "diff")
	if said := must(t, folder, script, newPath); !strings.Contains(said, "already") {
		t.Errorf("the second time it says %q", said)
	}
	if again := must(t, folder, "git", "diff"); again != changed {
		t.Error("the second time, files are changed again")
	}
	search := `git grep -nP '(?<![\w./@-])\Q` + old + `\E/(backend|cmd|scripts)\b' || [ $? -eq 1 ]` // 1: none
	if left := must(t, folder, "bash", "-c", search); left != "" {
		t.Errorf("these lines have the old path:\n%s", left)
	}
	must(t, folder, "git", "commit", "--quiet", "--all", "-m", "another path")

	checkModules(t, folder)
	must(t, folder, "go", "test", "./cmd/...", "./backend/version", "./backend/payment", "./backend/signing/...",
		"./backend/paxos", "./scripts/docs/api")
	checkVersions(t, folder)

	must(t, folder, script, "example.com/other")
	must(t, folder, script, newPath)
	if again := must(t, folder, "git", "status", "--porcelain"); again != "" {
		t.Errorf("there and back changed files: %s", again)
	}
}

// checkModules checks every module below the folder: all imports exist, and the main module passes what `make check`
// says about Go files.
func checkModules(t *testing.T, folder string) {
	t.Helper()
	for file := range strings.Lines(must(t, folder, "git", "ls-files", "go.mod", "*/go.mod")) {
		module := filepath.Join(folder, filepath.Dir(strings.TrimSpace(file)))
		path := strings.TrimSpace(must(t, module, "go", "list", "-m"))
		own := strings.HasPrefix(file, "docs/examples/") // an example is a program of somebody else
		if !own && path != newPath && !strings.HasPrefix(path, newPath+"/") {
			t.Errorf("%s is the module %s", file, path)
		}
		must(t, module, "go", "list", "-deps", "-test", "./...")
	}
	must(t, folder, "go", "build", "./...")
	must(t, folder, "go", "vet", "./...")
	if unformatted := must(t, folder, "gofmt", "-l", "."); unformatted != "" {
		t.Errorf("these files are not formatted: %s", unformatted)
	}
	must(t, folder, "go", "-C", "scripts/tools", "build", "-o", filepath.Join(folder, "bin")+"/", "./columns",
		"./errortexts")
	must(t, folder, "bin/columns", "-page", "README.md", ".")
	must(t, folder, "bin/errortexts", "docs/errors.md", "./backend/...", "./cmd/paxos-proxy")
}

// checkVersions builds the programs with make, and checks that the linker finds the variables that it sets.
func checkVersions(t *testing.T, folder string) {
	t.Helper()
	must(t, folder, "make", "build", "VERSION=v9.9.9")
	if said := must(t, folder, "bin/"+pluginName, "-version"); said != pluginName+" v9.9.9\n" {
		t.Errorf("the plugin says %q", said)
	}
	must(t, folder, "make", "dist", "VERSION=v9.9.9", "PLATFORMS="+here().String())
	r := release{source: source{version: "v9.9.9"}}
	said := must(t, folder, filepath.Join("dist", r.folderName(here()), "paxos-report"), "-version")
	if !strings.HasPrefix(said, "paxos-report v9.9.9 (commit ") {
		t.Errorf("paxos-report says %q", said)
	}
}
