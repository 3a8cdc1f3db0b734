package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// The release that the tests look at. It is built once, of the files as they are in the working tree, in a
// repository of its own.
const testedVersion = "v1.2.3"

var (
	checkout string // the repository that the release is built from
	built    string // the folder of the release
	commit   string // the commit of the release
)

func TestMain(m *testing.M) {
	os.Exit(withRelease(m))
}

// withRelease runs the tests with a release, and returns the exit code.
func withRelease(m *testing.M) int {
	folder, err := os.MkdirTemp("", "release-test-")
	if err == nil {
		folder, err = filepath.EvalSymlinks(folder)
	}
	if err == nil {
		defer os.RemoveAll(folder)
		checkout = filepath.Join(folder, "checkout")
		err = buildTested(context.Background())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// buildTested makes the repository and builds the release with make, for Linux and for this machine.
func buildTested(ctx context.Context) error {
	if err := snapshot(ctx, "../..", checkout); err != nil {
		return err
	}
	if _, err := output(ctx, checkout, "git", "tag", testedVersion); err != nil {
		return err
	}
	wanted := "linux/amd64,linux/arm64"
	if runtime.GOOS != "linux" {
		wanted += "," + runtime.GOOS + "/" + runtime.GOARCH
	}
	if _, err := output(ctx, checkout, "make", "dist", "PLATFORMS="+wanted); err != nil {
		return err
	}
	built = filepath.Join(checkout, "dist")
	said, err := output(ctx, checkout, "git", "rev-parse", "HEAD")
	commit = strings.TrimSpace(said)
	return err
}

// snapshot copies the files of the repository as they are now into a new folder, and commits them there.
func snapshot(ctx context.Context, repository, folder string) error {
	for _, step := range []string{
		`mkdir -p "$1"`,
		`git -C "$0" ls-files -z --cached --others --exclude-standard |
			(cd "$0" && xargs -0 sh -c 'for f; do [ ! -f "$f" ] || printf "%s\0" "$f"; done' list) |
			tar -C "$0" --null -T - -cf - | tar -C "$1" -xf -`,
		`git -C "$1" init --quiet`,
		`git -C "$1" add --all`,
		`git -C "$1" -c user.name=test -c user.email=test@example.com -c commit.gpgsign=false commit --quiet -m test`,
	} {
		if _, err := output(ctx, ".", "bash", "-euo", "pipefail", "-c", step, repository, folder); err != nil {
			return err
		}
	}
	return nil
}

// output runs a command in the folder and returns what it prints. The error has what it wrote to its error output.
func output(ctx context.Context, folder, name string, arguments ...string) (string, error) {
	command := exec.CommandContext(ctx, name, arguments...)
	command.Dir = folder
	said, err := command.Output()
	if err != nil {
		return "", explain(command.String(), err)
	}
	return string(said), nil
}

// must runs a command that has to succeed, and returns what it prints.
func must(t *testing.T, folder, name string, arguments ...string) string {
	t.Helper()
	said, err := output(t.Context(), folder, name, arguments...)
	if err != nil {
		t.Fatal(err)
	}
	return said
}

// fails runs a command that has to fail with an error that says this.
func fails(t *testing.T, says, folder, name string, arguments ...string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), name, arguments...)
	command.Dir = folder
	said, err := command.CombinedOutput()
	if err == nil || !strings.Contains(string(said), says) {
		t.Errorf("%s: %v\n%s\nwant an error that says %q", command, err, said, says)
	}
}

// platformFolder returns the folder of a platform in the release.
func platformFolder(p platform) string {
	r := release{source: source{version: testedVersion}}
	return filepath.Join(built, r.folderName(p))
}

// here is the platform of this machine.
func here() platform { return platform{runtime.GOOS, runtime.GOARCH} }

// read returns the content of a file.
func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
