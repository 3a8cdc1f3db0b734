package report

import (
	"maps"
	"slices"

	"vault-plugin-secrets-paxos/backend/catalog"
)

// A set of scopes.
type set = map[string]bool

// Privileges are a review of what can be got through the mount. Its maps are by the name of a client,
// where nothing else is said.
type Privileges struct {
	*Review
	holds    map[string]set      // the scopes that it holds, nil where that is not known
	used     map[string]set      // the scopes that roles request with it
	spare    map[string]set      // the scopes that only disabled roles name
	movers   map[string][]string // the roles that can move money with it
	gives    map[string][]string // by scope: the roles whose readers get it
	unique   []string            // the roles of unique_tokens
	demand   int                 // the token requests in 5 minutes that their readers may cause
	greatest demander            // the one of them with the most
	hints    map[string]string   // scopes that the catalogue lacks, with what may have been meant
}

// A demander is a role and the token requests that its readers may cause.
type demander struct {
	role  string
	limit int
}

// newPrivileges begins with the scopes that the clients hold, as far as that is known.
func newPrivileges(f *Facts) *Privileges {
	p := &Privileges{
		Review: newReview(f), holds: map[string]set{}, used: map[string]set{}, spare: map[string]set{},
		movers: map[string][]string{}, gives: map[string][]string{}, hints: map[string]string{},
	}
	for _, c := range f.Clients {
		p.used[c.Name], p.spare[c.Name] = set{}, set{}
		scopes := c.Scopes
		if o := f.List.find(c.ID); o != nil {
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

// Scopes answers every scope that anyone could get, and from which roles.
func (p *Privileges) Scopes() []any {
	shown := make([]any, 0, len(p.gives))
	for _, scope := range slices.Sorted(maps.Keys(p.gives)) {
		_, catalogued := catalog.LookupScope(scope)
		shown = append(shown, map[string]any{"scope": scope, "risk": catalog.RiskOf(scope).String(),
			"catalogued": catalogued, "roles": p.gives[scope]})
	}
	return shown
}

// Held answers the clients that the mount stores, with the scopes that each holds.
func (p *Privileges) Held() []any {
	shown := make([]any, 0, len(p.Clients))
	for _, c := range p.Clients {
		scopes := append([]string{}, slices.Sorted(maps.Keys(p.holds[c.Name]))...)
		shown = append(shown, map[string]any{
			"name": c.Name, "client_id": c.ID, "scopes": scopes, "scopes_known": p.holds[c.Name] != nil,
			"risk":          riskName(scopes),
			"secret_set_at": timestamp(c.Since), "secret_verified": c.Verified,
			"last_issued_at": timestamp(c.LastIssued),
		})
	}
	return shown
}
