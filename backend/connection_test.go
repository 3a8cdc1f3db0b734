package backend_test

import (
	"fmt"
	"reflect"
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
		"token_url has an address that":          {"token_url": "https://169.254.169.254/oauth2/token"},
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

// TestADeletedConnectionIsTheDefault deletes a connection that no secret depends on, twice, and one
// that cannot be read.
func TestADeletedConnectionIsTheDefault(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	standard := m.Must(logical.ReadOperation, "config/connection", nil).Data
	m.Must(logical.UpdateOperation, "config", map[string]any{"environment": "sandbox"})
	fixed := m.Must(logical.ReadOperation, "config/connection", nil).Data
	m.Must(logical.DeleteOperation, "config", nil)
	for _, data := range []map[string]any{m.Connection(), {
		"proxy_url": "http://proxy.example.com:3128", "proxy_username": "vault",
		"proxy_password": backendtest.Canary + "proxy", "auth_style": "basic", "request_timeout": "3s",
		"never_revoke": true,
	}} {
		m.Must(logical.UpdateOperation, "config/connection", data)
		for range 2 {
			m.Must(logical.DeleteOperation, "config/connection", nil)
			if got := m.Must(logical.ReadOperation, "config/connection", nil).Data; !reflect.DeepEqual(got, standard) {
				t.Errorf("after %v was deleted the connection is %v", data, got)
			}
		}
	}
	m.await("paxos/config-write map[data_path:config/connection modified:true operation:delete path:config/connection]")
	if stored := m.Stored(); strings.Contains(stored, "connection=") || strings.Contains(stored, backendtest.Canary) {
		t.Errorf("storage holds\n%s", stored)
	}
	m.Must(logical.UpdateOperation, "config/connection", m.Connection())
	if err := m.Storage.Put(t.Context(), &logical.StorageEntry{Key: "connection", Value: []byte("{")}); err != nil {
		t.Fatal(err)
	}
	m.Restart()
	m.Must(logical.DeleteOperation, "config/connection", nil)
	m.Must(logical.UpdateOperation, "config", map[string]any{"environment": "sandbox"})
	if got := m.Must(logical.ReadOperation, "config/connection", nil).Data; !reflect.DeepEqual(got, fixed) {
		t.Errorf("after a damaged one was deleted the connection is %v", got)
	}
}

// TestAConnectionInUseIsNotDeleted deletes the connection over which secrets were verified. The
// refusal names all that depends on it, and what does not depend on it is no reason to refuse.
func TestAConnectionInUseIsNotDeleted(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	data := m.dashboard("vault-team", backendtest.RootScopes)
	data["purpose"], data["scopes"] = "mint", leasedScope
	m.Must(logical.UpdateOperation, "clients/team", data)
	refused := func(says, saysNot string) {
		t.Helper()
		before := m.Stored()
		status, text := m.Refused(logical.DeleteOperation, "config/connection", nil)
		if status != 400 || !strings.Contains(text, says) || saysNot != "" && strings.Contains(text, saysNot) {
			t.Errorf("%d %s; want %q", status, text, says)
		}
		if m.Stored() != before {
			t.Error("a refused deletion changed storage")
		}
	}
	refused("used by config (environment=custom), the root client (config), clients/team. Delete these", "")
	m.Must(logical.DeleteOperation, "config", nil)
	refused("used by clients/team. Delete these", "config (")
	m.Must(logical.DeleteOperation, "clients/team", nil)
	m.Must(logical.UpdateOperation, "config", map[string]any{"environment": "custom"})
	refused("used by config (environment=custom). Delete these", "root client")
	m.Must(logical.DeleteOperation, "config", nil)
	m.Must(logical.DeleteOperation, "config/connection", nil)
	m.Configure()
	m.Must(logical.ReadOperation, "creds/mint", nil)
}

// TestASecretOfADeletedConnectionIsNotStored deletes the connection while the first secret is being
// verified over it. The mount then has another connection, over which the secret must not be sent.
func TestASecretOfADeletedConnectionIsNotStored(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	m.Must(logical.UpdateOperation, "config/connection", m.Connection())
	m.Must(logical.UpdateOperation, "config", map[string]any{"environment": "custom"})
	hold := make(chan struct{})
	m.Paxos.FailNext(paxostest.TokenEndpoint, paxostest.Fault{Hold: hold})
	done := make(chan error, 1)
	go func() {
		resp, err := m.Do(logical.UpdateOperation, "config/rotate-root",
			map[string]any{"client_id": m.Client.ClientID, "client_secret": m.Secret})
		if err == nil && resp.IsError() {
			err = resp.Error()
		}
		done <- err
	}()
	backendtest.WaitUntil(t, func() bool { return m.Paxos.Calls(paxostest.TokenEndpoint) > 0 })
	m.Must(logical.DeleteOperation, "config", map[string]any{"force": true})
	m.Must(logical.DeleteOperation, "config/connection", nil)
	m.Must(logical.UpdateOperation, "config", map[string]any{"environment": "sandbox"})
	before := m.settings()
	close(hold)
	if err := <-done; err == nil {
		t.Error("a secret was stored that was verified over a connection which is gone")
	}
	if m.settings() != before || strings.Contains(m.Stored(), m.Secret) {
		t.Errorf("storage was\n%s\nand is\n%s", before, m.settings())
	}
}

// TestAConfigIsNotStoredOverADeletedConnection deletes the connection after a write of config was checked
// against it. The mount must not end with an environment whose URLs are gone.
func TestAConfigIsNotStoredOverADeletedConnection(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	m.Must(logical.UpdateOperation, "config/connection", m.Connection())
	arrived, proceed := m.Storage.HoldRead("connection")
	type answer struct {
		status int
		text   string
	}
	done := make(chan answer, 1)
	go func() {
		resp, err := m.Do(logical.UpdateOperation, "config", map[string]any{"environment": "custom"})
		status, problem := logical.RespondErrorCommon(&logical.Request{Operation: logical.UpdateOperation}, resp, err)
		done <- answer{status, fmt.Sprint(problem)}
	}()
	<-arrived
	m.Must(logical.DeleteOperation, "config/connection", nil)
	close(proceed)
	if got := <-done; got.status != 400 || !strings.Contains(got.text, "environment=custom needs URLs") {
		t.Errorf("the write of config: %d %s", got.status, got.text)
	}
	if stored := m.settings(); strings.Contains(stored, "custom") {
		t.Errorf("storage holds\n%s", stored)
	}
}
