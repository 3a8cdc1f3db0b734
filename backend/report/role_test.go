package report_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/backend/report"
)

// hold lets the root client hold more scopes.
func hold(f *report.Facts, scopes ...string) { listed(f).Scopes = append(listed(f).Scopes, scopes...) }

// forbid lets the guardrails forbid a scope.
func forbid(f *report.Facts, scope string) {
	f.Guardrails.Forbids = func(asked string) bool { return asked == scope }
}

// notHintedAt is an uncatalogued scope that resembles none.
const notHintedAt = "zzzz:qqqq_wwww"

// ofRoles are changes of roles whose readers get tokens.
var ofRoles = []deserving{
	{"a role beyond the guardrails", func(f *report.Facts) {
		forbid(f, writeScope)
		hold(f, writeScope)
		addRole(f, "team", readScope, writeScope)
	}, []want{
		{"medium beyond-guardrails roles/team", writeScope + " (write)",
			"vault patch paxos/roles/team scopes=" + readScope, ""},
	}},
	{"a role of scope sets and operations beyond the guardrails", func(f *report.Facts) {
		forbid(f, writeScope)
		hold(f, writeScope)
		r := addRole(f, "team", readScope, writeScope)
		r.ByScopeSets, r.ByOperations = true, true
	}, []want{
		{"medium beyond-guardrails roles/team", writeScope + " (write)",
			"vault patch paxos/roles/team scopes=" + readScope + " scope_sets= operations=", ""},
	}},
	{"a role that is wholly beyond the guardrails", func(f *report.Facts) {
		forbid(f, moneyScope)
		hold(f, moneyScope)
		addRole(f, "team", moneyScope)
	}, []want{
		{"medium beyond-guardrails roles/team", moneyScope + " (moves-money)", "",
			"vault patch paxos/roles/team disabled=true"},
	}},
	{"a role that is disabled", func(f *report.Facts) {
		forbid(f, readScope)
		f.Roles = nil
		r := addRole(f, "team", readScope)
		r.Disabled, r.LastIssued, r.TTL, r.Dangers = true, time.Time{}, 2*time.Hour, []string{"unique_tokens: it costs"}
	}, []want{{"low scopes-of-disabled-roles client root", readScope + " (read)", "# check", "from root-id"}}},
	{"a role whose client lacks scopes", func(f *report.Facts) { addRole(f, "team", readScope, moneyScope) }, []want{
		{"medium scopes-lacking roles/team", moneyScope + " (moves-money)", "add the scopes in evidence to client root",
			"vault patch paxos/roles/team scopes=" + readScope},
	}},
	{"a role whose client's scopes are not known", func(f *report.Facts) {
		addRole(f, "team", writeScope)
		f.List = report.List{}
	}, []want{{"info never-compared report/drift", "", "vault read", ""}}},
	{"a role whose client is not stored", func(f *report.Facts) {
		addRole(f, "team", writeScope).Client = "clients/gone"
		addRole(f, "off", writeScope).Client = "clients/gone too"
		f.Roles[2].Disabled = true
	}, nil},
	{"a role of an uncatalogued scope", func(f *report.Facts) {
		hold(f, unknownScope, notHintedAt)
		addRole(f, "team", unknownScope, notHintedAt, readScope)
	}, []want{
		{"low scopes-uncatalogued roles/team",
			unknownScope + " (did you mean " + readScope + " or transfer:read_transfer_limit?); " + notHintedAt,
			"# check their spelling", "vault patch paxos/roles/team scopes=" + readScope},
		{"medium moves-money roles/team", unknownScope + "; " + notHintedAt, "# check which Vault policies",
			"vault patch paxos/roles/team scopes=" + readScope},
	}},
	{"a role that moves money", func(f *report.Facts) {
		hold(f, moneyScope)
		addRole(f, "pay", moneyScope, readScope)
	}, []want{
		{"medium moves-money roles/pay", moneyScope, "allow reads of creds/pay and token/pay",
			"vault patch paxos/roles/pay scopes=" + readScope},
	}},
	{"a role of an administrator", func(f *report.Facts) {
		hold(f, adminScope)
		addRole(f, "clean", adminScope)
	}, []want{
		{"high administers roles/clean", adminScope, "allow reads of creds/clean and token/clean",
			"vault patch paxos/roles/clean disabled=true"},
	}},
	{"a role of the longest leases that are allowed", func(f *report.Facts) { f.Roles[0].TTL = time.Hour }, nil},
	{"a role of longer leases than are allowed", func(f *report.Facts) {
		f.Roles[0].TTL, f.Roles[0].MaxTTL = time.Hour+time.Second, 2*time.Hour
	}, []want{
		{"low leases-beyond-guardrails roles/reader", "ttl=1h0m1s; max_ttl=2h0m0s",
			"vault patch paxos/roles/reader ttl=1h0m0s max_ttl=1h0m0s", ""},
	}},
	{"a role of a longer maximum than is allowed", func(f *report.Facts) { f.Roles[0].MaxTTL = 2 * time.Hour }, []want{
		{"low leases-beyond-guardrails roles/reader", "ttl=1m0s; max_ttl=2h0m0s",
			"vault patch paxos/roles/reader max_ttl=1h0m0s", ""},
	}},
	{"a role that was read 30 days ago", func(f *report.Facts) { f.Roles[0].LastIssued = now.Add(-30 * day) }, nil},
	{"a role that was read longer ago", func(f *report.Facts) {
		f.Roles[0].LastIssued = now.Add(-30*day - time.Second)
	}, []want{
		{"low role-unused roles/reader", "last_issued_at=2026-10-02T11:59:59Z", "# ask the role's owner",
			"vault delete paxos/roles/reader"},
	}},
	{"a new role that was never read", func(f *report.Facts) {
		f.Roles[0].LastIssued, f.Roles[0].CreatedAt = time.Time{}, now.Add(-30*day)
	}, nil},
	{"an old role that moves money and was never read", func(f *report.Facts) {
		hold(f, moneyScope)
		addRole(f, "pay", moneyScope).LastIssued = time.Time{}
	}, []want{
		{"medium moves-money roles/pay", moneyScope, "# check", "vault patch paxos/roles/pay disabled=true"},
		{"medium role-unused roles/pay", "never since created_at=2026-07-24T12:00:00Z", "# ask the role's owner",
			"vault delete paxos/roles/pay"},
	}},
	{"a role of a client of another purpose", func(f *report.Facts) {
		addClient(f, "two", "standby")
		addRole(f, "team", readScope).Client = "clients/two"
		hold(f)
		f.List.Credentials[1].Scopes = []string{readScope}
	}, []want{
		{"medium client-of-another-purpose roles/team", "client=two; purpose=standby", "store it with purpose=mint",
			""},
	}},
	{"a role of a client without a purpose", func(f *report.Facts) {
		addClient(f, "two", "", readScope)
		addRole(f, "team", readScope).Client = "clients/two"
	}, []want{
		{"medium client-without-purpose client clients/two", "client_id=two-id", "vault patch paxos/clients/two ", ""},
		{"medium client-of-another-purpose roles/team", "client=two; no purpose", "store it with purpose=mint", ""},
	}},
}

