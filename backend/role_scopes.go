package backend

import (
	"github.com/hashicorp/vault/sdk/framework"

	"vault-plugin-secrets-paxos/backend/catalog"
	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/input"
)

// What says where a scope of a role comes from.
func setSource(name string) string     { return "scope_sets: " + name }
func operationSource(id string) string { return "operations: " + id }

const scopesSource = "scopes"

// resolve applies what a request says of the role's scopes, and works out what all
// three parameters come to. A request that names none of the three leaves the role
// with the scopes it has, whatever has become of its sets or of the catalogue.
func (r *role) resolve(d *framework.FieldData, lookup func(set string) ([]string, error)) error {
	named := false
	for name, list := range map[string]*[]string{"scopes": &r.Scopes, "scope_sets": &r.ScopeSets,
		"operations": &r.Operations} {
		_, given := d.Raw[name]
		named = named || given
		input.Patch(d, name, list)
	}
	if !named {
		return nil
	}
	r.Scopes = input.SplitList(r.Scopes) // an older version stored them as they were sent
	if err := input.CheckScopes(r.Scopes); err != nil {
		return fault.Invalid(err)
	}
	var all sourced
	all.add(scopesSource, r.Scopes...)
	for _, name := range r.ScopeSets {
		scopes, err := lookup(name)
		if err != nil {
			return err
		}
		all.add(setSource(name), scopes...)
	}
	resolution, err := catalog.Resolve(r.Operations, all.scopes)
	if err != nil {
		return fault.Invalid(err)
	}
	for _, scope := range resolution.Scopes {
		for _, id := range resolution.NeededFor[scope] {
			all.add(operationSource(id), scope)
		}
	}
	if len(all.scopes) > input.MaximumScopes {
		return fault.BadRequest("scopes, scope_sets and operations come to %d scopes; at most %d are allowed",
			len(all.scopes), input.MaximumScopes)
	}
	r.ResolvedScopes, r.Sources = all.scopes, all.sources
	if len(r.ScopeSets)+len(r.Operations) == 0 {
		r.Sources = nil // as in roles that were stored before there was another source
	}
	return nil
}

// sources says what brought in each of the role's scopes.
func (r role) sources() map[string][]string {
	if r.Sources != nil {
		return r.Sources
	}
	var all sourced
	all.add(scopesSource, r.ResolvedScopes...)
	return all.sources
}

// sourced are scopes in the order in which they came, with what brought them in.
type sourced struct {
	scopes  []string
	sources map[string][]string
}

// add adds scopes of one source.
func (s *sourced) add(source string, scopes ...string) {
	if s.sources == nil {
		s.sources = map[string][]string{}
	}
	for _, scope := range scopes {
		if s.sources[scope] == nil {
			s.scopes = append(s.scopes, scope)
		}
		s.sources[scope] = append(s.sources[scope], source)
	}
}
