package enumeration

import "github.com/hashicorp/vault/sdk/logical"

// scopeScenarios read the catalogue, write scope sets, and write roles by scope sets and
// operations.
func scopeScenarios() []scenario {
	return []scenario{
		{operation: logical.ReadOperation, path: "operations/GetTransfer", when: "on a new mount",
			setUp: func(*faultyMount) {}},
		{operation: logical.CreateOperation, path: "scope-sets/new", when: "on a mount in use",
			setUp: (*faultyMount).withTokens,
			data:  fixed(map[string]any{"scopes": "funding:read_profile"})},
		{operation: logical.UpdateOperation, path: "scope-sets/reports", when: "with a role written by it",
			setUp: (*faultyMount).withScopeSet, data: fixed(map[string]any{"scopes": "events:read_event"})},
		{operation: logical.UpdateOperation, path: "scope-sets/first-call", when: "although it is built in",
			setUp: (*faultyMount).withTokens, data: fixed(map[string]any{"scopes": "events:read_event"}),
			refused: true},
		{operation: logical.DeleteOperation, path: "scope-sets/reports", when: "with a role written by it",
			setUp: (*faultyMount).withScopeSet},
		{operation: logical.DeleteOperation, path: "scope-sets/first-call", when: "although it is built in",
			setUp: (*faultyMount).withTokens, refused: true},
		{operation: logical.UpdateOperation, path: "roles/mint", when: "by fewer operations",
			setUp: (*faultyMount).withScopeSet, data: fixed(map[string]any{"operations": "ListProfiles"}),
			endsTokensOf: "mint"},
		{operation: logical.UpdateOperation, path: "roles/mint", when: "by a set that has shrunk",
			setUp: func(m *faultyMount) {
				m.withScopeSet()
				m.write("scope-sets/reports", map[string]any{"scopes": "funding:read_profile"})
			}, data: fixed(map[string]any{"scope_sets": "reports",
				"operations": "ListProfiles"}), endsTokensOf: "mint"},
	}
}

// withScopeSet has a role in use that is written by a scope set and by operations.
func (m *faultyMount) withScopeSet() {
	m.withRoles()
	m.write("scope-sets/reports", map[string]any{"scopes": "transfer:read_transfer"})
	m.write("roles/mint", map[string]any{"scopes": "", "scope_sets": "reports",
		"operations": "ListProfiles,ListEvents"})
	m.read("creds/mint")
	m.read("creds/own")
}
