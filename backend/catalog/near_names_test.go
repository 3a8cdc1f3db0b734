package catalog

import (
	"slices"
	"strings"
	"testing"
)

// TestNearScopes checks which scope is offered first for a misspelt one.
func TestNearScopes(t *testing.T) {
	t.Parallel()
	for mistaken, want := range map[string]string{
		"event:read_event":                 "events:read_event", // in Paxos's own examples
		"Events:Read_Event":                "events:read_event",
		"funding:read_profiles":            "funding:read_profile",
		"transfers:read_transfer":          "transfer:read_transfer",
		"transfer:write_crypto_withdrawl":  "transfer:write_crypto_withdrawal",
		"transfer:write_withdrawal_crypto": "",
		"orchestration:write":              "",
		"funding:read_address":             "", // from the previous version of the API
		"":                                 "",
		"x:y":                              "",
		strings.Repeat("events:read_event", 1_000_000): "", // comparing it would take minutes
	} {
		nearest := ""
		if all := NearScopes(mistaken); len(all) > 0 {
			nearest = all[0]
		}
		if nearest != want {
			t.Errorf("%.40q: near %q, want %q first", mistaken, NearScopes(mistaken), want)
		}
	}
	if got := NearScopes("rewards:xxxxxx_payout_groups"); len(got) != maximumNear {
		t.Errorf("%d scopes are offered: %q", len(got), got)
	}
}

// TestNearOperations checks which operations are offered for a misspelt one.
func TestNearOperations(t *testing.T) {
	t.Parallel()
	for mistaken, want := range map[string][]string{
		"gettransfer":           {"GetTransfer"},
		"GetTransfers":          {"GetTransfer", "ListTransfers"},
		"CreateCryptoWithdraw":  {"CreateCryptoWithdrawal", "CreateCryptoWithdrawalFee"},
		"CreateOrchestrations":  {"CreateOrchestration", "CreateOrchestrationRule"},
		"transfer:read_tranfer": nil,
	} {
		if got := NearOperations(mistaken); !slices.Equal(got, want) {
			t.Errorf("%s: near %q, want %q", mistaken, got, want)
		}
	}
}

// TestDistance compares distances with values that are known.
func TestDistance(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"abc", "abc", 0}, {"abc", "abd", 1}, {"abc", "ab", 1}, {"abc", "xabc", 1},
		{"kitten", "sitting", 3}, {"flaw", "lawn", 2}, {"ab", "ba", 2},
	} {
		if got := distance(test.a, test.b); got != test.want {
			t.Errorf("%q to %q: %d, want %d", test.a, test.b, got, test.want)
		}
	}
}

// FuzzNear checks that, for arbitrary text, only a few names are offered and that all of them exist,
// and that distance has the properties of a distance.
func FuzzNear(f *testing.F) {
	f.Add("event:read_event", "events:read_event")
	f.Add("\xff", "GetTransfers")
	f.Fuzz(func(t *testing.T, a, b string) {
		for _, offered := range [][]string{NearScopes(a), NearOperations(b)} {
			if len(offered) > maximumNear {
				t.Errorf("%q and %q: %d names are offered", a, b, len(offered))
			}
		}
		for _, name := range NearScopes(a) {
			if _, ok := LookupScope(name); !ok {
				t.Errorf("%q is offered for %q", name, a)
			}
		}
		for _, id := range NearOperations(b) {
			if _, ok := LookupOperation(id); !ok {
				t.Errorf("%q is offered for %q", id, b)
			}
		}
		if len(a) > 100 || len(b) > 100 {
			return
		}
		d := distance(a, b)
		if d != distance(b, a) || (d == 0) != (a == b) || d > max(len(a), len(b)) ||
			d < max(len(a), len(b))-min(len(a), len(b)) {
			t.Errorf("%q to %q: %d", a, b, d)
		}
	})
}
