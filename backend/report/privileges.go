package report

import (
	"maps"
	"slices"

	"vault-plugin-secrets-paxos/backend/catalog"
)

// Privileges are a review of the access that the mount gives. The keys of its maps are names of
// clients, unless a comment says something else.
type Privileges struct {
	*Review
	used     map[string]set      // the scopes that roles request with it
	spare    map[string]set      // the scopes that only disabled roles name
	movers   map[string][]string // the roles that can move money with it
	gives    map[string][]string // by scope: the roles whose readers get it
	unique   []string            // the roles of unique_tokens
	demand   int                 // the token requests in 5 minutes that their readers may cause
	greatest tokenDemand         // the one of them with the most
	hints    map[string]string   // scopes that the catalogue lacks, with what may have been meant
}

// A tokenDemand is the number of token requests in 5 minutes that the readers of a role may cause.
type tokenDemand struct {
	role  string
	limit int
}

// newPrivileges begins a review of the access that the mount gives.
func newPrivileges(f *Facts) *Privileges {
	p := &Privileges{
		Review: newReview(f), used: map[string]set{}, spare: map[string]set{},
		movers: map[string][]string{}, gives: map[string][]string{}, hints: map[string]string{},
	}
	for _, c := range f.Clients {
		p.used[c.Name], p.spare[c.Name] = set{}, set{}
	}
	return p
}

// Scopes are all scopes that anyone could get, as reports answer them, each with the roles that
// give it.
func (p *Privileges) Scopes() []any {
	shown := make([]any, 0, len(p.gives))
	for _, scope := range slices.Sorted(maps.Keys(p.gives)) {
		_, catalogued := catalog.LookupScope(scope)
		shown = append(shown, map[string]any{"scope": scope, "risk": catalog.RiskOf(scope).String(),
			"catalogued": catalogued, "roles": p.gives[scope]})
	}
	return shown
}

// Held are the clients that the mount stores, as reports answer them, each with the scopes that it
// holds.
func (p *Privileges) Held() []any {
	shown := make([]any, 0, len(p.Clients))
	for _, c := range p.Clients {
		scopes := append([]string{}, slices.Sorted(maps.Keys(p.holds[c.Name]))...)
		shown = append(shown, map[string]any{
			"name": c.Name, "client_id": c.ID, "scopes": scopes, "scopes_known": p.holds[c.Name] != nil,
			"risk":          RiskName(scopes),
			"secret_set_at": timestamp(c.Since), "secret_verified": c.Verified,
			"last_issued_at": timestamp(c.LastIssued),
		})
	}
	return shown
}
