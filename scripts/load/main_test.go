package load

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/scripts/stack"
)

// running are the servers to stop at the end, also when the tests are interrupted.
var running struct {
	sync.Mutex
	stacks map[*stack.Stack]bool
}

// TestMain ends the servers, whatever the tests did.
func TestMain(m *testing.M) {
	if os.Getenv("VAULT_BIN") == "" {
		fmt.Fprintln(os.Stderr, "VAULT_BIN is not set: it names the vault binary that these tests run. `make test-load` sets it; by hand: VAULT_BIN=$(scripts/vault/build.sh) go test ./scripts/load")
		os.Exit(1)
	}
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-interrupted
		_ = closeAll() // the exit code says enough
		os.Exit(1)
	}()
	code := m.Run()
	if err := closeAll(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// closeAll stops every server.
func closeAll() error {
	running.Lock()
	defer running.Unlock()
	var all error
	for s := range running.stacks {
		all = errors.Join(all, s.Close())
		delete(running.stacks, s)
	}
	return all
}

// start starts a server with the plugin registered; plugin is its binary, or empty to
// build it.
func start(plugin string) (*stack.Stack, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute) // building included
	defer cancel()
	s, err := stack.Start(ctx, stack.Options{Vault: os.Getenv("VAULT_BIN"), Plugin: plugin, LogLevel: "info", InMemory: true})
	if err != nil {
		return nil, err
	}
	running.Lock()
	defer running.Unlock()
	if running.stacks == nil {
		running.stacks = map[*stack.Stack]bool{}
	}
	running.stacks[s] = true
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
