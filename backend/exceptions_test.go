package backend_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// urlException accepts a finding that every mount of the tests has: http in token_url.
var urlException = map[string]any{"rule": "dangerous-option", "subject": "config/connection",
	"reason": "a test server", "expires_at": "90d"}

// acceptAs writes an exception as somebody Vault knows.
func (m *mount) acceptAs(entity, name, exception string, data map[string]any) {
	m.T.Helper()
	resp, err := m.Backend.HandleRequest(context.Background(), &logical.Request{
		Operation: logical.CreateOperation, Path: "exceptions/" +
			exception, Data: data, Storage: m.Storage, EntityID: entity, DisplayName: name, MountPoint: "paxos/",
	})
	if err != nil || resp.IsError() {
		m.T.Fatalf("accepting as %s: %v %v", name, resp, err)
	}
}

// accepted lists the accepted findings of a report as severity, rule and subject.
func accepted(report map[string]any) []string {
	return rules(map[string]any{"findings": report["accepted"]})
}

func TestAnAcceptedFindingStandsApart(t *testing.T) {
	t.Parallel()
	m := newTidyMount(t)
	m.acceptAs("entity-1", "userpass-jo", "url", urlException)
	got := m.report("least-privilege")
	if fmt.Sprint(rules(got), accepted(got), got["accepted_count"]) != "[] ["+tidy+"] 1" ||
		fmt.Sprint(got["counts"]) != "map[high:0 info:0 low:0 medium:0]" {
		t.Errorf("open %v, accepted %v (%v), counts %v", rules(got), accepted(got), got["accepted_count"],
			got["counts"])
	}
	one := got["accepted"].([]any)[0].(map[string]any)
	for name, want := range map[string]string{
		"exception": "exceptions/url", "accepted_reason": "a test server",
		"accepted_by": "userpass-jo (entity entity-1)",
		"accepted_at": "2026-11-01T12:01:00Z", "expires_at": "2027-01-30T12:01:00Z", "note": "",
	} {
		if one[name] != want {
			t.Errorf("%s is %q, want %q", name, one[name], want)
		}
	}
	high := m.Must(logical.ReadOperation, "report/least-privilege", map[string]any{"severity": "high"}).Data
	if len(high["accepted"].([]any)) != 0 || high["accepted_count"] != float64(1) {
		t.Errorf("of severity high %v are accepted, of all %v", high["accepted"], high["accepted_count"])
	}
	read := m.Must(logical.ReadOperation, "exceptions/url", nil).Data
	if read["display_name"] != "userpass-jo" || read["entity_id"] != "entity-1" ||
		read["created_at"] != "2026-11-01T12:01:00Z" || read["expired"] != false ||
		fmt.Sprint(read["accepted"]) != "[map[evidence:[token_url] severity:medium]]" {
		t.Errorf("a read answers %v", read)
	}
	if keys := m.Must(logical.ListOperation, "exceptions/", nil).Data["keys"]; fmt.Sprint(keys) != "[url]" {
		t.Errorf("a list has %v", keys)
	}
	m.Restart()
	if got := m.report("least-privilege"); len(accepted(got)) != 1 {
		t.Errorf("after a restart %v are accepted", accepted(got))
	}
	m.Must(logical.DeleteOperation, "exceptions/url", nil)
	if got := m.report("least-privilege"); fmt.Sprint(rules(got), accepted(got)) != "["+tidy+"] []" {
		t.Errorf("after the exception's end: open %v, accepted %v", rules(got), accepted(got))
	}
}

