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
	p.purposes(r)
	if r.LeasesClients {
		p.lease(r)
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
	var given, beyond, lacking []string
	for _, scope := range r.Scopes {
		p.used[r.Client][scope] = true
		held := p.holds[r.Client] == nil || p.holds[r.Client][scope]
		if !held {
			lacking = append(lacking, scope)
		}
		if p.Guardrails.Forbids(scope) {
			beyond = append(beyond, scope)
		} else if held {
			given = append(given, scope)
			p.gives[scope] = append(p.gives[scope], r.Name)
		}
	}
	p.roleScopes(r, given, beyond, lacking)
	p.roleLeases(r)
	p.roleUse(r, worst(given))
	p.dangers(rolesPrefix+r.Name, r.Dangers)
}

// lease reviews a role whose readers get whole clients, and with them every scope that these hold.
func (p *Privileges) lease(r Role) {
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
			"The role's readers get a whole client that can move money, for as long as its lease lasts",
			"# ask the role's readers whether an access token would do, and write them a role of "+
				"credential_type=access_token",
			p.patch(rolesPrefix+r.Name, "disabled=true"), scopesByRisk(given)...)
	}
	p.roleLeases(r)
	p.roleUse(r, worst(given))
	p.dangers(rolesPrefix+r.Name, r.Dangers)
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
				"The role uses a client of another purpose: its readers are refused.",
				byHand("create another client in the Dashboard and store it with purpose=%s; then let the "+
					"role use it", use), "client="+strings.TrimPrefix(client, clientsPrefix), is)
		}
	}
}
