package cluster

import (
	"fmt"
	"slices"

	"vault-plugin-secrets-paxos/backend/paxostest"
	"vault-plugin-secrets-paxos/scripts/stack"
)

// issued returns all tokens that Paxos has issued.
func (m *mount) issued() []stack.IssuedToken {
	m.Helper()
	tokens, err := m.paxos.Tokens(m.Context())
	if err != nil {
		m.Fatal(err)
	}
	return tokens
}

// expectIssued checks how many tokens Paxos has issued for readers.
func (m *mount) expectIssued(want int) {
	m.Helper()
	if got := len(m.issued()) - m.proof; got != want {
		m.Errorf("Paxos issued %d tokens for readers, want %d", got, want)
	}
}

// alive returns the fingerprints of the tokens that are alive at Paxos.
func (m *mount) alive() []string {
	m.Helper()
	alive := []string{}
	for _, token := range m.issued() {
		if token.Alive {
			alive = append(alive, token.Fingerprint)
		}
	}
	slices.Sort(alive)
	return alive
}

// onlyAlive returns an error unless exactly these tokens are alive at Paxos.
func (m *mount) onlyAlive(want ...string) error {
	m.Helper()
	slices.Sort(want)
	if got := m.alive(); !slices.Equal(got, want) {
		return fmt.Errorf("at Paxos %d tokens live, %v; want %v", len(got), got, want)
	}
	return nil
}

// aliveAtLeast returns an error while fewer tokens are alive at Paxos.
func (m *mount) aliveAtLeast(want int) error {
	m.Helper()
	if got := len(m.alive()); got < want {
		return fmt.Errorf("at Paxos %d tokens live, want %d", got, want)
	}
	return nil
}

// fail makes all token requests and revocations fail at Paxos until heal.
func (m *mount) fail(fault map[string]any) {
	m.Helper()
	for _, endpoint := range []paxostest.Endpoint{paxostest.TokenEndpoint, paxostest.Revoke} {
		form := map[string]any{"endpoint": endpoint}
		for name, value := range fault {
			form[name] = value
		}
		if err := m.paxos.Fail(m.Context(), form); err != nil {
			m.Fatal(err)
		}
	}
}

// heal ends the failures that fail has started.
func (m *mount) heal() {
	m.Helper()
	if err := m.paxos.Heal(m.Context()); err != nil {
		m.Fatal(err)
	}
}
