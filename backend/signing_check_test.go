package backend_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// demandWithdrawals has Paxos demand a signature of withdrawals only.
func (m *mount) demandWithdrawals(status int) {
	m.T.Helper()
	if err := m.Paxos.EnforceSignatures(paxostest.Enforcement{Operations: []string{"CreateCryptoWithdrawal"},
		Status: status}); err != nil {
		m.T.Fatal(err)
	}
}

// withKey makes a key of the root client and registers it.
func (m *mount) withKey() (keyID string) {
	m.T.Helper()
	m.Must(logical.UpdateOperation, "keys/root", nil)
	return m.register("root", 1, m.Client.ClientID)
}

// silent has Paxos refuse without a word about the reason.
func (m *mount) silent() {
	m.Paxos.FailAll(paxostest.Operations, paxostest.Fault{Rewrite: func(reply map[string]any) {
		if detail, _ := reply["detail"].(string); strings.Contains(detail, "Paxos-Signature") {
			reply["detail"] = "refused"
		}
	}})
}

// TestACheckOfSigning finds out whether Paxos enforces it, whatever it says when it refuses, and
// never says so where it does not.
func TestACheckOfSigning(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		prepare            func(m *mount)
		enforced, accepted string
		problem            string
	}{
		"not enforced":             {func(*mount) {}, "not_enforced", "unknown", ""},
		"not enforced, with a key": {func(m *mount) { m.withKey() }, "not_enforced", "unknown", ""},
		"enforced by 401":          {func(m *mount) { m.demandWithdrawals(401) }, "enforced", "unknown", ""},
		"enforced by 403":          {func(m *mount) { m.demandWithdrawals(403) }, "enforced", "unknown", ""},
		"enforced for all calls":   {func(m *mount) { m.enforce(401, m.Client.ClientID) }, "enforced", "unknown", ""},
		"enforced, with a key":     {func(m *mount) { m.demandWithdrawals(401); m.withKey() }, "enforced", "yes", ""},
		"enforced for all, with key": {func(m *mount) {
			m.enforce(403, m.Client.ClientID)
			m.withKey()
		}, "enforced", "yes", ""},
		"enforced, with a key that is not active": {func(m *mount) {
			m.demandWithdrawals(401)
			if err := m.Paxos.DeactivatePublicKey(m.Client.ClientID, m.withKey()); err != nil {
				m.T.Fatal(err)
			}
		}, "enforced", "no", ""},
		"enforced without a word": {func(m *mount) {
			m.demandWithdrawals(401)
			m.silent()
		}, "unknown", "unknown", "HTTP 401"},
		"enforced without a word, with a key": {func(m *mount) {
			m.demandWithdrawals(403)
			m.silent()
			m.withKey()
		}, "enforced", "yes", ""},
		"the client lacks the scope": {func(m *mount) {
			m.EditClient(m.Client.ClientID, func(c *paxostest.Credential) { c.Scopes = []string{"funding:read_profile"} })
		}, "unknown", "unknown", "lacks transfer:write_crypto_withdrawal"},
		"Paxos is ill": {func(m *mount) {
			m.Paxos.FailNext(paxostest.Operations, paxostest.Fault{}, paxostest.Fault{}, paxostest.Fault{Status: 503})
		}, "unknown", "unknown", "HTTP 503"},
		"the answer is about something else": {func(m *mount) {
			m.Paxos.FailNext(paxostest.Operations, paxostest.Fault{}, paxostest.Fault{}, paxostest.Fault{Status: 404})
		}, "unknown", "unknown", "HTTP 404"},
		"the token is not known everywhere yet": {func(m *mount) {
			m.withKey()
			m.Paxos.FailNext(paxostest.Operations, paxostest.Fault{}, paxostest.Fault{}, paxostest.Fault{Status: 401})
		}, "unknown", "unknown", "in two ways"},
		"the scope is not granted everywhere yet": {func(m *mount) {
			m.withKey()
			refused := paxostest.Fault{Status: 403, Body: `{"detail":"insufficient scopes: found 'A'"}`}
			m.Paxos.FailNext(paxostest.Operations, paxostest.Fault{}, paxostest.Fault{}, refused, paxostest.Fault{}, refused)
		}, "unknown", "unknown", "for its scope (HTTP 403)"},
		"the scope is refused": {func(m *mount) {
			m.Paxos.FailNext(paxostest.Operations, paxostest.Fault{}, paxostest.Fault{}, paxostest.Fault{Status: 403,
				Body: `{"detail":"insufficient scopes: found 'A'"}`})
		}, "unknown", "unknown", "for its scope (HTTP 403)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newConfiguredMount(t)
			test.prepare(m)
			calls := m.Paxos.Calls(paxostest.TokenEndpoint)
			resp := m.Must(logical.UpdateOperation, "probe", map[string]any{"check_signing": true})
			m.expectFound(resp, map[string]any{"signing_enforced": test.enforced, "signature_accepted": test.accepted,
				"signing_client_id": m.Client.ClientID, "signing_checked_at": resp.Data["at"], "token_calls": 3})
			if problems := fmt.Sprint(resp.Data["problems"]); !strings.Contains(problems, test.problem) {
				t.Errorf("the problems are %s, want %q", problems, test.problem)
			}
			if got := m.Paxos.Calls(paxostest.TokenEndpoint) - calls; got != 3 {
				t.Errorf("it cost %d token requests, want 3", got)
			}
			if live, executed := m.Paxos.LiveTokens(), m.Paxos.Executed(); len(live)+len(executed) != 0 {
				t.Errorf("alive at Paxos: %v; executed: %v", live, executed)
			}
		})
	}
}

