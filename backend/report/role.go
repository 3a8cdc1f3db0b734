package report

import (
	"maps"
	"slices"
	"strings"
	"time"

	"vault-plugin-secrets-paxos/backend/catalog"
)

// unusedAfter is how long a role may be left unread before that is a finding.
const unusedAfter = 30 * 24 * time.Hour

// role reviews one role. Its name and scopes were checked when it was written. Somebody who accepts
// a finding on it accepts it for this role and these scopes: not for more scopes, and not for a
// role made again under its name.
func (p *Privileges) role(r Role) {
	p.basis = r.Identity + " " + strings.Join(slices.Sorted(slices.Values(r.Scopes)), " ")
	defer func() { p.basis = "" }()
	p.purposes(r) // of disabled roles too
	if r.LeasesClients {
		p.leasingRole(r)
		return
	}
	if p.used[r.Client] == nil { // it is no longer stored
		p.used[r.Client], p.spare[r.Client] = set{}, set{}
	}
	if r.Disabled {
		for _, scope := range r.Scopes {
			p.spare[r.Client][scope] = true
		}
		return
	}
	for _, scope := range r.Scopes {
		p.used[r.Client][scope] = true
	}
	given, beyond, lacking := p.divide(r, p.holds)
	for _, scope := range given {
		p.gives[scope] = append(p.gives[scope], r.Name)
	}
	p.roleScopes(r, given, beyond, lacking)
	p.beyondSigners(r, given)
	p.roleLeases(r)
	p.roleUse(r, worst(given))
	p.dangers(rolesPrefix+r.Name, r.Dangers, nil)
}

// leasingRole reviews a role whose readers get whole clients, and with them every scope that these hold.
func (p *Privileges) leasingRole(r Role) {
	got := set{}
	for _, client := range r.Clients {
		for scope := range p.holds[client] {
			if r.Disabled {
				p.spare[client][scope] = true
				continue
			}
			p.used[client][scope] = true
			got[scope] = true
		}
	}
	if r.Disabled {
		return
	}
	given := slices.Sorted(maps.Keys(got))
	for _, scope := range given {
		p.gives[scope] = append(p.gives[scope], r.Name)
	}
	if worst(given) >= catalog.MovesMoney {
		p.suggest(Medium, ruleLeasesMoney, rolesPrefix+r.Name,
			"Anyone who can read this role gets a whole client that can move money, until its lease ends",
			"# ask the readers of this role whether an access token is enough; if so, create a role with "+
				"credential_type=access_token for them",
			p.patch(rolesPrefix+r.Name, "disabled=true"), scopesByRisk(given)...)
	}
	p.roleLeases(r)
	p.roleUse(r, worst(given))
	p.dangers(rolesPrefix+r.Name, r.Dangers, nil)
}

// roleLeases finds leases that are longer than the guardrails allow, and counts the token requests
// of roles with unique tokens.
func (p *Privileges) roleLeases(r Role) {
	path, ceiling := rolesPrefix+r.Name, p.Guardrails.MaxTTL
	var changes []string
	if r.TTL > ceiling {
		changes = append(changes, "ttl="+ceiling.String())
	}
	if r.MaxTTL > ceiling {
		changes = append(changes, "max_ttl="+ceiling.String())
	}
	if len(changes) > 0 {
		p.add(Low, ruleLeasesBeyond, path,
			"The role's ttl or max_ttl exceeds the guardrails' max_ttl: leases are shortened", p.patch(path,
				changes...),
			"ttl="+r.TTL.String(), "max_ttl="+r.MaxTTL.String())
	}
	if r.UniqueTokens {
		limit := tokenDemand{r.Name, r.MintLimit}
		p.unique = append(p.unique, path)
		p.demand += limit.limit
		if p.greatest.limit < limit.limit {
			p.greatest = limit
		}
	}
}

