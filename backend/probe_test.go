package backend_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/paxostest"
)

// expectFound checks some of what a probe found, in status too.
func (m *mount) expectFound(resp *logical.Response, want map[string]any) {
	m.T.Helper()
	stored, ok := m.Must(logical.ReadOperation, "status", nil).Data["probe"].(map[string]any)
	if !ok {
		m.T.Fatal("status shows no probe")
	}
	for name, value := range want {
		if got := resp.Data[name]; fmt.Sprint(got) != fmt.Sprint(value) {
			m.T.Errorf("%s is %v, want %v", name, got, value)
		}
		if got := stored[name]; fmt.Sprint(got) != fmt.Sprint(value) {
			m.T.Errorf("in status %s is %v, want %v", name, got, value)
		}
	}
}

func TestAProbeFindsOutWhatPaxosDoes(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	calls, before := m.Paxos.Calls(paxostest.TokenEndpoint), m.Must(logical.ReadOperation, "config", nil).Data
	m.Paxos.FailNext(paxostest.Operations, paxostest.Fault{Header: http.Header{
		"X-Ratelimit-Remaining": {"49"}, "Date": {m.Clock.Now().Add(90 * time.Second).Format(http.TimeFormat)},
	}})
	resp := m.Must(logical.UpdateOperation, "probe", nil)
	m.expectFound(resp, map[string]any{
		"client_id": m.Client.ClientID, "token_calls": 3, "token_lifetime": 3599, "revocation_ends_token": "yes",
		"revoked_after":        0,
		"may_list_credentials": "no", "auth_style_basic": "no",
		"rate_limit_headers": []any{"X-Ratelimit-Remaining"}, "clock_ahead": 90, "problems": []any{},
	})
	if got := m.Paxos.Calls(paxostest.TokenEndpoint) - calls; got != 3 {
		t.Errorf("it cost %d token requests, want 3", got)
	}
	if live := m.Paxos.LiveTokens(); len(live) != 0 {
		t.Errorf("alive at Paxos: %v", live)
	}
	if after := m.Must(logical.ReadOperation, "config", nil).Data; fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("config was %v and is %v", before, after)
	}
	if lease := m.Must(logical.ReadOperation, "creds/mint", nil); len(lease.Warnings) != 0 {
		t.Errorf("a lease warns: %v", lease.Warnings)
	}
}

func TestARevocationWithoutEffectIsSaid(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.Paxos.FailAll(paxostest.Revoke, paxostest.Fault{Body: "{}"}) // 200, and nothing revoked
	resp := m.Must(logical.UpdateOperation, "probe", nil)
	m.expectFound(resp, map[string]any{"revocation_ends_token": "no", "revoked_after": 5})
	for range 2 {
		lease := m.Must(logical.ReadOperation, "creds/mint", nil)
		if !strings.Contains(strings.Join(lease.Warnings, " "), "still accepts revoked tokens") {
			t.Errorf("a lease warns of %v", lease.Warnings)
		}
		m.Restart()
	}
}

func TestAProbeSaysWhatItCouldNotFind(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	id, secret := m.another("transfer:read_transfer", "api_creds:read_credentials")
	m.Must(logical.UpdateOperation, "config/replace-root",
		map[string]any{"client_id": id, "client_secret": secret, "verify_connection": false})
	resp := m.Must(logical.UpdateOperation, "probe", nil)
	m.expectFound(resp, map[string]any{"token_lifetime": 0, "revocation_ends_token": "unknown",
		"may_list_credentials": "yes"})
	if problems := fmt.Sprint(resp.Data["problems"]); !strings.Contains(problems, "funding:read_profile") {
		t.Errorf("the problems are %s", problems)
	}
}

func TestAProbeIsRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		prepare func(m *mount)
		status  int
		says    string
	}{
		"without a config": {func(m *mount) {
			m.Must(logical.DeleteOperation, "config", nil)
		}, 400, "not configured"},
		"in a lockdown": {func(m *mount) { m.Must(logical.UpdateOperation, "lockdown", nil) }, 403, "in lockdown since"},
		"right after one": {func(m *mount) {
			m.Must(logical.UpdateOperation, "probe", nil)
		}, 429, "Retry in 10m0s. `vault read paxos/status`"},
		"while Paxos is ill": {func(m *mount) {
			m.Paxos.FailAll(paxostest.TokenEndpoint, paxostest.Fault{Status: 503})
		}, 502, "503"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newConfiguredMount(t)
			test.prepare(m)
			if status, text := m.Refused(logical.UpdateOperation, "probe", nil); status != test.status ||
				!strings.Contains(text, test.says) {
				t.Errorf("%d %s, want %d and %q", status, text, test.status, test.says)
			}
			if live := m.Paxos.LiveTokens(); len(live) != 0 {
				t.Errorf("alive at Paxos: %v", live)
			}
		})
	}
}
