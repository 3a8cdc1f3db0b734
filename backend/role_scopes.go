package backend

import (
	"github.com/hashicorp/vault/sdk/framework"

	"vault-plugin-secrets-paxos/backend/catalog"
	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/input"
)

// scopesSource is the source of scopes that the parameter scopes names.
const scopesSource = "scopes"

// sourced collects scopes in the order in which they are added, each once, with the parameters that
// each comes from.
type sourced struct {
	scopes  []string
	sources map[string][]string
}

// resolve applies the parameters scopes, scope_sets and operations and works out the scopes of the
// role from all three. A request with none of the three changes no scope, even if a scope set or
// the catalogue has changed since the role was written.
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
	r.Scopes = input.SplitList(r.Scopes) // an older version stored scopes without splitting them
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
		return fault.BadRequest("scopes, scope_sets and operations add up to %d scopes. At most %d are allowed.",
			len(all.scopes), input.MaximumScopes)
	}
	r.ResolvedScopes, r.Sources = all.scopes, all.sources
	if len(r.ScopeSets)+len(r.Operations) == 0 {
		r.Sources = nil // all scopes come from the parameter scopes, see role.Sources
	}
	return nil
}

// sources returns, for each scope of the role, the parameters that it comes from.
func (r role) sources() map[string][]string {
	if r.Sources != nil {
		return r.Sources
	}
	var all sourced
	all.add(scopesSource, r.ResolvedScopes...)
	return all.sources
}

// add adds the scopes of one source.
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

// setSource is the source of scopes that come from a scope set.
func setSource(name string) string { return "scope_sets: " + name }

// operationSource is the source of scopes that an operation needs.
func operationSource(id string) string { return "operations: " + id }