// roleUse finds that nobody reads a role.
func (p *Privileges) roleUse(r Role, risk catalog.Risk) {
	name, last := r.Name, r.LastIssued
	evidence := "last_issued_at=" + timestamp(last)
	if last.IsZero() {
		last, evidence = r.CreatedAt, "never since created_at="+timestamp(r.CreatedAt)
	}
	if p.Now.Sub(last) <= unusedAfter {
		return
	}
	severity := Low
	if risk >= catalog.MovesMoney {
		severity = Medium
	}
	p.suggest(severity, ruleRoleUnused, rolesPrefix+name, "Nobody has read the role for 30 days",
		"# ask the role's owner whether it is still needed", command("delete", p.Mount+rolesPrefix+name), evidence)
}

// purposes finds clients of another purpose that a role uses: reads of the role are refused.
func (p *Privileges) purposes(r Role) {
	use, names := "lease", r.Clients
	if !r.LeasesClients {
		use, names = "mint", []string{r.Client}
	}
	for _, client := range names {
		for _, c := range p.Clients {
			if !c.Stored || c.Name != client || c.Purpose == use {
				continue
			}
			is := "no purpose"
			if c.Purpose != "" {
				is = "purpose=" + c.Purpose
			}
			p.add(Medium, ruleOtherPurpose, rolesPrefix+r.Name,
				"The role uses a client with another purpose, so reads of the role are refused",
				byHand("create another client in the Dashboard and store it with purpose=%s; then let the "+
					"role use it", use), "client="+strings.TrimPrefix(client, clientsPrefix), is)
		}
	}
}

// roleScopes finds what is wrong with the role's scopes.
func (p *Privileges) roleScopes(r Role, given, beyond, lacking []string) {
	name, client, path := r.Name, r.Client, rolesPrefix+r.Name
	if len(beyond) > 0 {
		p.advise(Medium, ruleBeyondGuardrails, path,
			"The role has scopes that the guardrails forbid: reads of the whole role are refused", p.withoutScopes(path, r,
				beyond), scopesByRisk(beyond)...)
	}
	if len(lacking) > 0 {
		p.suggest(Medium, ruleScopesLacking, path,
			"Client "+client+" lacks scopes of the role: Paxos refuses token requests for the whole role",
			byHand("add the scopes in evidence to client %s", client), p.withoutScopes(path, r,
				lacking).command, scopesByRisk(lacking)...)
	}
	if unknown := slices.DeleteFunc(slices.Clone(given), func(scope string) bool {
		_, ok := catalog.LookupScope(scope)
		return ok
	}); len(unknown) > 0 {
		p.suggest(Low, ruleScopesUncatalogued, path,
			"The role has scopes that this version does not know; they count as moves-money",
			"# check their spelling, and whether a newer version of the plugin knows them", p.withoutScopes(path, r,
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
				name, p.withoutScopes(path, r, money).command, money...)
	}
	if admin := of(catalog.Admin); len(admin) > 0 {
		p.suggest(High, ruleAdministers, path,
			"Anyone who can read this role can list or delete the company's API credentials",
			"# check which Vault policies allow reads of creds/"+name+" and token/"+
				name, p.withoutScopes(path, r, admin).command, admin...)
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

// A removal is a command that takes scopes away from a role. It disables the role if none would
// be left.
type removal struct {
	command  string
	disables bool
}

// advise adds a finding on scopes that readers of the role do not get. Taking them away from the
// role is a fix, because its readers lose nothing. Disabling the role is a suggestion.
func (p *Privileges) advise(severity Severity, rule Rule, path, reason string, n removal, evidence ...string) {
	if n.disables {
		p.suggest(severity, rule, path, reason, "", n.command, evidence...)
		return
	}
	p.add(severity, rule, path, reason, n.command, evidence...)
}

// withoutScopes takes scopes away from a role. What is left is written as scopes, because no scope set or
// operation need stand for just these.
func (p *Privileges) withoutScopes(path string, r Role, scopes []string) removal {
	rest := catalog.Without(r.Scopes, scopes)
	if len(rest) == 0 {
		return removal{p.patch(path, "disabled=true"), true}
	}
	changes := []string{"scopes=" + strings.Join(rest, ",")}
	if r.ByScopeSets {
		changes = append(changes, "scope_sets=")
	}
	if r.ByOperations {
		changes = append(changes, "operations=")
	}
	return removal{p.patch(path, changes...), false}
}
