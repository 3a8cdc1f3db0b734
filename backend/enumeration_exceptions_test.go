package backend_test

import "github.com/hashicorp/vault/sdk/logical"

// exceptionScenes accept findings, and stop accepting them.
func exceptionScenes() []scene {
	return []scene{
		{operation: logical.CreateOperation, path: "exceptions/new", when: "on a mount in use", state: (*site).use,
			data: with(urlException)},
		{operation: logical.UpdateOperation, path: "exceptions/url", when: "for longer", state: (*site).except,
			data: with(map[string]any{"expires_at": "30d"})},
		{operation: logical.UpdateOperation, path: "exceptions/url", when: "of another rule", state: (*site).except,
			data: with(map[string]any{"rule": "secret-old"}), refused: true},
		{operation: logical.ReadOperation, path: "exceptions/url", when: "that holds", state: (*site).except},
		{operation: logical.ListOperation, path: "exceptions/", when: "with one", state: (*site).except},
		{operation: logical.DeleteOperation, path: "exceptions/url", when: "that holds", state: (*site).except},
	}
}

// except accepts a finding.
func (s *site) except() {
	s.use()
	s.write("exceptions/url", urlException)
}
