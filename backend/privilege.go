package backend

import (
	"maps"
	"slices"
	"strings"
	"time"

	"vault-plugin-secrets-paxos/backend/catalog"
	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/usage"
)

// unusedAfter is how long nobody reads a role until that is a finding.
const unusedAfter = 30 * 24 * time.Hour

// A set of scopes.
type set = map[string]bool

// privileges are a review of what can be got through the mount.
type privileges struct {
	*review
	limits   guardrails
	lastUse  func(usage.Subject) time.Time
	budget   int // token requests in 5 minutes
	holds    map[string]set
	used     map[string]set
	spare    map[string]set // that only disabled roles name
	movers   map[string][]string
	gives    map[string][]string // the roles, by scope
	unique   []string            // roles of own tokens
	demand   int                 // their token requests in 5 minutes
	greatest demander            // the one of them with the most
	hints    map[string]string   // scopes that the catalogue lacks, with what may have been meant
}

// A demander is a role and the token requests that its readers may cause.
type demander struct {
	role  string
	limit int
}

// newPrivileges begins with the scopes that the clients hold, as far as it is known.
func newPrivileges(r *review, limits guardrails, lastUse func(usage.Subject) time.Time, budget int) *privileges {
	p := &privileges{
		review: r, limits: limits, lastUse: lastUse, budget: budget,
		holds: map[string]set{}, used: map[string]set{}, spare: map[string]set{}, movers: map[string][]string{},
		gives: map[string][]string{},
		hints: map[string]string{},
	}
	for _, c := range r.clients {
		p.used[c.Name], p.spare[c.Name] = set{}, set{}
		scopes := c.Scopes
		if o := r.seen.find(c.ID); o != nil {
			scopes = o.Scopes
		}
		if scopes != nil {
			p.holds[c.Name] = set{}
			for _, scope := range scopes {
				p.holds[c.Name][scope] = true
			}
		}
	}
	return p
}

// role looks at one role. Its name and scopes were judged when it was written. A
// finding on it is accepted for this role and its scopes only.
func (p *privileges) role(name string, r role) {
	p.purposes(name, r)
	p.callers.add(name, r)
	p.basis = r.identity() + " " + strings.Join(slices.Sorted(slices.Values(r.ResolvedScopes)), " ")
	defer func() { p.basis = "" }()
	if r.CredentialType == clientCredentials {
		p.lease(name, r)
		return
	}
	client := mintedBy(r)
	if p.used[client] == nil { // it is not in custody any more
		p.used[client], p.spare[client] = set{}, set{}
	}
	if r.Disabled {
		for _, scope := range r.ResolvedScopes {
			p.spare[client][scope] = true
		}
		return
	}
	var given, beyond, lacking []string
	for _, scope := range r.ResolvedScopes {
		p.used[client][scope] = true
		held := p.holds[client] == nil || p.holds[client][scope]
		if !held {
			lacking = append(lacking, scope)
		}
		if why := p.limits.refusal(scope); why != "" {
			beyond = append(beyond, scope)
		} else if held {
			given = append(given, scope)
			p.gives[scope] = append(p.gives[scope], name)
		}
	}
	p.roleScopes(name, client, r, given, beyond, lacking)
	p.roleLeases(name, r)
	p.roleUse(name, r, worst(given))
	p.dangers(rolesPrefix+name, r.dangers())
}

// lease looks at a role whose readers get whole clients.
func (p *privileges) lease(name string, r role) {
	got := set{}
	for _, client := range r.Clients {
		for scope := range p.holds[clientsPrefix+client] {
			if r.Disabled {
				p.spare[clientsPrefix+client][scope] = true
				continue
			}
			p.used[clientsPrefix+client][scope] = true
			got[scope] = true
		}
	}
	if r.Disabled {
		return
	}
	given := slices.Sorted(maps.Keys(got))
	for _, scope := range given {
		p.gives[scope] = append(p.gives[scope], name)
	}
	if worst(given) >= catalog.MovesMoney {
		p.suggest(medium, ruleLeasesMoney, rolesPrefix+name,
			"The role's readers get a whole client that can move money, for as long as its lease lasts",
			"# ask the role's readers whether an access token would do, and write them a role of "+
				"credential_type=access_token",
			p.patch(rolesPrefix+name, "disabled=true"), graded(given)...)
	}
	p.roleLeases(name, r)
	p.roleUse(name, r, worst(given))
	p.dangers(rolesPrefix+name, r.dangers())
}

