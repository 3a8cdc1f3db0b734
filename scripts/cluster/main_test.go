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

// nodes is how many nodes the cluster has. It can lose one of them.
const nodes = 3

// running is what TestMain stops, also when the tests are interrupted.
var running struct {
	sync.Mutex
	cluster   *stack.Cluster
	sandboxes []*stack.Sandbox
}

// TestMain runs the tests and stops the cluster.
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

// sharedCluster is the cluster of all tests, on which the plugin is registered. A test that removes
// a node must bring it back.
var sharedCluster = sync.OnceValues(func() (*stack.Cluster, error) {
	interruptible, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(interruptible, 3*time.Minute) // this includes building the plugin
	defer cancel()
	running.Lock() // so that stopAll waits until the cluster has started
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

// sandboxBinary returns the path of the stand-in Paxos, which is built at the first call.
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