// ofLeases are changes of roles whose readers lease clients.
var ofLeases = []deserving{
	{"a role that leases a client of risk write", func(f *report.Facts) {
		addClient(f, "two", "lease", writeScope)
		addLeasingRole(f, "vendor", "two")
	}, nil},
	{"a role that leases clients that move money", func(f *report.Facts) {
		addClient(f, "two", "lease", readScope)
		addClient(f, "three", "lease", moneyScope)
		addLeasingRole(f, "vendor", "two", "three")
	}, []want{
		{"medium leases-money roles/vendor", moneyScope + " (moves-money); " + readScope + " (read)",
			"credential_type=access_token", "vault patch paxos/roles/vendor disabled=true"},
	}},
	{"a role that leases clients and is disabled", func(f *report.Facts) {
		addClient(f, "two", "lease", moneyScope)
		r := addLeasingRole(f, "vendor", "two")
		r.Disabled, r.LastIssued, r.Dangers = true, time.Time{}, []string{"on_revoke=return_unrotated: shared"}
	}, []want{
		{"medium scopes-of-disabled-roles client clients/two", moneyScope + " (moves-money)", "# check",
			"from two-id, or delete the roles"},
	}},
	{"a role that leases clients and was read long ago", func(f *report.Facts) {
		addClient(f, "two", "lease", writeScope)
		addLeasingRole(f, "vendor", "two", "gone").LastIssued = now.Add(-31 * day)
	}, []want{
		{"low role-unused roles/vendor", "last_issued_at=2026-10-01T12:00:00Z", "# ask the role's owner",
			"vault delete paxos/roles/vendor"},
	}},
	{"a role that leases clients and whose leases are too long", func(f *report.Facts) {
		addClient(f, "two", "lease", writeScope)
		addLeasingRole(f, "vendor", "two").MaxTTL = 90 * time.Minute
	}, []want{
		{"low leases-beyond-guardrails roles/vendor", "ttl=1m0s; max_ttl=1h30m0s",
			"vault patch paxos/roles/vendor max_ttl=1h0m0s", ""},
	}},
	{"a role that leases clients of another purpose", func(f *report.Facts) {
		addClient(f, "two", "mint", readScope)
		addLeasingRole(f, "vendor", "two")
	}, []want{
		{"medium client-of-another-purpose roles/vendor", "client=two; purpose=mint", "store it with purpose=lease",
			""},
	}},
	{"a role that returns clients unrotated", func(f *report.Facts) {
		addClient(f, "two", "lease", readScope)
		addLeasingRole(f, "vendor", "two").Dangers = []string{"on_revoke=return_unrotated: two holders"}
	}, []want{
		{"medium dangerous-option roles/vendor", "on_revoke=return_unrotated", "",
			"vault patch paxos/roles/vendor on_revoke=quarantine"},
	}},
}

