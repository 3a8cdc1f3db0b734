package backend_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/paxostest"
)

func TestConnectionShowsDefaultsAndNeverThePassword(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	got := m.must(logical.ReadOperation, "config/connection", nil).Data
	if got["auth_style"] != "post" || got["request_timeout"] != float64(10) || got["never_revoke"] != false {
		t.Errorf("defaults are %v", got)
	}
	m.must(logical.UpdateOperation, "config/connection", map[string]any{
		"proxy_url": "http://proxy.example.com:3128", "proxy_username": "vault", "proxy_password": canary + "proxy",
	})
	m.must(logical.PatchOperation, "config/connection", map[string]any{"request_timeout": "5s"})
	got = m.must(logical.ReadOperation, "config/connection", nil).Data
	if got["proxy_username"] != "vault" || got["request_timeout"] != float64(5) {
		t.Errorf("connection is %v", got)
	}
	for name, value := range got {
		if text, ok := value.(string); ok && strings.Contains(text, canary) {
			t.Errorf("%s shows the proxy's password", name)
		}
	}
	if !strings.Contains(m.stored(), canary+"proxy") {
		t.Error("the patch lost the password")
	}
}

func TestConnectionRefusesWhatIsUnsafe(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	before := m.stored()
	for says, data := range map[string]map[string]any{
		"token_url must use https": {"token_url": "http://paxos.example.com/oauth2/token"},
		"revoke_url must not contain a user name": {"revoke_url": "https://user:" + canary +
			"@paxos.example.com/revoke"},
		"api_url must not contain a query":       {"api_url": "https://paxos.example.com/v2?x=" + canary},
		"token_url names an address that is":     {"token_url": "https://169.254.169.254/oauth2/token"},
		"api_url must have a plain path":         {"api_url": "https://paxos.example.com/v2/"},
		"token_url is not a URL":                 {"token_url": "paxos"},
		"override_trusted_ca holds no PEM":       {"override_trusted_ca": canary},
		"proxy_url must not contain a user name": {"proxy_url": "http://u:" + canary + "@proxy:3128"},
		"proxy_url is missing":                   {"proxy_password": canary},
		"proxy_username is missing":              {"proxy_url": "http://proxy:3128", "proxy_password": canary},
		"auth_style must be post or basic":       {"auth_style": "auto"},
		"request_timeout must lie between":       {"request_timeout": "60s"},
	} {
		status, text := m.refused(logical.UpdateOperation, "config/connection", data)
		if status != 400 || !strings.Contains(text, says) || strings.Contains(text, canary) {
			t.Errorf("%v: %d %s; want 400 and %q", data, status, text, says)
		}
	}
	if m.stored() != before {
		t.Error("storage changed")
	}
}

func TestAStoredSecretGoesNowhereElse(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	thief, err := paxostest.Start(paxostest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(thief.Close)
	before := m.stored()
	for _, data := range []map[string]any{
		{"token_url": thief.TokenURL()}, {"revoke_url": thief.RevokeURL()}, {"api_url": thief.APIURL()},
	} {
		status, text := m.refused(logical.UpdateOperation, "config/connection", data)
		if status != 400 || !strings.Contains(text, "cannot be changed while the root client's secret is stored") {
			t.Errorf("%v: %d %s", data, status, text)
		}
	}
	if m.stored() != before {
		t.Error("storage changed")
	}
	m.must(logical.UpdateOperation, "config/connection", map[string]any{"request_timeout": "3s", "auth_style": "post"})
	m.must(logical.ReadOperation, "creds/mint", nil)
	if thief.TotalCalls() != 0 {
		t.Error("somebody else was called")
	}
}

func TestFixedEnvironmentsTakeNoURLs(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	if status, text := m.refused(logical.UpdateOperation, "config",
		map[string]any{"environment": "custom"}); status != 400 || !strings.Contains(text, "config/connection first") {
		t.Errorf("custom without URLs: %d %s", status, text)
	}
	m.must(logical.UpdateOperation, "config", map[string]any{"environment": "sandbox"})
	if status, text := m.refused(logical.UpdateOperation, "config/connection", m.connection()); status != 400 ||
		!strings.Contains(text, "environment is sandbox") {
		t.Errorf("URLs under a fixed environment: %d %s", status, text)
	}
	if got := m.must(logical.ReadOperation, "config/connection",
		nil).Data["token_url"]; got != "https://oauth.sandbox.paxos.com/oauth2/token" {
		t.Errorf("token_url in force is %v", got)
	}
}

func TestNeverRevokeSaysWhatItCosts(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	resp := m.must(logical.UpdateOperation, "config/connection", map[string]any{"never_revoke": true})
	if resp == nil || !strings.Contains(strings.Join(resp.Warnings, " "), "never_revoke") {
		t.Errorf("no warning: %v", resp)
	}
	lease := m.must(logical.ReadOperation, "creds/mint", nil)
	revocations := m.paxos.Calls(paxostest.Revoke)
	if err := m.revoke(lease); err != nil {
		t.Fatal(err)
	}
	m.tick()
	if m.paxos.Calls(paxostest.Revoke) != revocations || !m.paxos.Alive(token(lease)) {
		t.Error("the revocation endpoint was called")
	}
	if next := m.must(logical.ReadOperation, "creds/mint", nil); token(next) == token(lease) {
		t.Error("a token whose last lease has ended is handed out again")
	}
}
