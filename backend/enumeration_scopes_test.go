package backend_test

import "github.com/hashicorp/vault/sdk/logical"

// scopeScenes read the catalogue, write scope sets, and write roles by them and by
// operations.
func scopeScenes() []scene {
	return []scene{
		{operation: logical.ReadOperation, path: "operations/GetTransfer", when: "on a new mount",
			state: func(*site) {}},
		{operation: logical.CreateOperation, path: "scope-sets/new", when: "on a mount in use", state: (*site).use,
			data: with(map[string]any{"scopes": "funding:read_profile"})},
		{operation: logical.UpdateOperation, path: "scope-sets/reports", when: "with a role written by it",
			state: (*site).assemble, data: with(map[string]any{"scopes": "events:read_event"})},
		{operation: logical.UpdateOperation, path: "scope-sets/first-call", when: "although it is built in",
			state: (*site).use, data: with(map[string]any{"scopes": "events:read_event"}), refused: true},
		{operation: logical.DeleteOperation, path: "scope-sets/reports", when: "with a role written by it",
			state: (*site).assemble},
		{operation: logical.DeleteOperation, path: "scope-sets/first-call", when: "although it is built in",
			state: (*site).use, refused: true},
		{operation: logical.UpdateOperation, path: "roles/mint", when: "by fewer operations",
			state: (*site).assemble, data: with(map[string]any{"operations": "ListProfiles"}), ends: "mint"},
		{operation: logical.UpdateOperation, path: "roles/mint", when: "by a set that has shrunk",
			state: func(s *site) {
				s.assemble()
				s.write("scope-sets/reports", map[string]any{"scopes": "funding:read_profile"})
			}, data: with(map[string]any{"scope_sets": "reports", "operations": "ListProfiles"}), ends: "mint"},
	}
}

// assemble has a role in use that is written by a scope set and by operations.
func (s *site) assemble() {
	s.prepare()
	s.write("scope-sets/reports", map[string]any{"scopes": "transfer:read_transfer"})
	s.write("roles/mint", map[string]any{"scopes": "", "scope_sets": "reports",
		"operations": "ListProfiles,ListEvents"})
	s.read("creds/mint")
	s.read("creds/own")
}
