package stack

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// module is the path of this module.
const module = "vault-plugin-secrets-paxos"

// The names of programs of this module, which are also those of their directories below cmd.
const (
	PluginName  = "vault-plugin-secrets-paxos"
	SandboxName = "paxos-sandbox"
	ProxyName   = "paxos-proxy"
	ReportName  = "paxos-report"
)

// Build compiles the program of this module with this name into the directory, in the way of a release,
// and returns the path of the binary.
func Build(ctx context.Context, directory, name string) (string, error) {
	return build(ctx, directory, name, "")
}

// BuildRelease is like Build, and the program reports the version.
func BuildRelease(ctx context.Context, directory, name, version string) (string, error) {
	return build(ctx, directory, name, " -X vault-plugin-secrets-paxos/backend/version.Number="+version)
}

// build compiles the program with these flags of the linker beside those of every release.
func build(ctx context.Context, directory, name, flags string) (string, error) {
	root, err := root(ctx)
	if err != nil {
		return "", err
	}
	binary, err := filepath.Abs(filepath.Join(directory, name))
	if err != nil {
		return "", err
	}
	command := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w"+flags, "-o", binary,
		"./cmd/"+name)
	command.Dir, command.Env = root, environment("CGO_ENABLED=0")
	if said, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s: %w\n%s", name, err, said)
	}
	return binary, nil
}

// root returns the directory of this module. Programs are built there, so that they have the
// dependencies of this module also in tests of other modules, which may have newer ones.
func root(ctx context.Context) (string, error) {
	command := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", module)
	command.Env = environment()
	directory, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("finding the directory of the module: %w", err)
	}
	return strings.TrimSpace(string(directory)), nil
}
