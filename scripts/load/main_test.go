package load

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/scripts/stack"
)

// servers are to be stopped at the end, also when the tests are interrupted.
var servers stack.Servers

// TestMain ends the servers, whatever the tests did.
func TestMain(m *testing.M) { os.Exit(stack.Main(m.Run, "test-load", servers.CloseAll)) }

// start starts a server with the plugin registered; plugin is its binary, or empty to
// build it.
func start(plugin string) (*stack.Stack, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute) // building included
	defer cancel()
	s, err := stack.Start(ctx,
		stack.Options{Vault: os.Getenv("VAULT_BIN"), Plugin: plugin, LogLevel: "info", InMemory: true})
	if err != nil {
		return nil, err
	}
	servers.Add(s)
	return s, s.Register(ctx, s.Plugin)
}

// sharedServer is the server of all tests that leave its plugin alive.
var sharedServer = sync.OnceValues(func() (*stack.Stack, error) { return start("") })

// shared returns the server of all tests that leave its plugin alive.
func shared(t *testing.T) *stack.Stack {
	t.Helper()
	s, err := sharedServer()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// own returns a server for a test that kills the plugin. It is stopped with the others.
func own(t *testing.T) *stack.Stack {
	t.Helper()
	s, err := start(shared(t).Plugin)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
