package backend_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

func TestConfigIsProvedAndItsTokenEndedAtOnce(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	m.Configure()
	minted := m.Paxos.Tokens()
	if len(minted) != 1 || minted[0].Alive || strings.Join(minted[0].Scopes, " ") != "funding:read_profile" {
		t.Errorf("the proof left %+v; want one dead token for verify_scope", minted)
	}
	got := m.Must(logical.ReadOperation, "config", nil).Data
	for name, want := range map[string]any{
		"environment": "custom", "client_id": m.Client.ClientID, "secret_verified": true,
		"verify_scope": "funding:read_profile", "refresh_at": 0.75, "secret_set_at": m.Clock.Now().Format(time.RFC3339),
	} {
		if got[name] != want {
			t.Errorf("config shows %s = %v, want %v", name, got[name], want)
		}
	}
	if _, ok := got["client_secret"]; ok {
		t.Error("config shows client_secret")
	}
}

func TestConfigStoresNothingThatPaxosRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		secret string
		fault  paxostest.Fault
		status int
		says   string
	}{
		"a wrong secret": {secret: backendtest.Canary + "wrong", status: 400,
			says: "Not saved: Paxos rejected this client ID and secret (environment: custom)"},
		"Paxos in trouble":       {fault: paxostest.Fault{Status: 503}, status: 502, says: "503"},
		"a throttled address":    {fault: paxostest.Fault{Status: 429}, status: 429, says: "again in 5m1s"},
		"an answer that is none": {fault: paxostest.Fault{Drop: true}, status: 502, says: "connection"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMount(t)
			m.Must(logical.UpdateOperation, "config/connection", m.Connection())
			before := m.Stored()
			secret := m.Secret
			if test.secret != "" {
				secret = test.secret
			} else {
				m.Paxos.FailNext(paxostest.TokenEndpoint, test.fault)
			}
			status, text := m.Refused(logical.UpdateOperation, "config", map[string]any{
				"environment": "custom", "client_id": m.Client.ClientID, "client_secret": secret,
			})
			if status != test.status || !strings.Contains(text, test.says) || strings.Contains(text, secret) {
				t.Errorf("answered %d %s; want %d and %q, without the secret", status, text, test.status, test.says)
			}
			after, _, _ := strings.Cut(m.Stored(), "bans/") // a ban is kept, and nothing else
			if after != before {
				t.Errorf("storage changed:\n%s", after)
			}
		})
	}
}

func TestAClientWithoutTheVerifyScopeIsProvedByItsRefusal(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	m.Must(logical.UpdateOperation, "config/connection", m.Connection())
	m.Must(logical.UpdateOperation, "config", map[string]any{
		"environment": "custom", "client_id": m.Client.ClientID, "client_secret": m.Secret,
		"verify_scope": "rewards:read_nothing",
	})
	if got := m.Must(logical.ReadOperation, "config", nil); got.Data["secret_verified"] != true {
		t.Error("invalid_scope proves the secret, but it does not show as verified")
	}
}

func TestVerifyConnectionFalseCallsNobody(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	m.Must(logical.UpdateOperation, "config/connection", m.Connection())
	resp := m.Must(logical.UpdateOperation, "config", map[string]any{
		"environment": "custom", "client_id": m.Client.ClientID, "client_secret": m.Secret, "verify_connection": false,
	})
	if m.Paxos.TotalCalls() != 0 {
		t.Error("Paxos was called")
	}
	if resp == nil || len(resp.Warnings) != 1 {
		t.Errorf("no warning that the secret is unverified: %v", resp)
	}
	if got := m.Must(logical.ReadOperation, "config", nil); got.Data["secret_verified"] != false {
		t.Error("an unverified secret shows as verified")
	}
}

func TestConfigKeepsWhatAWriteDoesNotName(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	upstream := m.Paxos.TotalCalls()
	m.Must(logical.UpdateOperation, "config", map[string]any{"refresh_at": 0.5})
	m.Must(logical.PatchOperation, "config", map[string]any{"credential_max_age": "30d"})
	got := m.Must(logical.ReadOperation, "config", nil).Data
	if got["refresh_at"] != 0.5 || got["client_id"] != m.Client.ClientID || got["generation"] != float64(1) ||
		got["credential_max_age"] != float64(30*24*3600) {
		t.Errorf("config is %v", got)
	}
	if m.Paxos.TotalCalls() != upstream {
		t.Error("a write without a secret called Paxos")
	}
	m.Must(logical.PatchOperation, "config", map[string]any{"refresh_at": nil})
	if got := m.Must(logical.ReadOperation, "config", nil).Data["refresh_at"]; got != 0.75 {
		t.Errorf("null did not give refresh_at its default back: %v", got)
	}
	m.Must(logical.ReadOperation, "creds/mint", nil) // the secret is still there
}

