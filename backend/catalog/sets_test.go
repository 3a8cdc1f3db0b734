package catalog

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestSets checks that each set names a source, and scopes that exist, each once, and that it is found
// by its name.
func TestSets(t *testing.T) {
	t.Parallel()
	grammar, seen := regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`), map[string]bool{}
	for _, s := range Sets() {
		if !grammar.MatchString(s.Name) || seen[s.Name] || s.Description == "" ||
			!strings.HasPrefix(s.Source, "https://") || len(s.Scopes) == 0 {
			t.Errorf("%+v", s)
		}
		seen[s.Name] = true
		for i, scope := range s.Scopes {
			if _, ok := LookupScope(scope); !ok || slices.Contains(s.Scopes[:i], scope) {
				t.Errorf("%s names %s, which is unknown or there twice", s.Name, scope)
			}
		}
		if found, ok := LookupSet(s.Name); !ok || found.Source != s.Source || !slices.Equal(found.Scopes, s.Scopes) {
			t.Errorf("looking up %s finds %+v", s.Name, found)
		}
	}
	if s, ok := LookupSet("Mint-Redeem-Convert"); ok {
		t.Errorf("found %+v", s)
	}
}

// TestSetSizes checks that no scope of a documented use case is missing.
func TestSetSizes(t *testing.T) {
	t.Parallel()
	want := map[string]int{
		"mint-redeem-convert": 16, "mint-redeem-convert-legacy": 14, "conversions-to-orchestrations": 2,
		"orchestrations-ad-hoc": 2, "orchestrations-rules": 2, "orchestrations-events": 1, "orchestrations-fiat": 4,
		"orchestrations-crypto-addresses": 2, "fiat-transfers-sandbox": 8, "stablecoin-pay-ins": 5,
		"held-rate-quotes":   4,
		"identity-brokerage": 8, "identity-controls": 2, "settlement": 4, "smart-order-routing": 1, "first-call": 1,
		"deposit-address-signing": 1, "fireblocks": 5,
	}
	for _, s := range Sets() {
		if len(s.Scopes) != want[s.Name] {
			t.Errorf("%s has %d scopes, want %d", s.Name, len(s.Scopes), want[s.Name])
		}
		delete(want, s.Name)
	}
	if len(want) > 0 {
		t.Errorf("missing: %v", want)
	}
}
