package report

import (
	"cmp"
	"slices"
	"strings"

	"vault-plugin-secrets-paxos/backend/catalog"
)

// worst is the greatest risk among the scopes, 0 for none.
func worst(scopes []string) (risk catalog.Risk) {
	for _, scope := range scopes {
		risk = max(risk, catalog.RiskOf(scope))
	}
	return risk
}

// riskName is that risk in words, empty for no scopes.
func riskName(scopes []string) string {
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