func TestANewSecretIsTheNextGenerationAndEndsNoToken(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.Must(logical.UpdateOperation, "roles/own",
		map[string]any{"scopes": "funding:read_profile", "unique_tokens": true})
	old := m.Must(logical.ReadOperation, "creds/own", nil)
	secret, err := m.Paxos.RotateCredential(m.Client.ClientID)
	if err != nil {
		t.Fatal(err)
	}
	m.Must(logical.UpdateOperation, "config", map[string]any{"client_secret": secret})
	if got := m.Must(logical.ReadOperation, "config", nil).Data["generation"]; got != float64(2) {
		t.Errorf("generation is %v, want 2", got)
	}
	if !m.Paxos.Alive(backendtest.Token(old)) {
		t.Error("the new secret ended a token of the old one")
	}
	if err := m.Revoke(old); err != nil || m.Paxos.Alive(backendtest.Token(old)) {
		t.Errorf("a token of the old generation cannot be revoked with the new secret: %v", err)
	}
	m.Tick()
	if status := m.Must(logical.ReadOperation, "status", nil); len(status.Data["generations"].([]any)) != 1 {
		t.Errorf("the old generation is kept although its last token has ended: %v", status.Data["generations"])
	}
	m.Must(logical.ReadOperation, "creds/own", nil)
}

func TestConfigRefusesAnotherClientOrEnvironment(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	before := m.Stored()
	for says, data := range map[string]map[string]any{
		"environment cannot be changed after the first write (it is custom)": {"environment": "production"},
		"environment must be": {"environment": "staging"},
		"client_id is not that of this mount's root client (" +
			m.Client.ClientID: {"client_id": "another", "client_secret": backendtest.Canary + "x"},
		"refresh_at must be between":     {"refresh_at": 1.5},
		"verify_scope must be one scope": {"verify_scope": "a b"},
		"client_secret must be":          {"client_secret": ""},
		"client_secret contains a space": {"client_secret": backendtest.Canary + " x"},
	} {
		status, text := m.Refused(logical.UpdateOperation, "config", data)
		if status != 400 || !strings.Contains(text, says) || strings.Contains(text, backendtest.Canary) {
			t.Errorf("%v: %d %s; want 400 and %q", data, status, text, says)
		}
	}
	if m.Stored() != before {
		t.Error("storage changed")
	}
}

func TestDeletingConfigIsRefusedWhileTokensLive(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	lease := m.Must(logical.ReadOperation, "creds/mint", nil)
	if status, text := m.Refused(logical.DeleteOperation, "config", nil); status != 400 ||
		!strings.Contains(text, "force=true") {
		t.Errorf("deleting config under a live token: %d %s", status, text)
	}
	m.Must(logical.DeleteOperation, "config", map[string]any{"force": true})
	if m.Paxos.Alive(backendtest.Token(lease)) {
		t.Error("force did not end what it could")
	}
	if err := m.Revoke(lease); err != nil {
		t.Errorf("the lease cannot end: %v", err)
	}
	if resp := m.Must(logical.ReadOperation, "config", nil); resp != nil {
		t.Error("config is still there")
	}
	if status, text := m.Refused(logical.ReadOperation, "creds/mint", nil); status != 400 ||
		!strings.Contains(text, "not configured") {
		t.Errorf("creds of an unconfigured mount: %d %s", status, text)
	}
}

func TestForcedDeletionSaysWhatItOrphans(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	lease := m.Must(logical.ReadOperation, "creds/mint", nil)
	m.Paxos.FailAll(paxostest.Revoke, paxostest.Fault{Status: 503})
	resp := m.Must(logical.DeleteOperation, "config", map[string]any{"force": "true"})
	if resp == nil || len(resp.Warnings) != 1 || !strings.Contains(resp.Warnings[0], "1 token could not be revoked") {
		t.Errorf("answer %v", resp)
	}
	if err := m.Revoke(lease); err != nil {
		t.Errorf("the lease cannot end: %v", err)
	}
	m.Clock.Advance(time.Hour)
	m.Tick()
	if strings.Contains(m.Stored(), "ledger/") {
		t.Error("the ledger still knows an expired token")
	}
}
