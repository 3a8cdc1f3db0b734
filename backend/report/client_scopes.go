package report

import (
	"maps"
	"slices"

	"vault-plugin-secrets-paxos/backend/paxos"
)

// clientScopes compares the scopes that a client holds with those that its roles use.
func (p *Privileges) clientScopes(c Client) {
	subject := "client " + c.Name
	engine := []string{p.Settings.VerifyScope, paxos.ProfileScope, paxos.ListScope} // what the engine uses itself
	var unused, disabled []string
	for _, scope := range slices.Sorted(maps.Keys(p.holds[c.Name])) {
		switch {
		case p.used[c.Name][scope] || slices.Contains(engine, scope):
		case p.spare[c.Name][scope]:
			disabled = append(disabled, scope)
		default:
			unused = append(unused, scope)
		}
	}
	if len(unused) > 0 {
		p.suggest(severityOf(worst(unused)), ruleScopesUnused, subject,
			"The client has scopes that no role uses; a stolen secret gives access to them",
			"# check that nothing outside this mount uses the client",
			byHand("remove the scopes in evidence from %s", c.ID), scopesByRisk(unused)...)
	}
	if len(disabled) > 0 {
		p.suggest(max(severityOf(worst(disabled)), Medium), ruleScopesDisabled, subject,
			"The client has scopes that only disabled roles use",
			"# check that the disabled roles will not be used again",
			byHand("remove the scopes in evidence from %s, or delete the roles", c.ID), scopesByRisk(disabled)...)
	}
	if movers := p.movers[c.Name]; len(movers) > 1 {
		p.add(Medium, ruleMoneyShared, subject,
			"Several money-moving roles share one client, so Paxos cannot distinguish or limit them separately",
			"# give each of these roles its own mount and a client that holds only its scopes", some(movers)...)
	}
}
