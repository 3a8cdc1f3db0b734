package clients

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/hashicorp/vault/api"

	"vault-plugin-secrets-paxos/scripts/stack"
)

// The scopes that the root client of every mount has.
const (
	profiles    = "funding:read_profile"
	transfers   = "transfer:read_transfer"
	withdrawals = "transfer:write_crypto_withdrawal"
)

// mountPaths are the paths of the mounts: one for each test, and the one that the example for consul-template
// names.
var mountPaths = []string{"paxos", "paxos-1", "paxos-2", "paxos-3", "paxos-4", "paxos-5", "paxos-6", "paxos-7",
	"paxos-8", "paxos-9", "paxos-10"}

// mounts is the number of mounts that tests use already, besides the first path.
var mounts atomic.Int64

// A mount is a mount of the engine with its own stand-in Paxos.
type mount struct {
	*testing.T
	server site
	paxos  *stack.Sandbox
	root   *api.Client // of Vault, with its root token
	path   string

	clientID, clientSecret string // of the mount's root client

	mu      sync.Mutex
	secrets []string // secrets that must not be in a log
}

// newMount takes a mount for this test alone, and connects it with a new stand-in. At the end of the
// test it checks that no log of Vault has a secret of the mount.
func newMount(t *testing.T) *mount {
	t.Helper()
	next := int(mounts.Add(1))
	if next >= len(mountPaths) {
		t.Fatal("there are more tests than mounts: add a path to mountPaths")
	}
	return newMountAt(t, mountPaths[next])
}

// newMountAt is like newMount, for a test that needs this path.
func newMountAt(t *testing.T, path string) *mount {
	t.Helper()
	m := newBareMount(t, path)
	m.write("config/connection", m.paxos.Connection())
	m.write("config", map[string]any{"environment": "custom", "client_id": m.clientID,
		"client_secret": m.clientSecret})
	return m
}

// newBareMount takes a mount without a configuration, and starts a stand-in with a client.
func newBareMount(t *testing.T, path string) *mount {
	t.Helper()
	server := shared(t)
	paxos, err := stack.LaunchSandbox(t.Context(), server.sandbox, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(paxos.Stop)
	root, err := server.Client(server.RootToken)
	if err != nil {
		t.Fatal(err)
	}
	m := &mount{T: t, server: server, paxos: paxos, root: root, path: path}
	m.clientID, m.clientSecret = m.credential(profiles, transfers, withdrawals)
	t.Cleanup(m.expectNoSecretInLogs)
	return m
}

// write writes to a path of the mount as root.
func (m *mount) write(path string, data map[string]any) *api.Secret {
	m.Helper()
	said, err := m.root.Logical().WriteWithContext(m.Context(), m.path+"/"+path, data)
	if err != nil {
		m.Fatal(err)
	}
	return said
}

// guard makes the test search for the secret in the logs of Vault when it ends.
func (m *mount) guard(secret string) {
	m.Helper()
	if secret == "" {
		m.Fatal("an answer has no secret")
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.secrets = append(m.secrets, secret)
}

// expectNoSecretInLogs checks that no secret of the mount is in a log of Vault.
func (m *mount) expectNoSecretInLogs() {
	audit, log := m.server.AuditText(), m.server.LogText()
	if !strings.Contains(audit, m.path) {
		m.Error("the audit log does not know the mount")
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, secret := range m.secrets {
		if strings.Contains(audit, secret) || strings.Contains(log, secret) {
			m.Errorf("a secret of %d bytes that begins with %.4q is in a log of Vault", len(secret), secret)
		}
	}
}

// appRole makes a login with the policy, in which MOUNT is the path of the mount.
func (m *mount) appRole(name, policy string) (roleID, secretID string) {
	m.Helper()
	name = m.path + "-" + name
	text := strings.ReplaceAll(policy, "MOUNT", m.path)
	if err := m.root.Sys().PutPolicyWithContext(m.Context(), name, text); err != nil {
		m.Fatal(err)
	}
	login := "auth/approle/role/" + name
	for _, path := range []string{login, login + "/secret-id"} {
		said, err := m.root.Logical().WriteWithContext(m.Context(), path,
			map[string]any{"token_policies": name, "token_ttl": "1h"})
		if path != login && err == nil {
			secretID, _ = said.Data["secret_id"].(string)
		} else if err != nil {
			m.Fatal(err)
		}
	}
	said, err := m.root.Logical().ReadWithContext(m.Context(), login+"/role-id")
	if err != nil {
		m.Fatal(err)
	}
	roleID, _ = said.Data["role_id"].(string)
	m.guard(secretID)
	return roleID, secretID
}
