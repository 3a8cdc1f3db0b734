package report

import (
	"slices"
	"strings"

	"vault-plugin-secrets-paxos/backend/catalog"
)

// roleScopes finds what is wrong with the role's scopes.
func (p *Privileges) roleScopes(r Role, given, beyond, lacking []string) {
	name, client, path := r.Name, r.Client, rolesPrefix+r.Name
	if len(beyond) > 0 {
		p.advise(Medium, ruleBeyondGuardrails, path,
			"The role has scopes that the guardrails forbid: reads of the whole role are refused", p.narrow(path, r,
				beyond), scopesByRisk(beyond)...)
	}
	if len(lacking) > 0 {
		p.suggest(Medium, ruleScopesLacking, path,
			"Client "+client+" lacks scopes of the role: Paxos refuses token requests for the whole role",
			byHand("add the scopes in evidence to client %s", client), p.narrow(path, r,
				lacking).command, scopesByRisk(lacking)...)
	}
	if unknown := slices.DeleteFunc(slices.Clone(given), func(scope string) bool {
		_, ok := catalog.LookupScope(scope)
		return ok
	}); len(unknown) > 0 {
		p.suggest(Low, ruleScopesUncatalogued, path,
			"The role has scopes that this version does not know; they count as moves-money",
			"# check their spelling, and whether a newer version of the plugin knows them", p.narrow(path, r,
				unknown).command, p.hinted(unknown)...)
	}
	of := func(risk catalog.Risk) []string {
		return slices.DeleteFunc(slices.Clone(given), func(scope string) bool { return catalog.RiskOf(scope) != risk })
	}
	if money := of(catalog.MovesMoney); len(money) > 0 {
		p.movers[client] = append(p.movers[client], name)
		p.suggest(Medium, ruleMovesMoney, path,
			"Anyone who can read this role can move money or change its destination",
			"# check which Vault policies allow reads of creds/"+name+" and token/"+
				name, p.narrow(path, r, money).command, money...)
	}
	if admin := of(catalog.Admin); len(admin) > 0 {
		p.suggest(High, ruleAdministers, path,
			"Anyone who can read this role can list or delete the company's API credentials",
			"# check which Vault policies allow reads of creds/"+name+" and token/"+
				name, p.narrow(path, r, admin).command, admin...)
	}
}

// hinted are scopes that the catalogue lacks, each with the scopes that may have been meant.
// Searching for these takes long. So it is done once for each scope, and only for the first
// thousand scopes.
func (p *Privileges) hinted(scopes []string) []string {
	const most = 1000
	hinted := make([]string, len(scopes))
	for i, scope := range scopes {
		if p.hints[scope] == "" {
			p.hints[scope] = scope
			if len(p.hints) <= most {
				p.hints[scope] = catalog.Uncatalogued([]string{scope})[0]
			}
		}
		hinted[i] = p.hints[scope]
	}
	return hinted
}

// A narrowing is a command that takes scopes away from a role. It disables the role if none would
// be left.
type narrowing struct {
	command  string
	disables bool
}

// advise adds a finding on scopes that readers of the role do not get. Taking them away from the
// role is a fix, because its readers lose nothing. Disabling the role is a suggestion.
func (p *Privileges) advise(severity Severity, rule Rule, path, reason string, n narrowing, evidence ...string) {
	if n.disables {
		p.suggest(severity, rule, path, reason, "", n.command, evidence...)
		return
	}
	p.add(severity, rule, path, reason, n.command, evidence...)
}

// narrow takes scopes away from a role. What is left is written as scopes, because no scope set or
// operation need stand for just these.
func (p *Privileges) narrow(path string, r Role, scopes []string) narrowing {
	rest := catalog.Without(r.Scopes, scopes)
	if len(rest) == 0 {
		return narrowing{p.patch(path, "disabled=true"), true}
	}
	changes := []string{"scopes=" + strings.Join(rest, ",")}
	if r.ByScopeSets {
		changes = append(changes, "scope_sets=")
	}
	if r.ByOperations {
		changes = append(changes, "operations=")
	}
	return narrowing{p.patch(path, changes...), false}
}
