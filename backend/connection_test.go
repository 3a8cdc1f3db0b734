package backend_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

func TestConnectionShowsDefaultsAndNeverThePassword(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	got := m.Must(logical.ReadOperation, "config/connection", nil).Data
	if got["auth_style"] != "post" || got["request_timeout"] != float64(10) || got["never_revoke"] != false {
		t.Errorf("defaults are %v", got)
	}
	m.Must(logical.UpdateOperation, "config/connection", map[string]any{
		"proxy_url": "http://proxy.example.com:3128", "proxy_username": "vault",
		"proxy_password": backendtest.Canary + "proxy",
	})
	m.Must(logical.PatchOperation, "config/connection", map[string]any{"request_timeout": "5s"})
	got = m.Must(logical.ReadOperation, "config/connection", nil).Data
	if got["proxy_username"] != "vault" || got["request_timeout"] != float64(5) {
		t.Errorf("connection is %v", got)
	}
	for name, value := range got {
		if text, ok := value.(string); ok && strings.Contains(text, backendtest.Canary) {
			t.Errorf("%s shows the proxy's password", name)
		}
	}
	if !strings.Contains(m.Stored(), backendtest.Canary+"proxy") {
		t.Error("the patch lost the password")
	}
}

func TestConnectionRefusesWhatIsUnsafe(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	before := m.Stored()
	for says, data := range map[string]map[string]any{
		"token_url must use https": {"token_url": "http://paxos.example.com/oauth2/token"},
		"revoke_url must not contain a user name": {"revoke_url": "https://user:" + backendtest.Canary +
			"@paxos.example.com/revoke"},
		"api_url must not contain a query":       {"api_url": "https://paxos.example.com/v2?x=" + backendtest.Canary},
		"token_url names an address that is":     {"token_url": "https://169.254.169.254/oauth2/token"},
		"api_url must have a plain path":         {"api_url": "https://paxos.example.com/v2/"},
		"token_url is not a URL":                 {"token_url": "paxos"},
		"override_trusted_ca holds no PEM":       {"override_trusted_ca": backendtest.Canary},
		"proxy_url must not contain a user name": {"proxy_url": "http://u:" + backendtest.Canary + "@proxy:3128"},
		"proxy_url is required":                  {"proxy_password": backendtest.Canary},
		"proxy_username is required": {"proxy_url": "http://proxy:3128",
			"proxy_password": backendtest.Canary},
		"auth_style must be post or basic": {"auth_style": "auto"},
		"request_timeout must be between":  {"request_timeout": "60s"},
	} {
		status, text := m.Refused(logical.UpdateOperation, "config/connection", data)
		if status != 400 || !strings.Contains(text, says) || strings.Contains(text, backendtest.Canary) {
			t.Errorf("%v: %d %s; want 400 and %q", data, status, text, says)
		}
	}
	if m.Stored() != before {
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
	before := m.Stored()
	for _, data := range []map[string]any{
		{"token_url": thief.TokenURL()}, {"revoke_url": thief.RevokeURL()}, {"api_url": thief.APIURL()},
	} {
		status, text := m.Refused(logical.UpdateOperation, "config/connection", data)
		if status != 400 || !strings.Contains(text, "cannot be changed while the root client's secret is stored") {
			t.Errorf("%v: %d %s", data, status, text)
		}
	}
	if m.Stored() != before {
		t.Error("storage changed")
	}
	m.Must(logical.UpdateOperation, "config/connection", map[string]any{"request_timeout": "3s", "auth_style": "post"})
	m.Must(logical.ReadOperation, "creds/mint", nil)
	if thief.TotalCalls() != 0 {
		t.Error("somebody else was called")
	}
}

func TestFixedEnvironmentsTakeNoURLs(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	if status, text := m.Refused(logical.UpdateOperation, "config",
		map[string]any{"environment": "custom"}); status != 400 || !strings.Contains(text,
		"`vault write paxos/config/connection token_url=") {
		t.Errorf("custom without URLs: %d %s", status, text)
	}
	m.Must(logical.UpdateOperation, "config", map[string]any{"environment": "sandbox"})
	if status, text := m.Refused(logical.UpdateOperation, "config/connection", m.Connection()); status != 400 ||
		!strings.Contains(text, "environment=sandbox has fixed URLs") {
		t.Errorf("URLs under a fixed environment: %d %s", status, text)
	}
	if got := m.Must(logical.ReadOperation, "config/connection",
		nil).Data["token_url"]; got != "https://oauth.sandbox.paxos.com/oauth2/token" {
		t.Errorf("token_url in force is %v", got)
	}
	other := newMount(t)
	other.Must(logical.UpdateOperation, "config/connection", other.Connection())
	if status, text := other.Refused(logical.UpdateOperation, "config",
		map[string]any{"environment": "sandbox"}); status != 400 || !strings.Contains(text,
		"`vault write paxos/config/connection token_url= revoke_url= api_url=`") {
		t.Errorf("a fixed environment over URLs: %d %s", status, text)
	}
	other.Must(logical.UpdateOperation, "config/connection",
		map[string]any{"token_url": "", "revoke_url": "", "api_url": ""})
	other.Must(logical.UpdateOperation, "config", map[string]any{"environment": "sandbox"})
}

func TestNeverRevokeSaysWhatItCosts(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	resp := m.Must(logical.UpdateOperation, "config/connection", map[string]any{"never_revoke": true})
	if resp == nil || !strings.Contains(strings.Join(resp.Warnings, " "), "never_revoke") {
		t.Errorf("no warning: %v", resp)
	}
	lease := m.Must(logical.ReadOperation, "creds/mint", nil)
	revocations := m.Paxos.Calls(paxostest.Revoke)
	if err := m.Revoke(lease); err != nil {
		t.Fatal(err)
	}
	m.Tick()
	if m.Paxos.Calls(paxostest.Revoke) != revocations || !m.Paxos.Alive(backendtest.Token(lease)) {
		t.Error("the revocation endpoint was called")
	}
	if next := m.Must(logical.ReadOperation, "creds/mint", nil); backendtest.Token(next) == backendtest.Token(lease) {
		t.Error("a token whose last lease has ended is handed out again")
	}
}
