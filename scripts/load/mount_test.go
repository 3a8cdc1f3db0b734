package load

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/vault/api"

	"vault-plugin-secrets-paxos/backend/paxostest"
	"vault-plugin-secrets-paxos/scripts/stack"
)

// Some scopes of Paxos.
const (
	profiles       = "funding:read_profile"
	transfers      = "transfer:read_transfer"
	withdrawals    = "transfer:write_crypto_withdrawal"
	orchestrations = "orchestration:read_orchestration"
	listing        = "api_creds:read_credentials"
	deleting       = "api_creds:delete_credentials"
)

// tick is longer than the time until Vault's next call of the periodic work, which comes every minute.
const tick = 90 * time.Second

// mounts is the number of mounts, from which they get their names.
var mounts atomic.Int64

// A mount is a mount of the engine with its own stand-in Paxos, which has the rate limit of the real
// one.
type mount struct {
	*testing.T
	server   *stack.Stack
	paxos    *paxostest.Server
	client   *api.Client // as root
	path     string
	clientID string // of its first root client
}

// newMount enables the engine and configures it with a root client that has these scopes.
func newMount(t *testing.T, server *stack.Stack, scopes ...string) *mount {
	t.Helper()
	paxos, err := paxostest.Start(paxostest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(paxos.Close)
	m := &mount{T: t, server: server, paxos: paxos, client: client(t, server, server.RootToken),
		path: fmt.Sprintf("paxos-%d", mounts.Add(1))}
	if err := server.Mount(t.Context(), m.path); err != nil {
		t.Fatal(err)
	}
	m.write("config/connection",
		map[string]any{"token_url": paxos.TokenURL(), "revoke_url": paxos.RevokeURL(), "api_url": paxos.APIURL()})
	var secret string
	m.clientID, secret = m.create("the first root", scopes...)
	m.write("config", map[string]any{"environment": "custom", "client_id": m.clientID, "client_secret": secret})
	return m
}

// client returns a client of the server.
func client(t *testing.T, server *stack.Stack, token string) *api.Client {
	t.Helper()
	c, err := server.Client(token)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// create creates a client in the Dashboard.
func (m *mount) create(label string, scopes ...string) (id, secret string) {
	m.Helper()
	credential, secret, err := m.paxos.CreateCredential(paxostest.Credential{Nickname: label, Scopes: scopes})
	if err != nil {
		m.Fatal(err)
	}
	return credential.ClientID, secret
}

// write writes to a path of the mount as root.
func (m *mount) write(path string, data map[string]any) *api.Secret {
	m.Helper()
	answer, err := m.client.Logical().WriteWithContext(m.Context(), m.path+"/"+path, data)
	if err != nil {
		m.Fatal(err)
	}
	return answer
}

// read reads a path of the mount as root; nil if there is nothing.
func (m *mount) read(path string) map[string]any {
	m.Helper()
	answer, err := m.client.Logical().ReadWithContext(m.Context(), m.path+"/"+path)
	if err != nil {
		m.Fatal(err)
	}
	if answer == nil {
		return nil
	}
	return answer.Data
}

// endLeases revokes all leases of the mount, and waits until that is done.
func (m *mount) endLeases() {
	m.Helper()
	m.endLeasesOf("")
}

// endLeasesOf revokes all leases of a role, and waits until that is done.
func (m *mount) endLeasesOf(role string) {
	m.Helper()
	if err := m.client.Sys().RevokeWithOptionsWithContext(m.Context(),
		&api.RevokeOptions{LeaseID: m.path + "/creds/" + role, Prefix: true, Sync: true}); err != nil {
		m.Fatal(err)
	}
}

// expectNoneIrrevocable fails the test if Vault has stopped trying to revoke a lease.
func (m *mount) expectNoneIrrevocable() {
	m.Helper()
	if count, err := stack.IrrevocableLeases(m.Context(), m.client); err != nil || count != 0 {
		m.Errorf("Vault has %d leases that it cannot revoke, error %v", count, err)
	}
}

// await waits until the condition returns nil, for at most the limit.
func (m *mount) await(limit time.Duration, condition func() error) {
	m.Helper()
	ctx, cancel := context.WithTimeout(m.Context(), limit)
	defer cancel()
	if err := stack.Await(ctx, 200*time.Millisecond, condition); err != nil {
		m.Fatal(err)
	}
}
