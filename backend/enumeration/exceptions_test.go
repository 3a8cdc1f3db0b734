package enumeration

import "github.com/hashicorp/vault/sdk/logical"

// urlException accepts that the mount calls a server that is not Paxos.
var urlException = map[string]any{"rule": "dangerous-option", "subject": "config/connection",
	"reason": "a test server", "expires_at": "90d"}

// exceptionScenarios accept findings, and stop accepting them.
func exceptionScenarios() []scenario {
	return []scenario{
		{operation: logical.CreateOperation, path: "exceptions/new", when: "on a mount in use",
			setUp: (*faultyMount).withTokens,
			data:  fixed(urlException)},
		{operation: logical.UpdateOperation, path: "exceptions/url", when: "for longer",
			setUp: (*faultyMount).withException,
			data:  fixed(map[string]any{"expires_at": "30d"})},
		{operation: logical.UpdateOperation, path: "exceptions/url", when: "of another rule",
			setUp: (*faultyMount).withException,
			data:  fixed(map[string]any{"rule": "secret-old"}), refused: true},
		{operation: logical.ReadOperation, path: "exceptions/url", when: "that holds",
			setUp: (*faultyMount).withException},
		{operation: logical.ListOperation, path: "exceptions/", when: "with one", setUp: (*faultyMount).withException},
		{operation: logical.DeleteOperation, path: "exceptions/url", when: "that holds",
			setUp: (*faultyMount).withException},
	}
}

// withException accepts a finding.
func (m *faultyMount) withException() {
	m.withTokens()
	m.write("exceptions/url", urlException)
}
