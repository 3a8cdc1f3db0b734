package cluster

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/vault/api"

	"vault-plugin-secrets-paxos/scripts/stack"
)

// patience is how long a test waits for something that happens in the background.
const patience = 30 * time.Second

// mounts is the number of mounts, from which they get their names.
var mounts atomic.Int64

// A mount is a mount of the engine on the cluster with its own stand-in Paxos.
type mount struct {
	*testing.T
	*stack.Cluster
	paxos  *stack.Sandbox
	client *api.Client // of the whole cluster, as root
	path   string
	proof  int // how many tokens were issued to verify the secret
}

// newMount enables and configures the engine. The connection may have further parameters of
// config/connection, or be nil.
func newMount(t *testing.T, connection map[string]any) *mount {
	t.Helper()
	cluster, err := sharedCluster()
	if err != nil {
		t.Fatal(err)
	}
	m := &mount{T: t, Cluster: cluster, paxos: startSandbox(t), path: fmt.Sprintf("paxos-%d", mounts.Add(1))}
	m.client = m.newClient()
	if err := m.leader().Mount(t.Context(), m.path); err != nil {
		t.Fatal(err)
	}
	m.connect(connection)
	m.proof = len(m.issued())
	return m
}

// connect configures the mount for its Paxos. The connection may have further parameters of
// config/connection, or be nil.
func (m *mount) connect(connection map[string]any) {
	m.Helper()
	m.write("config/connection", m.paxos.Connection(), connection)
	m.write("config", map[string]any{
		"environment": "custom", "client_id": m.paxos.ClientID, "client_secret": m.paxos.ClientSecret,
	})
}

// newClient returns a client of the whole cluster, as root.
func (m *mount) newClient() *api.Client {
	m.Helper()
	client, err := m.Client(m.Nodes[0].RootToken)
	if err != nil {
		m.Fatal(err)
	}
	return client
}

// leader returns the active node.
func (m *mount) leader() *stack.Stack {
	m.Helper()
	leader, err := m.Leader(m.Context())
	if err != nil {
		m.Fatal(err)
	}
	return leader
}

// write writes the parameters to a path of the mount.
func (m *mount) write(path string, parameters ...map[string]any) {
	m.Helper()
	data := map[string]any{}
	for _, some := range parameters {
		for name, value := range some {
			data[name] = value
		}
	}
	if _, err := m.client.Logical().WriteWithContext(m.Context(), m.path+"/"+path, data); err != nil {
		m.Fatal(err)
	}
}

// role creates a role with the parameters.
func (m *mount) role(name string, parameters map[string]any) {
	m.Helper()
	m.write("roles/"+name, map[string]any{"scopes": "funding:read_profile"}, parameters)
}

// read reads a token from a path of the mount with the client.
func (m *mount) read(client *api.Client, path string) (*api.Secret, error) {
	answer, err := client.Logical().ReadWithContext(m.Context(), m.path+"/"+path)
	if err != nil {
		return nil, err
	}
	if tokenID(answer) == "" {
		return nil, fmt.Errorf("reading %s: no token_id in the answer", path)
	}
	return answer, nil
}

// readID reads a token from a path of the mount and returns its fingerprint.
func (m *mount) readID(path string) string {
	m.Helper()
	answer, err := m.read(m.client, path)
	if err != nil {
		m.Fatal(err)
	}
	return tokenID(answer)
}

// tokenID returns the fingerprint of the token in an answer; empty if there is none.
func tokenID(answer *api.Secret) string {
	if answer == nil {
		return ""
	}
	text, _ := answer.Data["token_id"].(string)
	return text
}

// await waits until the condition returns nil, for at most the limit.
func await(t *testing.T, limit time.Duration, condition func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	if err := stack.Await(ctx, 50*time.Millisecond, condition); err != nil {
		t.Fatal(err)
	}
}
