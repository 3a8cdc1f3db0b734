package cluster

import (
	"errors"
	"fmt"
	"testing"

	"vault-plugin-secrets-paxos/backend/broker"
)

// TestFailoverDoesNotRefillTheBudget spends the token budget of two mounts with one Paxos, and then
// loses the leader twice. The plugin processes of the next leaders must not send a request.
func TestFailoverDoesNotRefillTheBudget(t *testing.T) {
	m := newMount(t, nil)
	other := m.beside()
	m.client.SetMaxRetries(0)
	spent := len(m.issued()) + m.spend("before", 125) + other.spend("before", 125)
	if spent > broker.DefaultBudget || spent != len(m.issued()) {
		t.Fatalf("%d token requests before the first failover, Paxos granted %d", spent, len(m.issued()))
	}
	for i, way := range []loss{killed, steppedDown} {
		leader := m.leader()
		if err := way.of(t.Context(), leader); err != nil {
			t.Fatal(err)
		}
		await(t, patience, func() error {
			if m.leader() == leader {
				return errors.New("the leader still leads")
			}
			_, err := m.client.Logical().ReadWithContext(t.Context(), m.path+"/status")
			return err
		})
		for _, one := range []*mount{m, other} {
			if served := one.spend(fmt.Sprint("after", i), 5); served != 0 {
				t.Errorf("after the leader was %s, %s got %d tokens", way.name, one.path, served)
			}
		}
		if err := way.back(t.Context(), leader); err != nil {
			t.Fatal(err)
		}
		if err := m.AwaitHealthy(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := len(m.issued()); got != spent {
		t.Errorf("Paxos granted %d tokens in 5 minutes, %d before the failovers", got, spent)
	}
}

// beside returns another mount with the same Paxos.
func (m *mount) beside() *mount {
	m.Helper()
	other := *m
	other.path = fmt.Sprintf("paxos-%d", mounts.Add(1))
	if err := m.leader().Mount(m.Context(), other.path); err != nil {
		m.Fatal(err)
	}
	other.connect(nil)
	return &other
}

// spend creates and reads this number of roles, and returns how many of the reads got a token.
func (m *mount) spend(prefix string, roles int) (served int) {
	m.Helper()
	for i := range roles {
		name := fmt.Sprintf("%s-%d", prefix, i)
		await(m.T, patience, func() error {
			_, err := m.client.Logical().WriteWithContext(m.Context(), m.path+"/roles/"+name,
				map[string]any{"scopes": "funding:read_profile"})
			return err
		})
		if _, err := m.read(m.client, "token/"+name); err == nil {
			served++
		}
	}
	return served
}
