package stack

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// Main runs the tests of a package that needs a Vault server, and stops what they
// started, whatever they did, also when they are interrupted. The make target is the one
// that names the server. It returns the exit code, for TestMain.
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
		_ = stop() // the exit code says enough
		os.Exit(1)
	}()
	code := run()
	if err := stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// Servers are those that the tests of a package have started.
type Servers struct {
	mu      sync.Mutex
	running map[*Stack]bool
}

// Add has a server stopped with the others.
func (s *Servers) Add(server *Stack) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running == nil {
		s.running = map[*Stack]bool{}
	}
	s.running[server] = true
}

// Close stops one of them now.
func (s *Servers) Close(server *Stack) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.running, server)
	return server.Close()
}

// CloseAll stops them all.
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