// TestAnExecutedCheckAlarms has Paxos accept a withdrawal with an empty body.
func TestAnExecutedCheckAlarms(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.Paxos.FailAll(paxostest.Operations, paxostest.Fault{Body: "{}"})
	resp := m.Must(logical.UpdateOperation, "probe", map[string]any{"check_signing": true})
	m.expectFound(resp, map[string]any{"signing_enforced": "not_enforced"})
	if !strings.Contains(fmt.Sprint(resp.Data["problems"]), "accepted a withdrawal with an empty body") ||
		!strings.Contains(m.Log.String(), "[ERROR]") && !strings.Contains(m.Log.String(), `"@level":"error"`) {
		t.Errorf("the problems are %v, the log is %s", resp.Data["problems"], m.Log.String())
	}
}

// TestACheckOfSigningOfAStoredClient uses the client's own token and key, and a later probe without
// a check keeps the result.
func TestACheckOfSigningOfAStoredClient(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.Must(logical.UpdateOperation, "probe", nil)
	data := m.dashboard("team", []string{"funding:read_profile", "transfer:write_crypto_withdrawal"})
	data["purpose"], data["scopes"] = "mint", "funding:read_profile,transfer:write_crypto_withdrawal"
	id := data["client_id"].(string)
	m.Must(logical.UpdateOperation, "clients/team", data)
	m.Must(logical.UpdateOperation, "keys/team", map[string]any{"client": "team"})
	m.register("team", 1, id)
	m.enforce(0, id)
	m.Clock.Advance(10 * time.Minute)
	want := map[string]any{"signing_enforced": "enforced", "signature_accepted": "yes", "signing_client_id": id,
		"signing_checked_at": m.Clock.Now().Format(time.RFC3339)}
	resp := m.Must(logical.UpdateOperation, "probe", map[string]any{"check_signing": true, "client": "team"})
	m.expectFound(resp, want)
	// it did not ask this time, and keeps what it knew
	m.expectFound(resp, map[string]any{"client_id": m.Client.ClientID, "auth_style_basic": "no"})
	m.Clock.Advance(10 * time.Minute)
	m.Restart()
	m.expectFound(m.Must(logical.UpdateOperation, "probe", nil), want)
}

// TestACheckOfSigningIsRefused for bad parameters without a call, and in a lockdown that begins
// while it runs before the withdrawal is sent.
func TestACheckOfSigningIsRefused(t *testing.T) {
	t.Parallel()
	m := newPool(t, 1, nil)
	data := m.dashboard("off", []string{"funding:read_profile"})
	data["purpose"], data["scopes"], data["disabled"] = "mint", "funding:read_profile", true
	m.Must(logical.UpdateOperation, "clients/off", data)
	before := m.Paxos.TotalCalls()
	for _, test := range []struct {
		data map[string]any
		says string
	}{
		{map[string]any{"client": "c0"}, "only with check_signing=true"},
		{map[string]any{"client": "c0", "check_signing": true}, "has purpose=lease"},
		{map[string]any{"client": "none", "check_signing": true}, "does not exist"},
		{map[string]any{"client": "off", "check_signing": true}, "cannot be checked"},
		{map[string]any{"check_signing": "perhaps"}, "check_signing"},
	} {
		if status, text := m.Refused(logical.UpdateOperation, "probe", test.data); status != 400 ||
			!strings.Contains(text, test.says) {
			t.Errorf("%v: %d %s; want %q", test.data, status, text, test.says)
		}
	}
	if calls := m.Paxos.TotalCalls() - before; calls != 0 {
		t.Errorf("%d calls were made", calls)
	}
}

