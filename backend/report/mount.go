package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"vault-plugin-secrets-paxos/backend/paxos"
)

// severityOfOption is how bad a dangerous option is where it is not medium.
var severityOfOption = map[string]Severity{"never_revoke": High, "allow_admin_scopes": High, "unique_tokens": Low}

// saferValue is what takes the place of a dangerous value that is not true.
var saferValue = map[string]string{"on_revoke": "quarantine", "require_entity_match": "true"}

// dangers are the dangerous options in force at a path: their names, and why.
func (p *Privileges) dangers(path string, dangers []string) {
	for _, danger := range dangers {
		option, reason, _ := strings.Cut(danger, ": ")
		name, _, assigned := strings.Cut(option, "=")
		severity, known := severityOfOption[option]
		if !known {
			severity = Medium
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
func (p *Privileges) mountWide() {
	p.dangers(connectionPath, p.ConnectionDangers)
	p.dangers(guardrailsPath, p.Guardrails.Dangers)
	if p.Guardrails.AllowUncatalogued {
		severity := Info
		if len(p.hints) > 0 {
			severity = Low
		}
		p.suggest(severity, ruleDangerousOption, guardrailsPath,
			"allow_uncatalogued_scopes: a role may hold scopes whose effect is unknown",
			"", p.patch(guardrailsPath, "allow_uncatalogued_scopes=false"), "allow_uncatalogued_scopes")
	}
	if most := max(1, p.Settings.TokenBudget/2); p.Settings.TokenBudget > 0 && p.demand > most {
		p.suggest(Medium, ruleUniqueBeyondBudget, configPath,
			"The mint_limits of roles with unique_tokens exceed the half of the token budget that they may "+
				"use: some of their readers will be refused",
			"", p.patch(rolesPrefix+p.greatest.role, "unique_tokens=false"), append(some(p.unique),
				fmt.Sprintf("mint_limits=%d of %d", p.demand, most))...)
	}
	for _, c := range p.Clients {
		p.clientScopes(c)
	}
}

// clientScopes holds what a client holds against what its roles use.
func (p *Privileges) clientScopes(c Client) {
	subject := "client " + c.Name
	engine := []string{p.Settings.VerifyScope, paxos.ProfileScope, paxos.ListScope} // what it uses itself
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
			byHand("remove the scopes in evidence from %s", c.ID), scopesByRisk(unused)...)
	}
	if len(disabled) > 0 {
		p.suggest(max(severityOf(worst(disabled)), Medium), ruleScopesDisabled, subject,
			"The client holds scopes that only disabled roles use",
			"# check that the disabled roles will not be used again",
			byHand("remove the scopes in evidence from %s, or delete the roles", c.ID), scopesByRisk(disabled)...)
	}
	if movers := p.movers[c.Name]; len(movers) > 1 {
		p.add(Medium, ruleMoneyShared, subject,
			"Several money-moving roles share one client, so Paxos cannot distinguish or limit them separately",
			"# give each of these roles its own mount and a client that holds only its scopes", some(movers)...)
	}
}
