package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// Main runs the tests of a package that needs a Vault server, for TestMain, and returns the exit code.
// It calls stop in every case, also when the tests are interrupted. The target is the make target that
// runs the tests.
func Main(run func() int, target string, stop func() error) int {
	if os.Getenv("VAULT_BIN") == "" {
		fmt.Fprintf(os.Stderr,
			"VAULT_BIN is not set: it names the vault binary that these tests run. `make %s` sets it; by "+
				"hand: VAULT_BIN=$(scripts/vault/build.sh) go test on this package\n", target)
		return 1
	}
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-interrupted
		_ = stop() // the exit code already says that the tests failed
		os.Exit(1)
	}()
	code := run()
	if err := stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// Servers are the servers that the tests of a package have started.
type Servers struct {
	mu      sync.Mutex
	running map[*Stack]bool
}

// startTimeout is how long Start of Servers may take, which includes building the plugin.
const startTimeout = 3 * time.Minute

// Start starts a server that CloseAll stops, and registers the plugin on it. If only the registration
// fails, it returns the server with the error.
func (s *Servers) Start(options Options) (*Stack, error) {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	server, err := Start(ctx, options)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	if s.running == nil {
		s.running = map[*Stack]bool{}
	}
	s.running[server] = true
	s.mu.Unlock()
	return server, server.Register(ctx, server.Plugin)
}

// Close stops one server.
func (s *Servers) Close(server *Stack) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.running, server)
	return server.Close()
}

// CloseAll stops all servers.
func (s *Servers) CloseAll() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all error
	for server := range s.running {
		all = errors.Join(all, server.Close())
		delete(s.running, server)
	}
	return all
}
