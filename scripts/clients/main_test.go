package clients

import (
	"context"
	"errors"
	"os"
	"sync"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/scripts/stack"
)

// patience is how long a test waits for something that happens in the background.
const patience = 30 * time.Second

// servers are those of this package.
var servers stack.Servers

// TestMain runs the tests and stops the servers, also when the tests are interrupted.
func TestMain(m *testing.M) { os.Exit(stack.Main(m.Run, "test-clients", servers.CloseAll)) }

// sharedServer is the server of all tests. An audit device and the plugin are enabled.
var sharedServer = sync.OnceValues(func() (*stack.Stack, error) {
	server, err := servers.Start(stack.Options{Vault: os.Getenv("VAULT_BIN"), LogLevel: "trace", InMemory: true})
	if server == nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return server, errors.Join(err, server.EnableAudit(ctx))
})

// shared returns the server of all tests.
func shared(t *testing.T) *stack.Stack {
	t.Helper()
	server, err := sharedServer()
	if err != nil {
		t.Fatal(err)
	}
	return server
}
