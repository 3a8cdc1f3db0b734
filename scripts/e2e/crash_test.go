package e2e

import (
	"slices"
	"syscall"
	"testing"

	"github.com/hashicorp/vault/api"

	"vault-plugin-secrets-paxos/backend/paxostest"
	"vault-plugin-secrets-paxos/scripts/stack"
)

// TestReadersOutliveThePlugin checks that reads after the plugin was killed get the same token.
func TestReadersOutliveThePlugin(t *testing.T) {
	server := own(t)
	m := newMount(t, server, paxostest.Options{})
	m.role("app", map[string]any{"idle_ttl": 0}, profiles)
	first := m.read("creds/app")
	for range 3 {
		killed, err := server.KillPlugin()
		if err != nil || len(killed) == 0 {
			t.Fatalf("killing the plugin: processes %v, %v", killed, err)
		}
		if token(m.read("creds/app")) != token(first) {
			t.Error("the reader got another token")
		}
		pids, err := server.PluginPIDs()
		if err != nil || len(pids) != 1 || slices.Contains(killed, pids[0]) {
			t.Errorf("after %v was killed the plugin runs as %v, %v", killed, pids, err)
		}
	}
	m.expectIssued(1)
	m.write("roles/app/rotate", nil) // the new process does not know the holders of the token, but it knows the token
	m.expectAlive(token(first), false)
}

// TestLeaseEndsAfterThePluginDied ends a unique token with another process than the one that requested
// it.
func TestLeaseEndsAfterThePluginDied(t *testing.T) {
	server := own(t)
	m := newMount(t, server, paxostest.Options{})
	m.role("app", map[string]any{"unique_tokens": true}, profiles)
	answer := m.read("creds/app")
	if _, err := server.KillPlugin(); err != nil {
		t.Fatal(err)
	}
	await(t, func() error { // a synchronous revocation fails until Vault has noticed the new process
		return m.client.Sys().RevokeWithOptionsWithContext(t.Context(),
			&api.RevokeOptions{LeaseID: answer.LeaseID, Sync: true})
	})
	m.expectAlive(token(answer), false)
}

// TestPluginDoesNotOutliveVault kills Vault, which then cannot stop its plugins.
func TestPluginDoesNotOutliveVault(t *testing.T) {
	server := own(t)
	m := newMount(t, server, paxostest.Options{})
	m.role("app", nil, profiles)
	answer := m.read("creds/app")
	pids, err := server.PluginPIDs()
	if err != nil || len(pids) == 0 {
		t.Fatalf("the plugin runs as %v, %v", pids, err)
	}
	server.Kill()
	for _, pid := range pids {
		t.Cleanup(func() {
			if stack.Ended(pid) != nil { // only if the test has failed
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		})
		await(t, func() error { return stack.Ended(pid) })
	}
	m.expectAlive(token(answer), true) // a killed Vault has ended no lease

	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	m.client = client(t, server, server.RootToken)
	if token(m.read("creds/app")) != token(answer) {
		t.Error("the Vault that was started again does not know the token")
	}
	m.expectIssued(1)
}

// TestRevocationWaitsForPaxos checks that a lease can end while Paxos is down, and its token ends
// later.
func TestRevocationWaitsForPaxos(t *testing.T) {
	t.Parallel()
	m := newMount(t, shared(t), paxostest.Options{})
	m.role("app", map[string]any{"unique_tokens": true}, profiles)
	answer := m.read("creds/app")
	m.paxos.FailAll(paxostest.Revoke, paxostest.Fault{Status: 503})
	m.revoke(answer.LeaseID) // the engine has stored that it must revoke the token
	m.expectAlive(token(answer), true)
	m.paxos.Heal()
	m.write("roles/app/rotate", nil)
	m.awaitEnd(token(answer))
}
