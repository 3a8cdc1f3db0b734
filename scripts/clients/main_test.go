package clients

import (
	"context"
	"errors"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/vault/api"

	"vault-plugin-secrets-paxos/scripts/stack"
)

// patience is how long a test waits for something that happens in the background.
const patience = 30 * time.Second

// servers are those of this package.
var servers stack.Servers

// TestMain runs the tests and stops the servers, also when the tests are interrupted.
func TestMain(m *testing.M) { os.Exit(stack.Main(m.Run, "test-clients", servers.CloseAll)) }

// A site is the server of all tests, on which the plugin and AppRole are enabled, and the binary of the
// stand-in Paxos.
type site struct {
	*stack.Stack
	sandbox string
}

// sharedSite is the site of all tests.
var sharedSite = sync.OnceValues(func() (site, error) {
	server, err := servers.Start(stack.Options{Vault: os.Getenv("VAULT_BIN"), LogLevel: "trace", InMemory: true})
	if server == nil {
		return site{}, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	sandbox, built := stack.Build(ctx, server.Directory, stack.SandboxName)
	return site{server, sandbox}, errors.Join(err, built, server.EnableAudit(ctx), enableAppRole(ctx, server),
		enableMounts(ctx, server))
})

// enableMounts enables all mounts before the first test. While a mount joins the plugin process, the process
// refuses token requests for a moment, because it does not know yet what that mount has sent. Not every client
// library tries again.
func enableMounts(ctx context.Context, server *stack.Stack) error {
	for _, path := range mountPaths {
		if err := server.Mount(ctx, path); err != nil {
			return err
		}
	}
	return nil
}

// enableAppRole enables the auth method with which every client logs in.
func enableAppRole(ctx context.Context, server *stack.Stack) error {
	root, err := server.Client(server.RootToken)
	if err != nil {
		return err
	}
	return root.Sys().EnableAuthWithOptionsWithContext(ctx, "approle", &api.EnableAuthOptions{Type: "approle"})
}

// shared returns the site of all tests.
func shared(t *testing.T) site {
	t.Helper()
	s, err := sharedSite()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// await waits until the condition returns nil.
func await(t *testing.T, condition func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := stack.Await(ctx, 50*time.Millisecond, condition); err != nil {
		t.Fatal(err)
	}
}