func TestAnExceptionEndsWithWhatItAccepted(t *testing.T) {
	t.Parallel()
	pay := map[string]any{"rule": "moves-money", "subject": "roles/pay", "reason": "it is the payment role",
		"expires_at": "2027-06-01T00:00:00Z"}
	mover := func(m *mount) {
		m.EditClient(m.Client.ClientID, func(c *paxostest.Credential) {
			c.Scopes = append(c.Scopes, "transfer:write_crypto_withdrawal", "transfer:write_fiat_withdrawal")
		})
		m.Must(logical.UpdateOperation, "roles/pay", map[string]any{"scopes": "transfer:write_crypto_withdrawal"})
		m.compare()
	}
	for name, test := range map[string]struct {
		prepare   func(*mount)
		exception map[string]any
		change    func(*mount)
		holds     bool
		note      string // in the finding that is open again
	}{
		"another evidence": {nil, urlException, func(m *mount) {
			m.Must(logical.UpdateOperation, "config/connection", map[string]any{"never_revoke": true})
		}, true, ""}, // of the new option there is a finding of its own, which is open
		"a role with more scopes": {mover, pay, func(m *mount) {
			m.Must(logical.UpdateOperation, "roles/pay",
				map[string]any{"scopes": "transfer:write_crypto_withdrawal,transfer:write_fiat_withdrawal"})
		}, false, "exceptions/x no longer applies: the finding is not what it was when it was accepted at " +
			"2026-11-01T12:02:00Z."},
		"a role with another scope that is no money's": {mover, pay, func(m *mount) {
			m.Must(logical.UpdateOperation, "roles/pay",
				map[string]any{"scopes": "transfer:write_crypto_withdrawal,funding:read_profile"})
		}, false, "no longer applies"},
		"a role made again under its name": {mover, pay, func(m *mount) {
			m.Must(logical.DeleteOperation, "roles/pay", nil)
			m.Clock.Advance(time.Second)
			m.Must(logical.UpdateOperation, "roles/pay", map[string]any{"scopes": "transfer:write_crypto_withdrawal"})
		}, false, "no longer applies"},
		"a role that was rotated": {mover, pay, func(m *mount) {
			m.Must(logical.UpdateOperation, "roles/pay/rotate", nil)
		}, true, ""},
		"a role that was read": {mover, pay, func(m *mount) {
			m.Must(logical.ReadOperation, "token/pay", nil)
		}, true, ""},
		"its time": {mover, pay, func(m *mount) { m.Clock.Advance(212 * 24 * time.Hour) }, false,
			"exceptions/x expired at 2027-06-01T00:00:00Z."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newTidyMount(t)
			if test.prepare != nil {
				test.prepare(m)
			}
			m.Must(logical.UpdateOperation, "exceptions/x", test.exception)
			kind, subject := test.exception["rule"].(string), test.exception["subject"].(string)
			if f := finding(m.report("least-privilege"), kind, subject); f != nil {
				t.Fatalf("it is not accepted: %v", f)
			}
			test.change(m)
			got := m.report("least-privilege")
			isHeld := slices.ContainsFunc(accepted(got), func(f string) bool {
				return strings.HasSuffix(f, " "+kind+" "+subject)
			})
			if isHeld != test.holds {
				t.Errorf("accepted are %v, open %v", accepted(got), rules(got))
			}
			f := finding(got, kind, subject)
			if test.note != "" && (f == nil || !strings.Contains(f["note"].(string), test.note)) {
				t.Errorf("the finding is %v, want the note %q", f, test.note)
			}
			if !test.holds { // as it has become it can be accepted again
				m.Must(logical.UpdateOperation, "exceptions/x", map[string]any{"expires_at": "30d"})
				if f := finding(m.report("least-privilege"), kind, subject); f != nil {
					t.Errorf("accepted again, it is open: %v", f)
				}
			}
		})
	}
}

// TestAnotherDangerIsNotAcceptedWithTheFirst writes a second dangerous option at a path
// whose first is accepted.
func TestAnotherDangerIsNotAcceptedWithTheFirst(t *testing.T) {
	t.Parallel()
	m := newTidyMount(t)
	m.Must(logical.UpdateOperation, "exceptions/x", urlException)
	m.Must(logical.UpdateOperation, "config/connection", map[string]any{"never_revoke": true})
	got := m.report("least-privilege")
	if fmt.Sprint(rules(got)) != "[high dangerous-option config/connection]" || len(accepted(got)) != 1 {
		t.Errorf("open %v, accepted %v", rules(got), accepted(got))
	}
}

// TestOtherEvidenceIsNotAccepted gives a client that nobody knows another Label: its
// severity stays, its evidence does not.
func TestOtherEvidenceIsNotAccepted(t *testing.T) {
	t.Parallel()
	m := newListingMount(t)
	if _, _, err := m.Paxos.CreateCredential(paxostest.Credential{ClientID: "stranger", Nickname: "ci",
		Scopes: []string{"funding:read_profile"}}); err != nil {
		t.Fatal(err)
	}
	m.compare()
	m.Must(logical.UpdateOperation, "exceptions/ci",
		map[string]any{"rule": "client-unknown", "subject": "credential stranger", "reason": "of team CI",
			"expires_at": "90d"})
	if got := m.compare(); len(rules(got)) != 0 || got["accepted_count"] != float64(1) {
		t.Errorf("open %v, accepted %v", rules(got), accepted(got))
	}
	m.EditClient("stranger", func(c *paxostest.Credential) { c.Nickname = "somebody else's" })
	f := finding(m.compare(), "client-unknown", "credential stranger")
	if f == nil || !strings.Contains(f["note"].(string), "exceptions/ci no longer applies") {
		t.Errorf("found is %v", f)
	}
}

func TestAnExpiredExceptionIsAFinding(t *testing.T) {
	t.Parallel()
	m := newTidyMount(t)
	m.Must(logical.UpdateOperation, "exceptions/x",
		map[string]any{"rule": "dangerous-option", "subject": "config/connection", "reason": "a test",
			"expires_at": "3600"})
	m.Clock.Advance(time.Hour)
	for _, report := range []string{"least-privilege", "drift"} {
		f := finding(m.report(report), "exception-expired", "exceptions/x")
		if f == nil || !strings.Contains(f["fix"].(string), "vault write paxos/exceptions/x expires_at=90d") ||
			f["suggestion"] != "vault delete paxos/exceptions/x" {
			t.Errorf("%s has %v", report, f)
		}
	}
	if read := m.Must(logical.ReadOperation, "exceptions/x", nil).Data; read["expired"] != true {
		t.Errorf("a read answers %v", read)
	}
	m.run("vault delete paxos/exceptions/x")
	if f := finding(m.report("drift"), "exception-expired", "exceptions/x"); f != nil {
		t.Errorf("found is still %v", f)
	}
}