// roleScopes finds what is wrong with the role's scopes.
func (p *privileges) roleScopes(name, client string, r role, given, beyond, lacking []string) {
	path := rolesPrefix + name
	if len(beyond) > 0 {
		p.advise(medium, ruleBeyondGuardrails, path,
			"The role has scopes that the guardrails forbid: reads of the whole role are refused", p.narrow(path, r,
				beyond), graded(beyond)...)
	}
	if len(lacking) > 0 {
		p.suggest(medium, ruleScopesLacking, path,
			"Client "+client+" lacks scopes of the role: Paxos refuses token requests for the whole role",
			byHand("add the scopes in evidence to client %s", client), p.narrow(path, r,
				lacking).command, graded(lacking)...)
	}
	if unknown := slices.DeleteFunc(slices.Clone(given), func(scope string) bool {
		_, ok := catalog.LookupScope(scope)
		return ok
	}); len(unknown) > 0 {
		p.suggest(low, ruleScopesUncatalogued, path,
			"The role has scopes that this version does not know; they count as moves-money",
			"# check their spelling, and whether a newer version of the plugin knows them", p.narrow(path, r,
				unknown).command, p.hinted(unknown)...)
	}
	of := func(risk catalog.Risk) []string {
		return slices.DeleteFunc(slices.Clone(given), func(scope string) bool { return catalog.RiskOf(scope) != risk })
	}
	if money := of(catalog.MovesMoney); len(money) > 0 {
		p.movers[client] = append(p.movers[client], name)
		p.suggest(medium, ruleMovesMoney, path,
			"Anyone who can read this role can move money or change its destination",
			"# check which Vault policies allow reads of creds/"+name+" and token/"+
				name, p.narrow(path, r, money).command, money...)
	}
	if admin := of(catalog.Admin); len(admin) > 0 {
		p.suggest(high, ruleAdministers, path,
			"Anyone who can read this role can list or delete the company's API credentials",
			"# check which Vault policies allow reads of creds/"+name+" and token/"+
				name, p.narrow(path, r, admin).command, admin...)
	}
}

// hinted are scopes that the catalogue lacks, with what may have been meant. To look for
// that takes long, so it is done once for each scope, and not for any number of them.
func (p *privileges) hinted(scopes []string) []string {
	const most = 1000
	hinted := make([]string, len(scopes))
	for i, scope := range scopes {
		if p.hints[scope] == "" {
			p.hints[scope] = scope
			if len(p.hints) <= most {
				p.hints[scope] = input.Uncatalogued([]string{scope})[0]
			}
		}
		hinted[i] = p.hints[scope]
	}
	return hinted
}

// A narrowing is a command that takes scopes away from a role, and whether it disables
// the role, because none would be left.
type narrowing struct {
	command  string
	disables bool
}

// advise adds a finding on scopes that nobody gets: to take them away from the role
// takes nothing from its readers, unless the role is disabled by that.
func (p *privileges) advise(severity severity, rule rule, path, reason string, n narrowing, evidence ...string) {
	if n.disables {
		p.suggest(severity, rule, path, reason, "", n.command, evidence...)
		return
	}
	p.add(severity, rule, path, reason, n.command, evidence...)
}

// narrow takes scopes away from a role.
func (p *privileges) narrow(path string, r role, scopes []string) narrowing {
	rest := without(r.ResolvedScopes, scopes)
	if len(rest) == 0 {
		return narrowing{p.patch(path, "disabled=true"), true}
	}
	changes := []string{"scopes=" + strings.Join(rest, ",")}
	if len(r.ScopeSets) > 0 {
		changes = append(changes, "scope_sets=")
	}
	if len(r.Operations) > 0 {
		changes = append(changes, "operations=")
	}
	return narrowing{p.patch(path, changes...), false}
}

// roleLeases finds leases that are longer than the guardrails allow.
func (p *privileges) roleLeases(name string, r role) {
	path, ceiling := rolesPrefix+name, p.limits.MaxTTL
	var changes []string
	if r.TTL > ceiling {
		changes = append(changes, "ttl="+ceiling.String())
	}
	if r.MaxTTL > ceiling {
		changes = append(changes, "max_ttl="+ceiling.String())
	}
	if len(changes) > 0 {
		p.add(low, ruleLeasesBeyond, path,
			"The role's ttl or max_ttl exceeds the guardrails' max_ttl: leases are shortened", p.patch(path,
				changes...),
			"ttl="+r.TTL.String(), "max_ttl="+r.MaxTTL.String())
	}
	if r.UniqueTokens {
		limit := demander{name, r.mintLimit()}
		p.unique = append(p.unique, path)
		p.demand += limit.limit
		if p.greatest.limit < limit.limit {
			p.greatest = limit
		}
	}
}

// roleUse finds a role that nobody reads.
func (p *privileges) roleUse(name string, r role, risk catalog.Risk) {
	last := p.lastUse(usage.Role(name))
	evidence := "last_issued_at=" + timestamp(last)
	if last.IsZero() {
		last, evidence = r.CreatedAt, "never since created_at="+timestamp(r.CreatedAt)
	}
	if p.now.Sub(last) <= unusedAfter {
		return
	}
	severity := low
	if risk >= catalog.MovesMoney {
		severity = medium
	}
	p.suggest(severity, ruleRoleUnused, rolesPrefix+name, "Nobody has read the role for 30 days",
		"# ask the role's owner whether it is still needed", command("delete", p.mount+rolesPrefix+name), evidence)
}
