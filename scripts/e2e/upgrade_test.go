package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"vault-plugin-secrets-paxos/backend/paxostest"
	"vault-plugin-secrets-paxos/scripts/stack"
)

// nextVersion is the version that the tests upgrade to.
const nextVersion = "v9.0.0"

// vault runs a Vault command as an operator types it and returns its output.
func (m *mount) vault(arguments ...string) string {
	m.Helper()
	said, err := m.server.Command(m.Context(), m.server.RootToken, nil, arguments...).CombinedOutput()
	if err != nil {
		m.Fatalf("vault %s: %v\n%s", strings.Join(arguments, " "), err, said)
	}
	return strings.TrimSpace(string(said))
}

// buildNext builds the next version into the plugin directory of the server.
func (m *mount) buildNext() (binary string) {
	m.Helper()
	name := stack.PluginName + "-" + nextVersion
	binary = filepath.Join(filepath.Dir(m.server.Plugin), name)
	build := exec.CommandContext(m.Context(), "go", "build", "-trimpath", "-o", binary,
		"-ldflags=-s -w -X vault-plugin-secrets-paxos/backend/version.Number="+nextVersion,
		"vault-plugin-secrets-paxos/cmd/"+stack.PluginName)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := build.CombinedOutput(); err != nil {
		m.Fatalf("building %s: %v\n%s", name, err, said)
	}
	m.Cleanup(func() { _ = os.Remove(binary) }) // other servers use the same directory
	return binary
}

// upgrade runs the commands that docs/operations.md gives for an upgrade.
func (m *mount) upgrade(binary string) {
	m.Helper()
	sum, err := stack.Checksum(binary)
	if err != nil {
		m.Fatal(err)
	}
	m.vault("plugin", "register", "-sha256="+sum, "-version="+nextVersion, "-command="+filepath.Base(binary),
		"secret", stack.PluginName)
	m.vault("secrets", "tune", "-plugin-version="+nextVersion, m.path)
	m.vault(m.server.Product.ReloadArguments()...)
	if got := m.vault("read", "-field=version", m.path+"/status"); got != nextVersion {
		m.Fatalf("after the upgrade the mount is of version %s", got)
	}
}

// irrevocable returns how many leases of the server Vault has stopped trying to revoke.
func (m *mount) irrevocable() int64 {
	m.Helper()
	count, err := stack.IrrevocableLeases(m.Context(), m.client)
	if err != nil {
		m.Fatal(err)
	}
	return count
}

// TestUpgradeKeepsTokensAndLeases checks that the new version ends leases of the old one.
func TestUpgradeKeepsTokensAndLeases(t *testing.T) {
	server := own(t)
	m := newMount(t, server, paxostest.Options{})
	m.role("shared", nil, profiles)
	m.role("unique", map[string]any{"unique_tokens": true}, transfers)
	m.role("brief", map[string]any{"unique_tokens": true, "ttl": "5s"}, withdrawals)
	binary := m.buildNext()
	leased, unleased := m.read("creds/shared"), m.read("token/shared")
	unique, brief := m.read("creds/unique"), m.read("creds/brief")
	old, err := server.PluginPIDs()
	if err != nil || len(old) != 1 {
		t.Fatalf("the plugin runs as %v, %v", old, err)
	}

	m.upgrade(binary)
	await(t, func() error { return stack.Ended(old[0]) })
	if token(m.read("creds/shared")) != token(leased) || token(m.read("token/shared")) != token(unleased) {
		t.Error("after the upgrade the readers got other tokens")
	}
	m.expectIssued(4)
	for _, answer := range []string{token(leased), token(unleased), token(unique)} {
		m.expectAlive(answer, true)
	}

	m.revoke(unique.LeaseID)
	m.expectAlive(token(unique), false)
	m.awaitEnd(token(brief)) // Vault ends it by itself
	m.revoke(leased.LeaseID) // the new process does not know the other holders of the token
	m.expectAlive(token(leased), true)
	m.write("roles/shared/rotate", nil)
	m.expectAlive(token(leased), false)
	m.expectAlive(token(unleased), false)
	if got := m.irrevocable(); got != 0 {
		t.Errorf("%d leases are irrevocable", got)
	}
}

// TestBinaryThatWasMissingAtUnseal makes a lease irrevocable, and revokes it as docs/operations.md says.
func TestBinaryThatWasMissingAtUnseal(t *testing.T) {
	server := own(t)
	m := newMount(t, server, paxostest.Options{})
	binary := m.buildNext() // no other server runs it
	m.upgrade(binary)
	m.role("app", map[string]any{"unique_tokens": true, "ttl": "3s"}, profiles)
	answer := m.read("creds/app")
	unsealAgain := func() {
		if err := server.Seal(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := server.Unseal(t.Context()); err != nil {
			t.Fatal(err)
		}
	}

	away := binary + ".away"
	if err := os.Rename(binary, away); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(away) }) // it exists only if the test has failed
	unsealAgain()
	await(t, func() error {
		if got := m.irrevocable(); got != 1 {
			return fmt.Errorf("%d leases are irrevocable, want 1", got)
		}
		return nil
	})
	m.expectAlive(token(answer), true)

	if err := os.Rename(away, binary); err != nil {
		t.Fatal(err)
	}
	unsealAgain()
	m.vault("lease", "revoke", "-sync", answer.LeaseID)
	m.expectAlive(token(answer), false)
	if got := m.irrevocable(); got != 0 {
		t.Errorf("%d leases are irrevocable", got)
	}
	m.read("creds/app") // the mount can write
}
