package backend

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// severityOfOption is how bad a dangerous option is where it is not medium.
var severityOfOption = map[string]severity{"never_revoke": high, "allow_admin_scopes": high, "unique_tokens": low}

// saferValue is what takes the place of a dangerous value that is not true.
var saferValue = map[string]string{"on_revoke": quarantine, "require_entity_match": "true"}

// dangers are the dangerous options in force at a path: their names, and why.
func (p *privileges) dangers(path string, dangers []string) {
	for _, danger := range dangers {
		option, reason, _ := strings.Cut(danger, ": ")
		name, _, assigned := strings.Cut(option, "=")
		severity, known := severityOfOption[option]
		if !known {
			severity = medium
		}
		switch {
		case assigned:
			p.suggest(severity, ruleDangerousOption, path, option+": "+reason, "",
				p.patch(path, name+"="+saferValue[name]), option)
		case option == "token_url":
			p.add(severity, ruleDangerousOption, path, option+": "+reason,
				"# enable another mount whose config/connection has an https URL, or environment=production", option)
		case option == "never_revoke": // that tokens end with their leases is a promise
			p.add(severity, ruleDangerousOption, path, option+": "+reason, p.patch(path, option+"=false"), option)
		default:
			p.suggest(severity, ruleDangerousOption, path, option+": "+reason, "", p.patch(path, option+"=false"),
				option)
		}
	}
}

// mountWide finds what is not the matter of a single role.
func (p *privileges) mountWide(settings connection) {
	p.dangers(connectionPath, settings.dangers())
	p.dangers(guardrailsPath, p.limits.dangers())
	if p.limits.AllowUncatalogued {
		severity := info
		if len(p.hints) > 0 {
			severity = low
		}
		p.suggest(severity, ruleDangerousOption, guardrailsPath,
			"allow_uncatalogued_scopes: a role may hold scopes whose effect is unknown",
			"", p.patch(guardrailsPath, "allow_uncatalogued_scopes=false"), "allow_uncatalogued_scopes")
	}
	if most := max(1, p.budget/2); p.budget > 0 && p.demand > most {
		p.suggest(medium, ruleUniqueBeyondBudget, configKey,
			"The mint_limits of roles with unique_tokens exceed the half of the token budget that they may "+
				"use: some of their readers will be refused",
			"", p.patch(rolesPrefix+p.greatest.role, "unique_tokens=false"), append(some(p.unique),
				fmt.Sprintf("mint_limits=%d of %d", p.demand, most))...)
	}
	for _, c := range p.clients {
		p.clientScopes(c)
	}
}

// clientScopes holds what a client holds against what its roles use.
func (p *privileges) clientScopes(c custody) {
	subject := "client " + c.Name
	engine := []string{p.settings.VerifyScope, profileScope, listScope} // what it uses itself
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
			"The client holds scopes that no role uses: a stolen secret gives them away",
			"# check that nothing outside this mount uses the client",
			byHand("remove the scopes in evidence from %s", c.ID), graded(unused)...)
	}
	if len(disabled) > 0 {
		p.suggest(max(severityOf(worst(disabled)), medium), ruleScopesDisabled, subject,
			"The client holds scopes that only disabled roles use",
			"# check that the disabled roles will not be used again",
			byHand("remove the scopes in evidence from %s, or delete the roles", c.ID), graded(disabled)...)
	}
	if movers := p.movers[c.Name]; len(movers) > 1 {
		p.add(medium, ruleMoneyShared, subject,
			"Several money-moving roles share one client, so Paxos cannot distinguish or limit them separately",
			"# give each of these roles its own mount and a client that holds only its scopes", some(movers)...)
	}
}

// some are the first of the names, and how many more there are.
func some(names []string) []string {
	const most = 10
	sorted := slices.Sorted(slices.Values(names))
	if more := len(sorted) - most; more > 0 {
		return append(sorted[:most:most], fmt.Sprintf("and %d more", more))
	}
	return sorted
}
