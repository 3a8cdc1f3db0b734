package cluster

import (
	"context"
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
func TestMain(m *testing.M) { os.Exit(stack.Main(m.Run, "test-cluster", stopAll)) }

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
