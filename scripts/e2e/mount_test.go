package e2e

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/vault/api"

	"vault-plugin-secrets-paxos/backend/paxostest"
	"vault-plugin-secrets-paxos/scripts/stack"
)

// patience is how long a test waits for something that happens in the background.
const patience = 30 * time.Second

// The scopes that the client of every mount has.
const (
	profiles    = "funding:read_profile"
	transfers   = "transfer:read_transfer"
	withdrawals = "transfer:write_crypto_withdrawal"
)

// mounts is the number of mounts, from which they get their names.
var mounts atomic.Int64

// A mount is a mount of the engine with its own stand-in Paxos.
type mount struct {
	*testing.T
	server *stack.Stack
	paxos  *paxostest.Server
	client *api.Client // as root
	path   string

	clientID, clientSecret string
	proof                  int // token requests that verified the secret

	mu      sync.Mutex
	secrets []string // secrets that must not be in a log
}

// newMount enables and configures the engine on the server. At the end of the test it checks that
// no log has a secret of the mount.
func newMount(t *testing.T, server *stack.Stack, options paxostest.Options) *mount {
	t.Helper()
	m := newBareMount(t, server, options)
	m.write("config/connection", m.connection())
	m.write("config", map[string]any{"environment": "custom", "client_id": m.clientID, "client_secret": m.clientSecret})
	m.proof = len(m.paxos.Tokens())
	return m
}

// newBareMount enables the engine without a configuration.
func newBareMount(t *testing.T, server *stack.Stack, options paxostest.Options) *mount {
	t.Helper()
	paxos, err := paxostest.Start(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(paxos.Close)
	credential, secret, err := paxos.CreateCredential(paxostest.Credential{Scopes: []string{profiles, transfers,
		withdrawals}})
	if err != nil {
		t.Fatal(err)
	}
	m := &mount{
		T: t, server: server, paxos: paxos, client: client(t, server, server.RootToken),
		path: fmt.Sprintf("paxos-%d", mounts.Add(1)), clientID: credential.ClientID, clientSecret: secret,
		secrets: []string{secret},
	}
	if err := server.Mount(t.Context(), m.path); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.expectNoSecretInLogs)
	return m
}

// connection returns the URLs of the stand-in, as config/connection takes them.
func (m *mount) connection() map[string]any {
	return map[string]any{"token_url": m.paxos.TokenURL(), "revoke_url": m.paxos.RevokeURL(),
		"api_url": m.paxos.APIURL()}
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

// write writes to a path of the mount as root.
func (m *mount) write(path string, data map[string]any) *api.Secret {
	m.Helper()
	answer, err := m.client.Logical().WriteWithContext(m.Context(), m.path+"/"+path, data)
	if err != nil {
		m.Fatal(err)
	}
	return answer
}

// role creates a role with the scopes and, in more, other parameters.
func (m *mount) role(name string, more map[string]any, scopes ...string) {
	m.Helper()
	data := map[string]any{"scopes": scopes}
	for parameter, value := range more {
		data[parameter] = value
	}
	m.write("roles/"+name, data)
}

// read reads a token from a path of the mount as root.
func (m *mount) read(path string) *api.Secret {
	m.Helper()
	answer, err := m.readAs(m.client, path)
	if err != nil {
		m.Fatal(err)
	}
	return answer
}

// readAs reads a token from a path of the mount with the client. The token must not be in a log at the
// end of the test.
func (m *mount) readAs(c *api.Client, path string) (*api.Secret, error) {
	answer, err := c.Logical().ReadWithContext(m.Context(), m.path+"/"+path)
	if err != nil {
		return nil, err
	}
	if token(answer) == "" {
		return nil, fmt.Errorf("reading %s: no access_token in the answer", path)
	}
	m.guard(token(answer))
	return answer, nil
}

// guard makes the test search for the secret in the logs when it ends.
func (m *mount) guard(secret string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.secrets = append(m.secrets, secret)
}

// token returns the access token of an answer; empty if there is none.
func token(answer *api.Secret) string {
	if answer == nil {
		return ""
	}
	text, _ := answer.Data["access_token"].(string)
	return text
}

// revoke ends a lease and waits until it has ended.
func (m *mount) revoke(lease string) {
	m.Helper()
	if err := m.client.Sys().RevokeWithOptionsWithContext(m.Context(),
		&api.RevokeOptions{LeaseID: lease, Sync: true}); err != nil {
		m.Fatal(err)
	}
}

// issued returns how many tokens Paxos has issued for readers.
func (m *mount) issued() int { return len(m.paxos.Tokens()) - m.proof }

// expectIssued checks how many tokens Paxos has issued for readers.
func (m *mount) expectIssued(want int) {
	m.Helper()
	if got := m.issued(); got != want {
		m.Errorf("Paxos issued %d tokens for readers, want %d", got, want)
	}
}

// expectAlive checks whether the token is alive at Paxos.
func (m *mount) expectAlive(token string, want bool) {
	m.Helper()
	if got := m.paxos.Alive(token); got != want {
		m.Errorf("at Paxos the token's being alive is %t, want %t", got, want)
	}
}

// awaitEnd waits until the token has ended at Paxos.
func (m *mount) awaitEnd(token string) {
	m.Helper()
	await(m.T, func() error {
		if m.paxos.Alive(token) {
			return errors.New("the token is alive at Paxos")
		}
		return nil
	})
}

// expectNoSecretInLogs checks that no secret of the mount is in a log of the server.
func (m *mount) expectNoSecretInLogs() {
	audit, log := m.server.AuditText(), m.server.LogText()
	if !strings.Contains(audit, m.path) {
		m.Error("the audit log does not know the mount")
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	seen := map[string]bool{}
	for _, secret := range m.secrets {
		if !seen[secret] && (strings.Contains(audit, secret) || strings.Contains(log, secret)) {
			m.Errorf("a secret of %d bytes that begins with %.4q is in a log of Vault", len(secret), secret)
		}
		seen[secret] = true
	}
}

// await waits until the condition returns nil.
func await(t *testing.T, condition func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := stack.Await(ctx, 50*time.Millisecond, condition); err != nil {
		t.Fatal(err)
	}
}
