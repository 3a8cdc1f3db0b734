package backend_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
)

// A taking is a request that takes tokens of the role called mint away from their holders.
type taking struct {
	name      string
	operation logical.Operation
	path      string
	data      map[string]any
}

// takings are all that take a grace.
var takings = []taking{
	{"rotation", logical.UpdateOperation, "roles/mint/rotate", map[string]any{}},
	{"narrowing", logical.UpdateOperation, "roles/mint", map[string]any{"scopes": "funding:read_profile"}},
	{"narrowing by a patch", logical.PatchOperation, "roles/mint", map[string]any{"scopes": "funding:read_profile"}},
	{"disabling", logical.UpdateOperation, "roles/mint", map[string]any{"disabled": true}},
	{"deletion", logical.DeleteOperation, "roles/mint", map[string]any{}},
}

// with is the request with a grace.
func (x taking) with(grace any) map[string]any {
	data := map[string]any{"grace": grace}
	for name, value := range x.data {
		data[name] = value
	}
	return data
}

// timer waits until a timer waits for the clock.
func (m *mount) timer() {
	m.T.Helper()
	backendtest.WaitUntil(m.T, func() bool { return m.Clock.Sleepers() > 0 })
}

// TestGraceKeepsTokensForTheirHolders until it is over, to the second, whatever takes them away,
// and nobody else gets them; the periodic work leaves them alone, and nothing looks like a failure.
func TestGraceKeepsTokensForTheirHolders(t *testing.T) {
	t.Parallel()
	for _, x := range takings {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			m := newConfiguredMount(t)
			leased, unleased := m.Must(logical.ReadOperation, "creds/mint", nil), m.Must(logical.ReadOperation,
				"token/mint", nil)
			resp := m.Must(x.operation, x.path, x.with("10m"))
			end := m.Clock.Now().Add(10 * time.Minute)
			if !strings.Contains(warned(resp),
				"2 tokens of this role are no longer issued and will be revoked at "+end.Format(time.RFC3339)) {
				t.Errorf("the warnings are %q", warned(resp))
			}
			status := m.Must(logical.ReadOperation, "status", nil).Data
			if status["waiting_tokens"] != 2.0 || status["ending_tokens"] != 0.0 {
				t.Errorf("status shows %v waiting and %v ending", status["waiting_tokens"], status["ending_tokens"])
			}
			queued := m.Must(logical.ReadOperation, "revocations/"+leased.Data["token_id"].(string), nil).Data
			if queued["state"] != "waiting" || queued["attempts"] != 0.0 || queued["last_error"] != "" ||
				queued["since"] != end.Format(time.RFC3339) {
				t.Errorf("revocations shows %v", queued)
			}
			if state := m.Must(logical.UpdateOperation, "lookup",
				map[string]any{"access_token": backendtest.Token(leased)}).Data["state"]; state != "waiting" {
				t.Errorf("lookup says %v", state)
			}
			if again, err := m.Do(logical.ReadOperation, "creds/mint", nil); err == nil && !again.IsError() &&
				backendtest.Token(again) == backendtest.Token(leased) {
				t.Error("the token is issued in its grace")
			}
			m.timer()
			m.Clock.Advance(10*time.Minute - time.Second)
			m.Tick()
			if !m.Paxos.Alive(backendtest.Token(leased)) || !m.Paxos.Alive(backendtest.Token(unleased)) {
				t.Fatal("a token ended in its grace")
			}
			m.Clock.Advance(time.Second)
			backendtest.WaitUntil(t, func() bool {
				return !m.Paxos.Alive(backendtest.Token(leased)) && !m.Paxos.Alive(backendtest.Token(unleased))
			})
		})
	}
}

// TestWithoutGraceTokensEndAtOnce, also those whose grace lasts.
func TestWithoutGraceTokensEndAtOnce(t *testing.T) {
	t.Parallel()
	enders := append([]taking{
		{"guardrails", logical.UpdateOperation, "config/guardrails", map[string]any{"allowed_scopes": "events:*"}},
		{"lockdown", logical.UpdateOperation, "lockdown", nil},
	}, takings...)
	for _, x := range enders {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			m := newConfiguredMount(t)
			held := m.Must(logical.ReadOperation, "creds/mint", nil)
			m.Must(logical.UpdateOperation, "roles/mint/rotate", map[string]any{"grace": "10m"})
			current := m.Must(logical.ReadOperation, "creds/mint", nil)
			said := warned(m.Must(x.operation, x.path, x.data))
			if m.Paxos.Alive(backendtest.Token(held)) || m.Paxos.Alive(backendtest.Token(current)) {
				t.Error("a token is still valid")
			}
			if !strings.Contains(said, "2 tokens of") || !strings.Contains(said, "get 401 from Paxos") {
				t.Errorf("the warnings are %q", said)
			}
		})
	}
}

// TestTheWarningSaysWhenReadersHaveNewTokens in the words of the role.
func TestTheWarningSaysWhenReadersHaveNewTokens(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.Must(logical.UpdateOperation, "roles/mint", map[string]any{"poll_interval": "90s"})
	m.Must(logical.ReadOperation, "token/mint", nil)
	m.Must(logical.ReadOperation, "creds/mint", nil)
	resp := m.Must(logical.UpdateOperation, "roles/mint/rotate", nil)
	want := "2 tokens of this role were revoked. Applications that hold a revoked token get 401 from Paxos until " +
		"they read again. Vault Agent does so within 90s for token/mint, and at the end of the lease for creds/mint."
	if warned(resp) != want || resp.Data["ended"] != 2.0 || resp.Data["waiting"] != 0.0 ||
		resp.Data["revoked_at"] != "" {
		t.Errorf("the answer is %v with %q, want %q", resp.Data, warned(resp), want)
	}
}

