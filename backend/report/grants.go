package report

import (
	"maps"
	"slices"

	"vault-plugin-secrets-paxos/backend/catalog"
)

// payersOf finds the roles whose readers get tokens that can move money, by the name of the client. A
// role that leases clients stands under each of its clients that can.
func (f *Facts) payersOf(holds holdings) map[string][]string {
	payers := map[string][]string{}
	for _, role := range f.Roles {
		for client, scopes := range f.grants(role, holds) {
			if moveMoney(scopes) {
				payers[client] = append(payers[client], rolesPrefix+role.Name)
			}
		}
	}
	return payers
}

// moveMoney reports whether one of the scopes has the risk that money is moved.
func moveMoney(scopes []string) bool {
	return slices.ContainsFunc(scopes, func(scope string) bool { return catalog.RiskOf(scope) == catalog.MovesMoney })
}

// grants are the scopes that the readers of a role can get, by the name of the client.
func (f *Facts) grants(role Role, holds holdings) map[string][]string {
	granted := map[string][]string{}
	switch {
	case role.Disabled:
	case role.LeasesClients:
		for _, client := range role.Clients {
			granted[client] = slices.Sorted(maps.Keys(holds[client]))
		}
	default:
		granted[role.Client], _, _ = f.divide(role, holds)
	}
	return granted
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

// payments are the operations that pay, or decide who is paid, and that a token with these scopes may
// call.
func (f *Facts) payments(scopes []string) (operations []catalog.Operation) {
	for _, o := range catalog.OpenedBy(scopes...) {
		if f.Pays(o.ID) {
			operations = append(operations, o)
		}
	}
	return operations
}
