package e2e

import (
	"context"
	"errors"
	"os"
	"sync"
	"testing"

	"vault-plugin-secrets-paxos/scripts/stack"
)

// servers are those of this package. TestMain stops them, also when the tests are interrupted.
var servers stack.Servers

// TestMain runs the tests and stops the servers.
func TestMain(m *testing.M) { os.Exit(stack.Main(m.Run, "test", servers.CloseAll)) }

// binary returns the path of the server's binary.
func binary() string { return os.Getenv("VAULT_BIN") }

// start starts a server with the plugin registered and an audit device. The plugin is the path of its
// binary; empty: it is built.
func start(vault, plugin string) (*stack.Stack, error) {
	s, err := servers.Start(stack.Options{Vault: vault, Plugin: plugin, LogLevel: "trace"})
	if s == nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return s, errors.Join(err, s.EnableAudit(ctx))
}

// sharedServer is the server of all tests that do not disturb others.
var sharedServer = sync.OnceValues(func() (*stack.Stack, error) { return start(binary(), "") })

// shared returns the server of all tests that do not disturb others.
func shared(t *testing.T) *stack.Stack {
	t.Helper()
	s, err := sharedServer()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// own returns a server for one test, which may kill or seal it, or kill its plugin.
func own(t *testing.T) *stack.Stack {
	t.Helper()
	return ownOf(t, binary())
}

// ownOf is like own, with this binary of the server.
func ownOf(t *testing.T, vault string) *stack.Stack {
	t.Helper()
	s, err := start(vault, shared(t).Plugin)
	if s != nil {
		t.Cleanup(func() {
			if err := servers.Close(s); err != nil {
				t.Error(err)
			}
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}
