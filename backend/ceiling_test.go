package backend_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

func TestALoweredCeilingEndsWhatIsTooMuch(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.Must(logical.UpdateOperation, "roles/small", map[string]any{"scopes": "funding:read_profile"})
	leased, unleased := m.Must(logical.ReadOperation, "creds/mint", nil), m.Must(logical.ReadOperation,
		"token/mint", nil)
	narrow := m.Must(logical.UpdateOperation, "creds/mint", map[string]any{"scopes": "funding:read_profile"})
	small := m.Must(logical.ReadOperation, "creds/small", nil)
	said := warned(m.Must(logical.UpdateOperation, "config/guardrails", map[string]any{"allowed_scopes": "funding:*"}))
	if !strings.Contains(said, "2 tokens of role \"mint\" were revoked") ||
		!strings.Contains(said, "narrowed to allowed scopes still work: mint") || strings.Contains(said, "small") {
		t.Errorf("the warnings are %q", said)
	}
	if m.Paxos.Alive(backendtest.Token(leased)) || m.Paxos.Alive(backendtest.Token(unleased)) {
		t.Error("a token beyond the guardrails is valid")
	}
	if !m.Paxos.Alive(backendtest.Token(narrow)) || !m.Paxos.Alive(backendtest.Token(small)) {
		t.Error("a token within the guardrails was revoked")
	}
	for _, path := range []string{"creds/mint", "token/mint"} {
		if status, text := m.Refused(logical.ReadOperation, path, nil); status != 403 ||
			!strings.Contains(text, "transfer:read_transfer (not in allowed_scopes)") {
			t.Errorf("%s: %d %s; want 403 naming what is over", path, status, text)
		}
	}
	if again := m.Must(logical.UpdateOperation, "creds/mint",
		map[string]any{"scopes": "funding:read_profile"}); backendtest.Token(again) != backendtest.Token(narrow) {
		t.Error("what is within the guardrails is not issued any more")
	}
	if err := m.Revoke(leased); err != nil {
		t.Errorf("the lease cannot end: %v", err)
	}
	m.Must(logical.DeleteOperation, "config/guardrails", nil)
	m.Must(logical.ReadOperation, "creds/mint", nil)
}

func TestARoleBeyondTheGuardrailsMayShrinkButNotGrow(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.Must(logical.UpdateOperation, "config/guardrails",
		map[string]any{"allowed_scopes": "funding:*", "max_ttl": "10m"})
	said := warned(m.Must(logical.UpdateOperation, "roles/mint", map[string]any{"disabled": true}))
	if !strings.Contains(said, "Reads of the whole role are refused") {
		t.Errorf("the warnings are %q", said)
	}
	for says, data := range map[string]map[string]any{
		"events:read_event (not in allowed_scopes)": {
			"scopes": "funding:read_profile,transfer:read_transfer,events:read_event",
		},
		"a ttl or max_ttl of 20m0s":  {"ttl": "20m"},
		"a ttl or max_ttl of 1h0m0s": {"max_ttl": "1h"},
	} {
		if status, text := m.Refused(logical.UpdateOperation, "roles/mint", data); status != 403 ||
			!strings.Contains(text, says) {
			t.Errorf("%v: %d %s", data, status, text)
		}
	}
	m.Must(logical.UpdateOperation, "roles/mint",
		map[string]any{"scopes": "funding:read_profile", "ttl": "10m", "disabled": false})
	m.Must(logical.ReadOperation, "creds/mint", nil)
}

func TestALoweredCeilingMeetsAMintThatIsUnderWay(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	hold := make(chan struct{})
	m.Paxos.FailNext(paxostest.TokenEndpoint, paxostest.Fault{Hold: hold})
	calls := m.Paxos.Calls(paxostest.TokenEndpoint)
	done := make(chan error)
	go func() {
		_, err := m.Do(logical.ReadOperation, "creds/mint", nil)
		done <- err
	}()
	backendtest.WaitUntil(t, func() bool { return m.Paxos.Calls(paxostest.TokenEndpoint) > calls })
	m.Must(logical.UpdateOperation, "config/guardrails", map[string]any{"allowed_scopes": "funding:*"})
	close(hold)
	if err := <-done; err == nil || !strings.Contains(err.Error(), "guardrails") {
		t.Errorf("the reader got %v", err)
	}
	if live := m.Paxos.LiveTokens(); len(live) != 0 {
		t.Errorf("alive at Paxos: %+v", live)
	}
}

func TestGuardrailsBoundLeases(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.Must(logical.UpdateOperation, "roles/mint", map[string]any{"ttl": "30m"})
	m.Must(logical.UpdateOperation, "config/guardrails", map[string]any{"max_ttl": "10m"})
	for name, data := range map[string]map[string]any{"the role's": nil, "the reader's": {"ttl": "20m"}} {
		lease := m.Must(logical.UpdateOperation, "creds/mint", data)
		if lease.Secret.TTL != 10*time.Minute || lease.Secret.MaxTTL != 10*time.Minute {
			t.Errorf("%s ttl: the lease lasts %s, at most %s; want 10m", name, lease.Secret.TTL, lease.Secret.MaxTTL)
		}
	}
	if lease := m.Must(logical.UpdateOperation, "creds/mint",
		map[string]any{"ttl": "5m"}); lease.Secret.TTL != 5*time.Minute {
		t.Errorf("a shorter wish gave %s", lease.Secret.TTL)
	}
}