// TestAnUnrelatedWriteCutsNoGraceShort: Terraform writes a role again while a rotation's grace lasts.
func TestAnUnrelatedWriteCutsNoGraceShort(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	held := m.Must(logical.ReadOperation, "creds/mint", nil)
	m.Must(logical.UpdateOperation, "roles/mint/rotate", map[string]any{"grace": "10m"})
	m.Must(logical.UpdateOperation, "roles/mint", map[string]any{"metadata": "team=a"})
	m.Must(logical.UpdateOperation, "roles/mint",
		map[string]any{"scopes": "funding:read_profile,transfer:read_transfer,events:read_event"})
	m.Tick()
	if !m.Paxos.Alive(backendtest.Token(held)) {
		t.Error("a write that takes nothing away ended a token in its grace")
	}
}

// TestAGraceIsNotStoredInTheRole, and an old plugin would end the token at once: its row says so.
func TestAGraceIsNotStoredInTheRole(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	held := m.Must(logical.ReadOperation, "creds/mint", nil)
	m.Must(logical.UpdateOperation, "roles/mint", map[string]any{"scopes": "funding:read_profile", "grace": "10m"})
	entry, err := m.Storage.Get(context.Background(), "roles/mint")
	if err != nil || strings.Contains(string(entry.Value), "grace") {
		t.Errorf("the role holds it: %s, %v", entry.Value, err)
	}
	if read := m.Must(logical.ReadOperation, "roles/mint", nil).Data; read["grace"] != nil {
		t.Error("a read of the role shows it")
	}
	row, err := m.Storage.Get(context.Background(), "ledger/"+held.Data["token_id"].(string))
	if err != nil || !strings.Contains(string(row.Value), `"ending_since":"2026-11-01T12:10:00Z"`) {
		t.Errorf("the row does not say when the token is to be ended: %v", err)
	}
	m.Must(logical.UpdateOperation, "roles/mint/rotate", nil)
	if m.Paxos.Alive(backendtest.Token(held)) {
		t.Error("the grace counts for the next change too")
	}
}

// TestDurationsOutOfBoundsAreRefused with the bounds, and nothing is changed.
func TestDurationsOutOfBoundsAreRefused(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	held := m.Must(logical.ReadOperation, "creds/mint", nil)
	stored := m.Stored()
	for _, bad := range []any{"-1s", "24h", "20m1s", 1201, "x", "", -1, 1.5, nil, []any{"1m"},
		"99999999999999999999h"} {
		for _, x := range takings {
			if bad == nil && x.operation == logical.PatchOperation {
				continue // null gives the default back
			}
			if status, text := m.Refused(x.operation, x.path, x.with(bad)); status != 400 ||
				!strings.Contains(text, "grace must be a duration") || !strings.Contains(text, "between 0s and 20m") {
				t.Errorf("%s with grace=%v: %d %s", x.name, bad, status, text)
			}
		}
	}
	for _, bad := range []any{0, "0", "9s", "61m", "-1s", "24h", ""} {
		for _, operation := range []logical.Operation{logical.UpdateOperation, logical.PatchOperation} {
			if status, text := m.Refused(operation, "roles/mint",
				map[string]any{"poll_interval": bad}); status != 400 || !strings.Contains(text,
				"poll_interval must be a duration") || !strings.Contains(text, "between 10s and 1h") {
				t.Errorf("poll_interval=%v: %d %s", bad, status, text)
			}
		}
	}
	if m.Stored() != stored || !m.Paxos.Alive(backendtest.Token(held)) {
		t.Error("something was changed")
	}
	for _, name := range []string{"poll_interval", "grace"} {
		if status, text := m.Refused(logical.UpdateOperation, "roles/vendor",
			map[string]any{"credential_type": "client_credentials", "clients": "v1",
				name: "1m"}); status != 400 || !strings.Contains(text, name) {
			t.Errorf("%s on a role of client_credentials: %d %s", name, status, text)
		}
	}
}

// TestALockdownEndsWhatItsProcessCouldNot, also in its grace: the process crashed after it had stored
// the lockdown.
func TestALockdownEndsWhatItsProcessCouldNot(t *testing.T) {
	t.Parallel()
	m, other := newConfiguredMount(t), newConfiguredMount(t)
	held := m.Must(logical.ReadOperation, "creds/mint", nil)
	m.Must(logical.UpdateOperation, "roles/mint/rotate", map[string]any{"grace": "20m"})
	other.Must(logical.UpdateOperation, "lockdown", nil)
	entry, err := other.Storage.Get(context.Background(), "lockdown")
	if err != nil || entry == nil {
		t.Fatalf("no lockdown is stored: %v", err)
	}
	m.Tick()
	if !m.Paxos.Alive(backendtest.Token(held)) {
		t.Fatal("the token ended in its grace")
	}
	m.Backend.Cleanup(context.Background())
	if err := m.Storage.Put(context.Background(), entry); err != nil {
		t.Fatal(err)
	}
	m.Restart()
	m.Tick()
	if m.Paxos.Alive(backendtest.Token(held)) {
		t.Error("a token is valid in a lockdown because its grace lasts")
	}
}
