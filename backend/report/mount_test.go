package report_test

import (
	"fmt"
	"testing"

	"vault-plugin-secrets-paxos/backend/report"
)

// ofMounts are changes of the settings of the whole mount.
var ofMounts = []deserving{
	{"tokens that are never revoked", func(f *report.Facts) {
		f.ConnectionDangers = []string{"never_revoke: tokens stay valid"}
	}, []want{
		{"high dangerous-option config/connection", "never_revoke",
			"vault patch paxos/config/connection never_revoke=false", ""},
	}},
	{"an address without TLS", func(f *report.Facts) {
		f.ConnectionDangers = []string{"token_url: secrets are sent unencrypted, to host: 1"}
	}, []want{{"medium dangerous-option config/connection", "token_url", "# enable another mount", ""}}},
	{"guardrails that allow administrators", func(f *report.Facts) {
		f.Guardrails.Dangers = []string{"allow_admin_scopes: roles may delete credentials"}
	}, []want{
		{"high dangerous-option config/guardrails", "allow_admin_scopes", "",
			"vault patch paxos/config/guardrails allow_admin_scopes=false"},
	}},
	{"guardrails that allow clients of another Entity", func(f *report.Facts) {
		f.Guardrails.Dangers = []string{"require_entity_match=false: any Entity"}
	}, []want{
		{"medium dangerous-option config/guardrails", "require_entity_match=false", "",
			"vault patch paxos/config/guardrails require_entity_match=true"},
	}},
	{"guardrails that allow uncatalogued scopes, of which there are none", func(f *report.Facts) {
		f.Guardrails.AllowUncatalogued = true
	}, []want{
		{"info dangerous-option config/guardrails", "allow_uncatalogued_scopes", "",
			"vault patch paxos/config/guardrails allow_uncatalogued_scopes=false"},
	}},
	{"guardrails that allow uncatalogued scopes, of which there are some", func(f *report.Facts) {
		f.Guardrails.AllowUncatalogued = true
		hold(f, notHintedAt)
		addRole(f, "team", notHintedAt)
	}, []want{
		{"low dangerous-option config/guardrails", "allow_uncatalogued_scopes", "",
			"vault patch paxos/config/guardrails allow_uncatalogued_scopes=false"},
		{"low scopes-uncatalogued roles/team", notHintedAt, "# check", "vault patch paxos/roles/team disabled=true"},
		{"medium moves-money roles/team", notHintedAt, "# check", "vault patch paxos/roles/team disabled=true"},
	}},
	{"a role that cannot be read", func(f *report.Facts) { f.UnreadableRoles = []string{"broken"} }, []want{
		{"medium entry-unreadable roles/broken", "", "# upgrade the plugin", "vault delete paxos/roles/broken"},
	}},
	{"unique tokens of half the budget", func(f *report.Facts) { unique(f, "one", 20, "two", 30) }, nil},
	{"unique tokens of more than half the budget", func(f *report.Facts) { unique(f, "one", 20, "two", 31) }, []want{
		{"medium unique-tokens-beyond-budget config", "roles/one; roles/two; mint_limits=51 of 50", "",
			"vault patch paxos/roles/two unique_tokens=false"},
	}},
	{"unique tokens of a budget of one", func(f *report.Facts) {
		f.Settings.TokenBudget = 1
		unique(f, "one", 1)
	}, nil},
	{"unique tokens without a budget", func(f *report.Facts) {
		f.Settings.TokenBudget = 0
		unique(f, "one", 1000)
	}, nil},
	{"unique tokens of many roles", func(f *report.Facts) {
		for i := range 12 {
			unique(f, fmt.Sprintf("app-%02d", i), 5)
		}
	}, []want{
		{"medium unique-tokens-beyond-budget config", "roles/app-00; roles/app-01; roles/app-02; roles/app-03; " +
			"roles/app-04; roles/app-05; roles/app-06; roles/app-07; roles/app-08; roles/app-09; and 2 more; " +
			"mint_limits=60 of 50", "", "vault patch paxos/roles/app-00 unique_tokens=false"},
	}},
}

// unique adds roles of unique_tokens with these limits.
func unique(f *report.Facts, namesAndLimits ...any) {
	for i := 0; i < len(namesAndLimits); i += 2 {
		r := addRole(f, namesAndLimits[i].(string), readScope)
		r.UniqueTokens, r.MintLimit = true, namesAndLimits[i+1].(int)
	}
}

func TestClientsAreShownWithWhatTheyHold(t *testing.T) {
	t.Parallel()
	f := tidy(func(f *report.Facts) {
		addClient(f, "two", "mint", writeScope).Scopes = []string{readScope} // the list is right
		addClient(f, "three", "mint")
		addClient(f, "four", "mint").Scopes = []string{writeScope, readScope}
		addClient(f, "five", "mint")
		f.List.Credentials = f.List.Credentials[:3]
	})
	for i, want := range []string{
		"root root-id [api_creds:read_credentials funding:read_profile transfer:read_transfer] true admin " +
			"2026-11-01T12:00:00Z",
		"clients/two two-id [funding:write_profile] true write ",
		"clients/three three-id [] true  ",
		"clients/four four-id [funding:write_profile transfer:read_transfer] true write ",
		"clients/five five-id [] false  ",
	} {
		c := report.LeastPrivilege(f).Held()[i].(map[string]any)
		got := fmt.Sprint(c["name"], " ", c["client_id"], " ", c["scopes"], " ", c["scopes_known"], " ", c["risk"], " ",
			c["last_issued_at"])
		if got != want || c["secret_set_at"] != "2026-10-31T12:00:00Z" || c["secret_verified"] != true {
			t.Errorf("shown is %s, want %s", got, want)
		}
	}
}