// TestScopesAreShownWithTheRolesThatGiveThem has a role that lacks a scope, one that may not give one,
// one that is disabled, and one that leases a client.
func TestScopesAreShownWithTheRolesThatGiveThem(t *testing.T) {
	t.Parallel()
	f := tidy(func(f *report.Facts) {
		forbid(f, moneyScope)
		hold(f, moneyScope)
		addRole(f, "team", readScope, moneyScope, writeScope)
		addRole(f, "off", readScope).Disabled = true
		addClient(f, "two", "lease", unknownScope)
		addLeasingRole(f, "vendor", "two")
	})
	var got []string
	for _, s := range report.LeastPrivilege(f).Scopes() {
		s := s.(map[string]any)
		got = append(got, fmt.Sprint(s["scope"], " ", s["risk"], " ", s["catalogued"], " ", s["roles"]))
	}
	want := readScope + " read true [reader team], " + unknownScope + " moves-money false [vendor]"
	if strings.Join(got, ", ") != want {
		t.Errorf("shown are %s, want %s", strings.Join(got, ", "), want)
	}
}

// TestHintsAreForTheFirstThousandScopes has more scopes that the catalogue lacks than are searched for.
func TestHintsAreForTheFirstThousandScopes(t *testing.T) {
	t.Parallel()
	var scopes []string
	for i := range 999 {
		scopes = append(scopes, fmt.Sprintf("zzzz:q%d", i))
	}
	scopes = append(scopes, unknownScope, unknownScope+"x")
	f := tidy(func(f *report.Facts) {
		hold(f, scopes...)
		addRole(f, "team", scopes...)
	})
	for _, finding := range found(f) {
		if finding.Rule != "scopes-uncatalogued" {
			continue
		}
		last := finding.Evidence[len(finding.Evidence)-2:]
		if !strings.Contains(last[0], "did you mean") || last[1] != unknownScope+"x" {
			t.Errorf("the last two are %q", last)
		}
		return
	}
	t.Errorf("found are %v", titles(found(f)))
}
