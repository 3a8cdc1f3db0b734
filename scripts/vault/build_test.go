package vault

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// build runs build.sh with VAULT_BIN, and returns what it prints on stdout and stderr.
func build(t *testing.T, binary string, arguments ...string) (path, complaint string, err error) {
	t.Helper()
	var stdout, stderr strings.Builder
	command := exec.CommandContext(t.Context(), "./build.sh", arguments...)
	command.Env = append(os.Environ(), "VAULT_BIN="+binary)
	command.Stdout, command.Stderr = &stdout, &stderr
	err = command.Run()
	return strings.TrimSpace(stdout.String()), stderr.String(), err
}

// TestServersThatAreAccepted gives build.sh programs that print the versions of servers.
func TestServersThatAreAccepted(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]bool{
		"Vault v1.16.3, built 2024-05-29T14:00:00Z": true,
		"Vault v1.21.0 (818ca8b), built 2025-10-21": true,
		"Vault v2.0.4 (abc), built 2026-09-01":      true,
		"Vault v1.15.6 (abc), built 2024-02-28":     false,
		"OpenBao v2.6.2 (abc), built 2026-09-01":    true,
		"OpenBao v2.0.0 (abc), built 2024-07-30":    true,
		"OpenBao v1.99.0 (abc), built 2024-01-01":   false,
		"Consul v1.21.0": false,
		"a program that is not a server: Vault v1.21.0": false,
	} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			binary := filepath.Join(t.TempDir(), "bao")
			script := fmt.Sprintf("#!/bin/sh\ncase $1 in version) echo '%s' ;; server) echo ' -config=<string>' ;; esac\n",
				version)
			if err := os.WriteFile(binary, []byte(script), 0o700); err != nil {
				t.Fatal(err)
			}
			path, complaint, err := build(t, binary)
			switch {
			case want && (err != nil || path != binary):
				t.Errorf("build.sh prints %q and %q, %v", path, complaint, err)
			case !want && (err == nil || path != "" || !strings.Contains(complaint, "OpenBao server of version 2.0")):
				t.Errorf("build.sh accepts it: %q and %q, %v", path, complaint, err)
			}
		})
	}
}

// TestAVersionThatIsNotPinned checks that build.sh names a version that it cannot build, and does not use
// VAULT_BIN in its place.
func TestAVersionThatIsNotPinned(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"1.15", ".."} {
		path, complaint, err := build(t, "/bin/true", version)
		if err == nil || path != "" || !strings.Contains(complaint, "no Vault "+version+" is pinned") {
			t.Errorf("build.sh %s prints %q and %q, %v", version, path, complaint, err)
		}
	}
}
