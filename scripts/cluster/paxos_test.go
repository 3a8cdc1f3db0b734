package cluster

import (
	"fmt"
	"slices"

	"vault-plugin-secrets-paxos/backend/paxostest"
	"vault-plugin-secrets-paxos/scripts/stack"
)

// minted lists all that Paxos has minted.
func (m *mount) issued() []stack.IssuedToken {
	m.Helper()
	tokens, err := m.paxos.Tokens(m.Context())
	if err != nil {
		m.Fatal(err)
	}
	return tokens
}

// expectIssued compares the number of tokens that Paxos minted for readers.
func (m *mount) expectIssued(want int) {
	m.Helper()
	if got := len(m.issued()) - m.proof; got != want {
		m.Errorf("Paxos issued %d tokens for readers, want %d", got, want)
	}
}

// alive lists the fingerprints of the tokens that live at Paxos.
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

// onlyAlive returns an error unless just these tokens live at Paxos.
func (m *mount) onlyAlive(want ...string) error {
	m.Helper()
	slices.Sort(want)
	if got := m.alive(); !slices.Equal(got, want) {
		return fmt.Errorf("at Paxos %d tokens live, %v; want %v", len(got), got, want)
	}
	return nil
}

// aliveAtLeast returns an error while fewer tokens live at Paxos.
func (m *mount) aliveAtLeast(want int) error {
	m.Helper()
	if got := len(m.alive()); got < want {
		return fmt.Errorf("at Paxos %d tokens live, want %d", got, want)
	}
	return nil
}

// fail makes Paxos fail at everything that the engine asks it, until it is healed.
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

// heal ends all that fail began.
func (m *mount) heal() {
	m.Helper()
	if err := m.paxos.Heal(m.Context()); err != nil {
		m.Fatal(err)
	}
}
