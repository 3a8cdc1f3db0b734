package monitoring

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/vault/api"

	"vault-plugin-secrets-paxos/scripts/stack"
)

const (
	treasury = "42bb1a2e-a68e-44d7-b5f1-59ccc5c13e91"
	vendor   = "0x00000000000000000000000000000000000000aa"
)

// A mount is the engine at paxos/, as the examples name it, with its own stand-in Paxos. Everything that
// has a metric has happened there.
type mount struct {
	*stack.Stack
	paxos *stack.Sandbox
	root  *api.Client // of Vault, with its root token
}

// sharedMount is the mount of all tests.
var sharedMount = sync.OnceValues(func() (*mount, error) {
	server, err := servers.Start(stack.Options{Vault: os.Getenv("VAULT_BIN"), LogLevel: "debug", InMemory: true})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	m := &mount{Stack: server}
	if m.paxos, err = stack.StartSandbox(ctx, server.Directory); err != nil {
		return nil, err
	}
	if m.root, err = server.Client(server.RootToken); err != nil {
		return nil, err
	}
	return m, errors.Join(server.Mount(ctx, "paxos"), m.exercise(ctx))
})

// shared returns the mount of all tests.
func shared(t *testing.T) *mount {
	t.Helper()
	m, err := sharedMount()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// A step writes to a path of the mount.
type step struct {
	path string
	data map[string]any
}

// exercise configures the mount and makes something happen for each metric: tokens are issued, denied
// and revoked, and payments are signed and refused.
func (m *mount) exercise(ctx context.Context) error {
	signer := map[string]any{"key": "payments", "operations": "CreateCryptoWithdrawal", "sources": treasury,
		"destinations": "crypto:ETHEREUM:" + vendor, "limits": "USDC=100", "daily_limits": "USDC=1000"}
	for _, s := range []step{
		{"config/connection", m.paxos.Connection()},
		{"config", map[string]any{"environment": "custom", "client_id": m.paxos.ClientID,
			"client_secret": m.paxos.ClientSecret}},
		{"roles/settlement", map[string]any{"scopes": "funding:read_profile"}},
		{"roles/single", map[string]any{"scopes": "funding:read_profile", "unique_tokens": true}},
		{"roles/off", map[string]any{"scopes": "funding:read_profile", "disabled": true}},
		{"keys/payments", nil},
		{"signers/payouts", signer},
	} {
		if _, err := m.root.Logical().WriteWithContext(ctx, "paxos/"+s.path, s.data); err != nil {
			return err
		}
	}
	return errors.Join(m.registerKey(ctx), m.readTokens(ctx), m.pay(ctx))
}

// registerKey registers the signing key at Paxos, as a person does in the Dashboard.
func (m *mount) registerKey(ctx context.Context) error {
	key, err := m.root.Logical().ReadWithContext(ctx, "paxos/keys/payments")
	if err != nil {
		return err
	}
	first, _ := key.Data["versions"].(map[string]any)["1"].(map[string]any)
	var registered struct {
		ID string `json:"id"`
	}
	err = m.paxos.Control(ctx, http.MethodPost, "credentials/"+m.paxos.ClientID+"/keys",
		map[string]any{"nickname": "vault", "public_key": first["public_key"]}, &registered)
	if err != nil {
		return err
	}
	_, err = m.root.Logical().WriteWithContext(ctx, "paxos/keys/payments/kid", map[string]any{"kid": registered.ID})
	return err
}

// readTokens reads tokens, is refused one, and ends a lease.
func (m *mount) readTokens(ctx context.Context) error {
	for _, path := range []string{"token/settlement", "token/settlement", "creds/settlement"} {
		if _, err := m.root.Logical().ReadWithContext(ctx, "paxos/"+path); err != nil {
			return err
		}
	}
	if _, err := m.root.Logical().ReadWithContext(ctx, "paxos/token/off"); err == nil {
		return errors.New("a disabled role has issued a token")
	}
	lease, err := m.root.Logical().ReadWithContext(ctx, "paxos/creds/single")
	if err != nil {
		return err
	}
	return m.root.Sys().RevokeWithContext(ctx, lease.LeaseID)
}

// pay has a payment signed, and one refused.
func (m *mount) pay(ctx context.Context) error {
	for refID, amount := range map[string]string{"small": "90", "large": "900"} {
		body := fmt.Sprintf(`{"ref_id":%q,"profile_id":%q,"amount":%q,"asset":"USDC","crypto_network":"ETHEREUM",`+
			`"destination_address":%q}`, refID, treasury, amount, vendor)
		_, err := m.root.Logical().WriteWithContext(ctx, "paxos/sign/payouts", map[string]any{"method": "POST",
			"path": "/v2/transfer/crypto-withdrawals", "body": body})
		if (err == nil) != (refID == "small") {
			return fmt.Errorf("signing the %s payment: %w", refID, err)
		}
	}
	return nil
}

// allowMonitoring stores the policy of the example.
func (m *mount) allowMonitoring(t *testing.T) {
	t.Helper()
	policy := contents(t, repository, "docs", "examples", "policies", "monitoring.hcl")
	if err := m.root.Sys().PutPolicyWithContext(t.Context(), "monitoring", policy); err != nil {
		t.Fatal(err)
	}
}

// metricsText reads the metrics with a token that has only the policy of the example. It waits until the
// findings are counted, which happens in the background.
func (m *mount) metricsText(t *testing.T) (text string) {
	t.Helper()
	m.allowMonitoring(t)
	login, err := m.root.Auth().Token().CreateWithContext(t.Context(), &api.TokenCreateRequest{
		Policies: []string{"monitoring"}})
	if err != nil {
		t.Fatal(err)
	}
	reader, err := m.Client(login.Auth.ClientToken)
	if err != nil {
		t.Fatal(err)
	}
	await(t, func() error {
		answer, err := reader.Logical().ReadRawWithContext(t.Context(), "paxos/metrics")
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		text, err = readAll(answer)
		if err == nil && !hasFamily(text, "paxos_findings") {
			err = errors.New("the findings are not counted")
		}
		return err
	})
	return text
}

// agent starts a Vault Agent with the example's configuration, whose server has another address, and
// returns the path of the file in which it keeps the Vault token.
func (m *mount) agent(t *testing.T, directory, address, authority string) (tokenFile string) {
	t.Helper()
	m.allowMonitoring(t)
	if err := m.root.Sys().EnableAuthWithOptionsWithContext(t.Context(), "approle",
		&api.EnableAuthOptions{Type: "approle"}); err != nil {
		t.Fatal(err)
	}
	roleID, secretID := m.appRole(t)
	tokenFile = filepath.Join(directory, "vault-token")
	configuration := adapted(t, contents(t, prometheus, "agent.hcl"),
		"https://vault.example.com:8200", address,
		"/etc/prometheus/vault-ca.pem", authority,
		"/etc/prometheus/role-id", create(t, directory, "role-id", roleID),
		"/etc/prometheus/secret-id", create(t, directory, "secret-id", secretID),
		"/run/prometheus/vault-token", tokenFile)
	log, err := os.Create(filepath.Join(directory, "agent.log"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = log.Close() }() // the agent has its own copy of the file descriptor
	agent, err := m.Launch(log, "agent", "-config="+create(t, directory, "agent.hcl", configuration))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(agent.Stop)
	await(t, func() error {
		info, err := os.Stat(tokenFile)
		if err == nil && info.Mode().Perm() != 0o600 {
			err = fmt.Errorf("the file with the token has the mode %v, want -rw-------", info.Mode())
		}
		return err
	})
	return tokenFile
}

// appRole makes the login of Prometheus's Agent.
func (m *mount) appRole(t *testing.T) (roleID, secretID string) {
	t.Helper()
	const login = "auth/approle/role/prometheus"
	logical := m.root.Logical()
	_, err := logical.WriteWithContext(t.Context(), login, map[string]any{"token_policies": "monitoring",
		"token_ttl": "1h", "token_max_ttl": "24h"})
	if err != nil {
		t.Fatal(err)
	}
	role, err := logical.ReadWithContext(t.Context(), login+"/role-id")
	if err != nil {
		t.Fatal(err)
	}
	secret, err := logical.WriteWithContext(t.Context(), login+"/secret-id", nil)
	if err != nil {
		t.Fatal(err)
	}
	roleID, _ = role.Data["role_id"].(string)
	secretID, _ = secret.Data["secret_id"].(string)
	return roleID, secretID
}

// lock begins a lockdown, and ends it when the test has ended.
func (m *mount) lock(t *testing.T) {
	t.Helper()
	if _, err := m.root.Logical().WriteWithContext(t.Context(), "paxos/lockdown", nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if _, err := m.root.Logical().DeleteWithContext(ctx, "paxos/lockdown"); err != nil {
			t.Error(err)
		}
	})
}
