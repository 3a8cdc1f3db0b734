package backend

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"vault-plugin-secrets-paxos/backend/catalog"
)

// unusedAfter is how long nobody reads a role until that is a finding.
const unusedAfter = 30 * 24 * time.Hour

// A set of scopes.
type set = map[string]bool

// privileges are a review of what can be got through the mount.
type privileges struct {
	*review
	limits   guardrails
	lastUse  func(subject) time.Time
	budget   int // token requests in 5 minutes
	holds    map[string]set
	used     map[string]set
	spare    map[string]set // that only disabled roles name
	movers   map[string][]string
	gives    map[string][]string // the roles, by scope
	unique   []string            // roles of own tokens
	demand   int                 // their token requests in 5 minutes
	greatest demander            // the one of them with the most
	strange  bool                // a role has a scope that the catalogue lacks
}

// A demander is a role and the token requests that its readers may cause.
type demander struct {
	role  string
	limit int
}

// newPrivileges begins with the scopes that the clients hold, as far as it is known.
func newPrivileges(r *review, limits guardrails, lastUse func(subject) time.Time, budget int) *privileges {
	p := &privileges{
		review: r, limits: limits, lastUse: lastUse, budget: budget,
		holds: map[string]set{}, used: map[string]set{}, spare: map[string]set{}, movers: map[string][]string{}, gives: map[string][]string{},
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

// role looks at one role. Its name and scopes were judged when it was written.
func (p *privileges) role(name string, r role) {
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
		p.add(medium, "leases-money", rolesPrefix+name, "the role's readers get a whole client that can move money, for as long as its lease lasts",
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
		p.add(medium, "beyond-guardrails", path, "the role has scopes that the guardrails forbid: no token is issued with them", p.narrow(path, r, beyond), graded(beyond)...)
	}
	if len(lacking) > 0 {
		p.add(medium, "scopes-lacking", path, "client "+client+" does not hold all scopes of the role: Paxos refuses a token with all of them", p.narrow(path, r, lacking), graded(lacking)...)
	}
	if unknown := slices.DeleteFunc(slices.Clone(given), func(scope string) bool { _, ok := catalog.LookupScope(scope); return ok }); len(unknown) > 0 {
		p.strange = true
		p.add(low, "scopes-uncatalogued", path, "the role has scopes of which this version does not know what they open; they count as moves-money", p.narrow(path, r, unknown), uncatalogued(unknown)...)
	}
	of := func(risk catalog.Risk) []string {
		return slices.DeleteFunc(slices.Clone(given), func(scope string) bool { return catalog.RiskOf(scope) != risk })
	}
	if money := of(catalog.MovesMoney); len(money) > 0 {
		p.movers[client] = append(p.movers[client], name)
		p.add(medium, "moves-money", path, "the role's readers can move money, or say where it goes", p.narrow(path, r, money), money...)
	}
	if admin := of(catalog.Admin); len(admin) > 0 {
		p.add(high, "administers", path, "the role's readers govern the company's API credentials", p.narrow(path, r, admin), admin...)
	}
}

// narrow is the command that takes scopes away from a role; if none would be left, the
// role is disabled.
func (p *privileges) narrow(path string, r role, scopes []string) string {
	rest := without(r.ResolvedScopes, scopes)
	if len(rest) == 0 {
		return p.patch(path, "disabled=true")
	}
	return p.patch(path, "scopes="+strings.Join(rest, ","))
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
		p.add(low, "leases-beyond-guardrails", path, "the role's ttl or max_ttl is more than the guardrails allow: leases are cut", p.patch(path, changes...),
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
	last := p.lastUse(subject{roleSubject, name})
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
	p.add(severity, "role-unused", rolesPrefix+name, "nobody has read the role for 30 days", command("delete", p.mount+rolesPrefix+name), evidence)
}

// severityOfOption is how bad a dangerous option is where it is not medium.
var severityOfOption = map[string]severity{"never_revoke": high, "allow_admin_scopes": high, "unique_tokens": low}

// saferOption is what takes the place of a dangerous value that is not true or false.
var saferOption = map[string]string{"on_revoke": quarantine, "require_entity_match": "true"}

// dangers are the dangerous options in force at a path: their names, and why.
func (p *privileges) dangers(path string, dangers []string) {
	for _, danger := range dangers {
		option, reason, _ := strings.Cut(danger, ": ")
		severity, known := severityOfOption[option]
		if !known {
			severity = medium
		}
		fix := p.patch(path, option+"=false")
		if name, _, assigned := strings.Cut(option, "="); assigned { // such as on_revoke=return_unrotated
			fix = p.patch(path, name+"="+saferOption[name])
		}
		if option == "token_url" {
			fix = "# enable another mount whose config/connection has an https URL, or environment=production"
		}
		p.add(severity, "dangerous-option", path, option+": "+reason, fix, option)
	}
}

// mountWide finds what no single role is to blame for.
func (p *privileges) mountWide(settings connection) {
	p.dangers(connectionPath, settings.dangers())
	p.dangers(guardrailsPath, p.limits.dangers())
	if p.limits.AllowUncatalogued {
		severity := info
		if p.strange {
			severity = low
		}
		p.add(severity, "dangerous-option", guardrailsPath, "allow_uncatalogued_scopes: a role may hold scopes of which nobody knows what they open",
			p.patch(guardrailsPath, "allow_uncatalogued_scopes=false"), "allow_uncatalogued_scopes")
	}
	if most := max(1, p.budget/2); p.budget > 0 && p.demand > most {
		p.add(medium, "unique-tokens-beyond-budget", configKey, "the mint_limits of roles with unique_tokens add up to more than the half of the token budget that is open to them: their readers will be refused",
			p.patch(rolesPrefix+p.greatest.role, "unique_tokens=false"), append(some(p.unique), fmt.Sprintf("mint_limits=%d of %d", p.demand, most))...)
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
		p.add(severityOf(worst(unused)), "scopes-unused", subject, "the client holds scopes that no role uses: whoever gets its secret has them",
			byHand("take the scopes in evidence away from %s", c.ID), graded(unused)...)
	}
	if len(disabled) > 0 {
		p.add(max(severityOf(worst(disabled)), medium), "scopes-of-disabled-roles", subject, "the client holds scopes that only disabled roles use",
			byHand("take the scopes in evidence away from %s, or delete the roles", c.ID), graded(disabled)...)
	}
	if movers := p.movers[c.Name]; len(movers) > 1 {
		p.add(medium, "money-shared", subject, "several roles that can move money are minted by one client: at Paxos they cannot be told apart, nor limited apart",
			"# give each of these roles a mount and a client of its own, which holds its scopes only", some(movers)...)
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