func TestBadExceptions(t *testing.T) {
	t.Parallel()
	m := newTidyMount(t)
	with := func(changes map[string]any) map[string]any {
		data := map[string]any{}
		for _, all := range []map[string]any{urlException, changes} {
			for name, value := range all {
				if data[name] = value; value == nil {
					delete(data, name)
				}
			}
		}
		return data
	}
	m.Must(logical.UpdateOperation, "exceptions/there", urlException)
	before := m.Stored()
	for name, test := range map[string]struct {
		path string
		data map[string]any
		says string
	}{
		"an unknown rule": {"new", with(map[string]any{"rule": "money"}),
			"rule must be one of: administers, allowlist-changed"},
		"no rule":                {"new", with(map[string]any{"rule": nil}), "rule must be one of"},
		"the rule on exceptions": {"new", with(map[string]any{"rule": "exception-expired"}), "rule must be one of"},
		"no subject":             {"new", with(map[string]any{"subject": nil}), "subject must be"},
		"a subject without finding": {"new", with(map[string]any{"subject": "config/guardrails"}),
			"no finding dangerous-option on this subject now. They have it on: config/connection"},
		"a rule without finding":     {"new", with(map[string]any{"rule": "secret-old"}), "no finding secret-old now"},
		"a subject in other letters": {"new", with(map[string]any{"subject": "Config/connection"}), "no finding"},
		"no reason":                  {"new", with(map[string]any{"reason": " "}), "reason must say"},
		"too long a reason": {"new", with(map[string]any{"reason": strings.Repeat("x", 1025)}),
			"reason must say"},
		"no end": {"new", with(map[string]any{"expires_at": nil}), "expires_at must be"},
		"an end in the past": {"new", with(map[string]any{"expires_at": "2026-10-31T00:00:00Z"}),
			"expires_at must be"},
		"an end now":          {"new", with(map[string]any{"expires_at": "0s"}), "expires_at must be"},
		"an end before now":   {"new", with(map[string]any{"expires_at": "-1h"}), "expires_at must be"},
		"days without a unit": {"new", with(map[string]any{"expires_at": "90"}), "at least one hour"},
		"an end too far":      {"new", with(map[string]any{"expires_at": "366d"}), "at most one year"},
		"a time too far": {"new", with(map[string]any{"expires_at": "2028-01-01T00:00:00Z"}),
			"at most one year"},
		"an end past all time": {"new", with(map[string]any{"expires_at": "9223372036854775807"}),
			"expires_at must be"},
		"an end that is no time": {"new", with(map[string]any{"expires_at": "soon"}), "expires_at must be"},
		"another rule": {"there", map[string]any{"rule": "secret-old"},
			"rule and subject cannot be changed"},
		"another subject": {"there", map[string]any{"subject": "config"},
			"rule and subject cannot be changed"},
		"who wrote it": {"there", map[string]any{"entity_id": "another"}, "Unknown parameter"},
	} {
		status, text := m.Refused(logical.UpdateOperation, "exceptions/"+test.path, test.data)
		if status != 400 || !strings.Contains(text, test.says) {
			t.Errorf("%s: %d %s; want 400 and %q", name, status, text, test.says)
		}
	}
	if m.Stored() != before {
		t.Error("something was stored")
	}
}

// TestEveryFindingOfTheTestsCanBeAccepted accepts all that the reports say of a mount.
func TestEveryFindingOfTheTestsCanBeAccepted(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t) // of everything something is wrong
	m.EditClient(m.Client.ClientID, func(c *paxostest.Credential) {
		c.Scopes = append(c.Scopes, backendtest.ListScope)
	})
	if _, _, err := m.Paxos.CreateCredential(paxostest.Credential{ClientID: "stranger", Nickname: "vault-x",
		Scopes: []string{"funding:read_profile"}}); err != nil {
		t.Fatal(err)
	}
	m.compare()
	number := 0
	for _, name := range []string{"least-privilege", "drift"} {
		for _, f := range m.report(name)["findings"].([]any) {
			f := f.(map[string]any)
			number++
			m.Must(logical.UpdateOperation, fmt.Sprintf("exceptions/x%d", number),
				map[string]any{"rule": f["rule"], "subject": f["subject"], "reason": "a test", "expires_at": "1h"})
		}
	}
	for _, name := range []string{"least-privilege", "drift"} {
		if got := m.report(name); len(rules(got)) != 0 || got["accepted_count"].(float64) < 4 {
			t.Errorf("%s: open %v, accepted %v", name, rules(got), accepted(got))
		}
	}
	m.Clock.Advance(10 * time.Minute) // what changes with time alone voids nothing
	m.compare()
	for _, name := range []string{"least-privilege", "drift"} {
		if got := m.report(name); len(rules(got)) != 0 {
			t.Errorf("%s, later: open %v", name, rules(got))
		}
	}
}
