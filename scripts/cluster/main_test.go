package cluster

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/scripts/stack"
)

// nodes is how many the cluster has: it can lose one.
const nodes = 3

// running is what to stop at the end, also when the tests are interrupted.
var running struct {
	sync.Mutex
	cluster   *stack.Cluster
	sandboxes []*stack.Sandbox
}

// TestMain ends the cluster, whatever the tests did.
func TestMain(m *testing.M) {
	if os.Getenv("VAULT_BIN") == "" {
		fmt.Fprintln(os.Stderr, "VAULT_BIN is not set: it names the vault binary that these tests run. `make test-cluster` sets it; by hand: VAULT_BIN=$(scripts/vault/build.sh) go test ./scripts/cluster")
		os.Exit(1)
	}
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-interrupted
		_ = stopAll() // the exit code says enough
		os.Exit(1)
	}()
	code := m.Run()
	if err := stopAll(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// stopAll stops the cluster and every stand-in.
func stopAll() error {
	running.Lock()
	defer running.Unlock()
	for _, sandbox := range running.sandboxes {
		sandbox.Stop()
	}
	if running.cluster == nil {
		return nil
	}
	err := running.cluster.Close()
	running.cluster = nil
	return err
}

// sharedCluster is the cluster of all tests, with the plugin registered once. Whoever
// takes a node out of it puts it back.
var sharedCluster = sync.OnceValues(func() (*stack.Cluster, error) {
	interruptible, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(interruptible, 3*time.Minute) // building included
	defer cancel()
	running.Lock() // stopAll waits for what is being started
	defer running.Unlock()
	cluster, err := stack.StartCluster(ctx, stack.Options{Vault: os.Getenv("VAULT_BIN"), LogLevel: "info"}, nodes)
	if err != nil {
		return nil, err
	}
	running.cluster = cluster
	leader, err := cluster.Leader(ctx)
	if err != nil {
		return nil, err
	}
	return cluster, leader.Register(ctx, leader.Plugin)
})

// sandboxBinary is the stand-in Paxos, built once.
var sandboxBinary = sync.OnceValues(func() (string, error) {
	cluster, err := sharedCluster()
	if err != nil {
		return "", err
	}
	return stack.Build(context.Background(), cluster.Directory, stack.SandboxName)
})

// startSandbox starts a stand-in Paxos.
func startSandbox(t *testing.T) *stack.Sandbox {
	t.Helper()
	binary, err := sandboxBinary()
	if err != nil {
		t.Fatal(err)
	}
	running.Lock()
	defer running.Unlock()
	sandbox, err := stack.LaunchSandbox(t.Context(), binary, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	running.sandboxes = append(running.sandboxes, sandbox)
	t.Cleanup(sandbox.Stop)
	return sandbox
}
