package report

import (
	"maps"
	"slices"

	"vault-plugin-secrets-paxos/backend/catalog"
)

// A grant is what the readers of a role can get of one client.
type grant struct {
	role   Role
	scopes []string
	known  bool // whether it is known what the client holds; else scopes may lack some
}

// path is the path of the role below the mount.
func (g grant) path() string { return rolesPrefix + g.role.Name }

// grants are those of all roles, by the name of the client.
type grants map[string][]grant

// grantsOf are the grants of the roles. A role that leases clients stands
// under each of them. Nobody reads a disabled role.
func grantsOf(f *Facts, holds holdings) grants {
	all := grants{}
	for _, role := range f.Roles {
		switch {
		case role.Disabled:
		case role.LeasesClients:
			for _, client := range role.Clients {
				all[client] = append(all[client], grant{role, slices.Sorted(maps.Keys(holds[client])), holds[client] != nil})
			}
		default:
			given, _, _ := f.divide(role, holds)
			all[role.Client] = append(all[role.Client], grant{role, given, true})
		}
	}
	return all
}

// payers are the roles whose readers can move money with a client.
func (all grants) payers(client string) (paths []string) {
	for _, g := range all[client] {
		if moveMoney(g.scopes) {
			paths = append(paths, g.path())
		}
	}
	return paths
}

// users are the roles whose tokens, or clients, open an operation of a signer of this client.
func (all grants) users(s Signer, client string) (paths []string) {
	for _, g := range all[client] {
		if !g.known || slices.ContainsFunc(s.Operations, func(id string) bool {
			o, ok := catalog.LookupOperation(id)
			return ok && o.AllowedBy(g.scopes)
		}) {
			paths = append(paths, g.path())
		}
	}
	return paths
}

// moveMoney reports whether one of the scopes has the risk that money is moved.
func moveMoney(scopes []string) bool {
	return slices.ContainsFunc(scopes, func(scope string) bool { return catalog.RiskOf(scope) == catalog.MovesMoney })
}

// divide divides the scopes of a role into those that its readers can get, those that the guardrails
// forbid, and those that its client lacks.
func (f *Facts) divide(role Role, holds holdings) (given, beyond, lacking []string) {
	for _, scope := range role.Scopes {
		held := holds[role.Client] == nil || holds[role.Client][scope]
		if !held {
			lacking = append(lacking, scope)
		}
		if f.Guardrails.Forbids(scope) {
			beyond = append(beyond, scope)
		} else if held {
			given = append(given, scope)
		}
	}
	return given, beyond, lacking
}

// paying are the operations of the catalogue that pay, or decide who is paid.
func paying(f *Facts) []catalog.Operation {
	return slices.DeleteFunc(catalog.Operations(), func(o catalog.Operation) bool { return !f.Pays(o.ID) })
}

// allowed are the operations that a token with these scopes may call.
func allowed(operations []catalog.Operation, scopes []string) []catalog.Operation {
	var all []catalog.Operation
	for _, o := range operations {
		if o.AllowedBy(scopes) {
			all = append(all, o)
		}
	}
	return all
}
