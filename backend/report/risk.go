package report

import (
	"cmp"
	"slices"
	"strings"

	"vault-plugin-secrets-paxos/backend/catalog"
)

// worst is the greatest risk of any of the scopes, 0 if there are none.
func worst(scopes []string) (risk catalog.Risk) {
	for _, scope := range scopes {
		risk = max(risk, catalog.RiskOf(scope))
	}
	return risk
}

// RiskName is the greatest risk in words, "" if there are no scopes.
func RiskName(scopes []string) string {
	if len(scopes) == 0 {
		return ""
	}
	return worst(scopes).String()
}

// scopesByRisk lists scopes with their risk, the worst first.
func scopesByRisk(scopes []string) []string {
	sorted := slices.SortedFunc(slices.Values(scopes), func(a, z string) int {
		return cmp.Or(cmp.Compare(catalog.RiskOf(z), catalog.RiskOf(a)), strings.Compare(a, z))
	})
	for i, scope := range sorted {
		sorted[i] = scope + " (" + catalog.RiskOf(scope).String() + ")"
	}
	return sorted
}
