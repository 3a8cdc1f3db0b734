package clients

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/hashicorp/vault/api"

	"vault-plugin-secrets-paxos/scripts/stack"
)

// mounts is the number of mounts, from which they get their names.
var mounts atomic.Int64

// A mount is a mount of the engine with its own stand-in Paxos.
type mount struct {
	*testing.T
	server *stack.Stack
	paxos  *stack.Sandbox
	root   *api.Client // of Vault, with its root token
	path   string
}

// newMount enables the engine and connects it with a new stand-in.
func newMount(t *testing.T) *mount {
	t.Helper()
	server := shared(t)
	paxos, err := stack.StartSandbox(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(paxos.Stop)
	root, err := server.Client(server.RootToken)
	if err != nil {
		t.Fatal(err)
	}
	m := &mount{T: t, server: server, paxos: paxos, root: root, path: fmt.Sprintf("paxos-%d", mounts.Add(1))}
	if err := server.Mount(t.Context(), m.path); err != nil {
		t.Fatal(err)
	}
	m.write("config/connection", map[string]any{"token_url": paxos.TokenURL, "revoke_url": paxos.RevokeURL,
		"api_url": paxos.APIURL})
	m.write("config", map[string]any{"environment": "custom", "client_id": paxos.ClientID,
		"client_secret": paxos.ClientSecret})
	return m
}

// write writes to a path of the mount as root.
func (m *mount) write(path string, data map[string]any) *api.Secret {
	m.Helper()
	answer, err := m.root.Logical().WriteWithContext(m.Context(), m.path+"/"+path, data)
	if err != nil {
		m.Fatal(err)
	}
	return answer
}
