package load

import (
	"os"
	"sync"
	"testing"

	"vault-plugin-secrets-paxos/scripts/stack"
)

// servers are those of this package. TestMain stops them, also when the tests are interrupted.
var servers stack.Servers

// TestMain runs the tests and stops the servers.
func TestMain(m *testing.M) { os.Exit(stack.Main(m.Run, "test-load", servers.CloseAll)) }

// start starts a server with the plugin registered. The plugin is the path of its binary; empty: it is
// built.
func start(plugin string) (*stack.Stack, error) {
	return servers.Start(stack.Options{Vault: os.Getenv("VAULT_BIN"), Plugin: plugin, LogLevel: "info", InMemory: true})
}

// sharedServer is the server of all tests that do not kill its plugin.
var sharedServer = sync.OnceValues(func() (*stack.Stack, error) { return start("") })

// shared returns the server of all tests that do not kill its plugin.
func shared(t *testing.T) *stack.Stack {
	t.Helper()
	s, err := sharedServer()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// own returns a server for a test that kills the plugin. TestMain stops it.
func own(t *testing.T) *stack.Stack {
	t.Helper()
	s, err := start(shared(t).Plugin)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
