package backend_test

import (
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// readHeld reads token/mint while Paxos holds its answer back. The first function lets the answer
// go, the second waits for what the reader got.
func (m *mount) readHeld() (proceed func(), answer func() *logical.Response) {
	m.T.Helper()
	hold, calls := make(chan struct{}), m.Paxos.Calls(paxostest.TokenEndpoint)
	m.Paxos.FailNext(paxostest.TokenEndpoint, paxostest.Fault{Hold: hold})
	done := make(chan *logical.Response, 1)
	go func() {
		resp, _ := m.Do(logical.ReadOperation, "token/mint", nil) // refused in some tests, which look at Paxos
		done <- resp
	}()
	backendtest.WaitUntil(m.T, func() bool { return m.Paxos.Calls(paxostest.TokenEndpoint) > calls })
	return func() { close(hold) }, func() *logical.Response { return <-done }
}

// TestARequestUnderWayKeepsItsGeneration replaces the root while a token request of the old one is
// under way. The old one is not forgotten before its token can be revoked.
func TestARequestUnderWayKeepsItsGeneration(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	id, secret := m.another(backendtest.RootScopes...)
	proceed, answer := m.readHeld()
	m.Must(logical.UpdateOperation, "config/replace-root", map[string]any{"client_id": id, "client_secret": secret})
	m.Tick()
	if got := m.generations(); len(got) != 2 {
		t.Errorf("while its request is under way the old generation is forgotten: %v", got)
	}
	proceed()
	resp := answer()
	if resp.Data["client_id"] != m.Client.ClientID || !m.Paxos.Alive(backendtest.Token(resp)) {
		t.Fatalf("the reader got %v", resp.Data)
	}
	m.Tick()
	m.Must(logical.UpdateOperation, "roles/mint/rotate", nil)
	if m.Paxos.Alive(backendtest.Token(resp)) {
		t.Error("a token of the replaced root is alive after the rotation of its role")
	}
	m.Tick()
	if got := m.generations(); len(got) != 1 {
		t.Errorf("the old generation is kept for nothing: %v", got)
	}
}

// TestARequestUnderWayKeepsTheConfig deletes the config while a token request is under way: not
// without force, and with force the token is ended when it lands.
func TestARequestUnderWayKeepsTheConfig(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	proceed, answer := m.readHeld()
	if status, text := m.Refused(logical.DeleteOperation, "config", nil); status != 400 {
		t.Errorf("%d %s", status, text)
	}
	m.Must(logical.DeleteOperation, "config", map[string]any{"force": true})
	proceed()
	if resp := answer(); resp != nil && !resp.IsError() {
		t.Errorf("the reader got %v", resp.Data)
	}
	if live := m.Paxos.LiveTokens(); len(live) != 0 {
		t.Errorf("%d tokens are alive that nobody can revoke", len(live))
	}
}