// TestALockdownStopsACheck begins one while the token for the withdrawal is requested: the token is
// ended and no withdrawal sent.
func TestALockdownStopsACheck(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	hold := make(chan struct{})
	m.Paxos.FailNext(paxostest.TokenEndpoint, paxostest.Fault{}, paxostest.Fault{}, paxostest.Fault{Hold: hold})
	requests := m.Paxos.Calls(paxostest.TokenEndpoint)
	done := make(chan int)
	go func() {
		status, _ := m.Refused(logical.UpdateOperation, "probe", map[string]any{"check_signing": true})
		done <- status
	}()
	backendtest.WaitUntil(t, func() bool { return m.Paxos.Calls(paxostest.TokenEndpoint) == requests+3 })
	calls := m.Paxos.Calls(paxostest.Operations)
	m.Must(logical.UpdateOperation, "lockdown", nil)
	close(hold)
	if status := <-done; status != http.StatusForbidden {
		t.Errorf("the probe answers %d", status)
	}
	if got := m.Paxos.Calls(paxostest.Operations) - calls; got != 0 {
		t.Errorf("%d calls were made in the lockdown", got)
	}
	if live := m.Paxos.LiveTokens(); len(live) != 0 {
		t.Errorf("alive at Paxos: %v", live)
	}
}

// TestALockdownStopsTheNextAttempt begins one while Paxos answers the unsigned withdrawal: the signed one
// is neither signed nor sent.
func TestALockdownStopsTheNextAttempt(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.withKey()
	calls := m.Paxos.Calls(paxostest.Operations)
	m.Must(logical.UpdateOperation, "probe", nil)
	before := m.Paxos.Calls(paxostest.Operations) - calls // the calls of a probe without the check
	m.Clock.Advance(time.Hour)                            // two probes one after the other are refused
	hold := make(chan struct{})
	m.Paxos.FailNext(paxostest.Operations, append(make([]paxostest.Fault, before), paxostest.Fault{Hold: hold})...)
	calls = m.Paxos.Calls(paxostest.Operations)
	done := make(chan int)
	go func() {
		status, _ := m.Refused(logical.UpdateOperation, "probe", map[string]any{"check_signing": true})
		done <- status
	}()
	backendtest.WaitUntil(t, func() bool { return m.Paxos.Calls(paxostest.Operations)-calls == before+1 })
	m.Must(logical.UpdateOperation, "lockdown", nil)
	close(hold)
	if status := <-done; status != http.StatusForbidden {
		t.Errorf("the probe answers %d", status)
	}
	if got := m.Paxos.Calls(paxostest.Operations) - calls - before; got != 1 {
		t.Errorf("%d withdrawals were tried, want 1", got)
	}
}

// TestReportsBelieveACheckOfSigning checks the root and then another client that pays: the finding
// goes for each when its own check has shown enforcement, and an inconclusive check takes nothing
// back.
func TestReportsBelieveACheckOfSigning(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.demandWithdrawals(401)
	data := m.dashboard("team", []string{"funding:read_profile", "transfer:write_crypto_withdrawal"})
	data["purpose"], data["scopes"] = "mint", "funding:read_profile,transfer:write_crypto_withdrawal"
	data["allowed_roles"] = "team"
	m.Must(logical.UpdateOperation, "clients/team", data)
	for role, client := range map[string]string{"payer": "", "team": "team"} {
		m.Must(logical.UpdateOperation, "roles/"+role,
			map[string]any{"scopes": "transfer:write_crypto_withdrawal", "client": client})
	}
	open := func(want ...string) {
		t.Helper()
		found := []string{}
		for _, rule := range rules(m.report("least-privilege")) {
			if subject, ok := strings.CutPrefix(rule, "high signing-not-enforced "); ok {
				found = append(found, subject)
			}
		}
		slices.Sort(found)
		if !slices.Equal(found, want) {
			t.Errorf("signing is not known to be enforced for %q, want %q", found, want)
		}
	}
	check := func(client string) {
		m.Clock.Advance(10 * time.Minute)
		m.Must(logical.UpdateOperation, "probe", map[string]any{"check_signing": true, "client": client})
	}
	open("client clients/team", "client root")
	check("")
	open("client clients/team")
	check("team")
	open()
	m.silent()
	check("team")
	m.Restart()
	open()
	m.Paxos.Heal()
	if err := m.Paxos.EnforceSignatures(paxostest.Enforcement{}); err != nil {
		t.Fatal(err)
	}
	check("")
	open("client root")
}
