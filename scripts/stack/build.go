package stack

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
)

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
	binary := filepath.Join(directory, name)
	command := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w"+flags, "-o", binary,
		"vault-plugin-secrets-paxos/cmd/"+name)
	command.Env = environment("CGO_ENABLED=0")
	if said, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s: %w\n%s", name, err, said)
	}
	return binary, nil
}
