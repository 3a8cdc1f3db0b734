package catalog

import (
	"strings"
	"testing"
)

// TestRisks checks the order of the risks, and that ParseRisk reads what String writes.
func TestRisks(t *testing.T) {
	t.Parallel()
	previous := Risk(0)
	for _, name := range []string{"read", "write", "moves-money", "admin"} {
		risk, err := ParseRisk(name)
		if err != nil || risk.String() != name || risk <= previous {
			t.Errorf("%s: %v %v after %v", name, risk, err, previous)
		}
		previous = risk
	}
	for _, name := range []string{"", "Read", "money", strings.Repeat("x", 1000)} {
		if _, err := ParseRisk(name); err == nil || len(err.Error()) > 120 ||
			!strings.Contains(err.Error(), "read, write, moves-money, admin") {
			t.Errorf("%q: %v", name, err)
		}
	}
	if Risk(0).String() != "risk 0" || Risk(5).String() != "risk 5" {
		t.Errorf("%v %v", Risk(0), Risk(5))
	}
}

// TestRiskOf checks that an unknown scope counts as moving money.
func TestRiskOf(t *testing.T) {
	t.Parallel()
	for scope, want := range map[string]Risk{
		"funding:read_profile":             Read,
		"funding:write_profile":            Write,
		"transfer:write_crypto_withdrawal": MovesMoney,
		"api_creds:read_credentials":       Admin,
		"api_creds:delete_credentials":     Admin,
		"event:read_event":                 MovesMoney, // misspelt
		"":                                 MovesMoney,
	} {
		if got := RiskOf(scope); got != want {
			t.Errorf("%s: %v, want %v", scope, got, want)
		}
	}
}
