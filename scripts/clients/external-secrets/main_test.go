package externalsecrets

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/hashicorp/vault/api"

	"vault-plugin-secrets-paxos/scripts/stack"
)

// The root of the repository, and the example.
const (
	repository = "../../.."
	example    = repository + "/docs/examples/external-secrets"
)

// patience is how long a test waits for something that happens in the background.
const patience = 30 * time.Second

// servers are those of this package.
var servers stack.Servers

// TestMain runs the tests and stops the servers, also when the tests are interrupted.
func TestMain(m *testing.M) { os.Exit(stack.Main(m.Run, "test-clients", servers.CloseAll)) }

// A site is a Vault with the engine at paxos/, where the role mint-role is, and its stand-in Paxos.
type site struct {
	*testing.T
	*stack.Stack
	paxos *stack.Sandbox
	root  *api.Client // of Vault, with its root token
}

// newSite starts the servers, and lets the service account of the example log in.
func newSite(t *testing.T, kubernetes *cluster) site {
	t.Helper()
	server, err := servers.Start(stack.Options{Vault: os.Getenv("VAULT_BIN"), LogLevel: "debug", InMemory: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := servers.Close(server); err != nil {
			t.Error(err)
		}
	})
	s := site{T: t, Stack: server}
	if s.paxos, err = stack.StartSandbox(t.Context(), server.Directory); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.paxos.Stop)
	if s.root, err = server.Client(server.RootToken); err != nil {
		t.Fatal(err)
	}
	if err := server.Mount(t.Context(), "paxos"); err != nil {
		t.Fatal(err)
	}
	s.write("paxos/config/connection", s.paxos.Connection())
	s.write("paxos/config", map[string]any{"environment": "custom", "client_id": s.paxos.ClientID,
		"client_secret": s.paxos.ClientSecret})
	s.write("paxos/roles/mint-role", map[string]any{"scopes": "funding:read_profile"})
	s.allow(kubernetes)
	return s
}

// allow lets the service account of the example log in, as its README says.
func (s site) allow(kubernetes *cluster) {
	s.Helper()
	policy, err := os.ReadFile(repository + "/docs/examples/policies/application.hcl")
	if err == nil {
		err = s.root.Sys().PutPolicyWithContext(s.Context(), "application", string(policy))
	}
	if err == nil {
		err = s.root.Sys().EnableAuthWithOptionsWithContext(s.Context(), "kubernetes",
			&api.EnableAuthOptions{Type: "kubernetes"})
	}
	if err != nil {
		s.Fatal(err)
	}
	s.write("auth/kubernetes/config", map[string]any{"kubernetes_host": kubernetes.URL,
		"token_reviewer_jwt": kubernetes.jwt(s.T, "vault", "vault"), "disable_local_ca_jwt": true})
	s.write("auth/kubernetes/role/payments-api", map[string]any{"bound_service_account_names": "payments-api",
		"bound_service_account_namespaces": "payments", "audience": "vault", "token_policies": "application",
		"token_ttl": "10m"})
}

// write writes to Vault as root.
func (s site) write(path string, data map[string]any) {
	s.Helper()
	if _, err := s.root.Logical().WriteWithContext(s.Context(), path, data); err != nil {
		s.Fatal(err)
	}
}

// atPaxos returns what Paxos knows of the token with this fingerprint.
func (s site) atPaxos(tokenID string) stack.IssuedToken {
	s.Helper()
	token, err := s.paxos.Token(s.Context(), tokenID)
	if err != nil {
		s.Fatal(err)
	}
	return token
}

// logins returns the number of Vault tokens that the service account of the example has.
func (s site) logins() int {
	s.Helper()
	listed, err := s.root.Logical().ListWithContext(s.Context(), "auth/token/accessors")
	if err != nil {
		s.Fatal(err)
	}
	count := 0
	keys, _ := listed.Data["keys"].([]any)
	for _, accessor := range keys {
		found, err := s.root.Logical().WriteWithContext(s.Context(), "auth/token/lookup-accessor",
			map[string]any{"accessor": accessor})
		if err == nil && found.Data["path"] == "auth/kubernetes/login" {
			count++
		}
	}
	return count
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
