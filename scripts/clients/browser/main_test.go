package browser

import (
	"context"
	"errors"
	"os"
	"sync"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/scripts/stack"
)

// patience is how long a server may take to start, and the browser to look at all pages.
const patience = 2 * time.Minute

// servers are those of this package.
var servers stack.Servers

// TestMain runs the tests and stops the servers, also when the tests are interrupted.
func TestMain(m *testing.M) { os.Exit(stack.Main(m.Run, "test-clients", servers.CloseAll)) }

// A site is a server on which the plugin is registered, and the programs that the tests run.
type site struct {
	*stack.Stack
	sandbox, report string // the paths of binaries
}

// sharedSite is the site of all tests.
var sharedSite = sync.OnceValues(func() (site, error) {
	server, err := servers.Start(stack.Options{Vault: os.Getenv("VAULT_BIN"), LogLevel: "warn", InMemory: true})
	if server == nil {
		return site{}, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	sandbox, built := stack.Build(ctx, server.Directory, stack.SandboxName)
	report, alsoBuilt := stack.Build(ctx, server.Directory, stack.ReportName)
	return site{server, sandbox, report}, errors.Join(err, built, alsoBuilt)
})

// shared returns the site of all tests.
func shared(t *testing.T) site {
	t.Helper()
	s, err := sharedSite()
	if err != nil {
		t.Fatal(err)
	}
	return s
}
