package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/paxostest"
	"vault-plugin-secrets-paxos/scripts/stack"
)

// beside returns another mount of the server with the same Paxos and client.
func (m *mount) beside() *mount {
	m.Helper()
	other := &mount{
		T: m.T, server: m.server, paxos: m.paxos, client: m.client, path: fmt.Sprintf("paxos-%d", mounts.Add(1)),
		clientID: m.clientID, clientSecret: m.clientSecret, secrets: m.secrets,
	}
	if err := m.server.Mount(m.Context(), other.path); err != nil {
		m.Fatal(err)
	}
	other.write("config/connection", other.connection())
	other.write("config", map[string]any{"environment": "custom", "client_id": m.clientID,
		"client_secret": m.clientSecret})
	return other
}

// spend creates roles and reads them until this number of tokens has been requested.
func (m *mount) spend(prefix string, count int) (served int) {
	m.Helper()
	for i := range count {
		name := fmt.Sprintf("%s-%d", prefix, i)
		m.role(name, nil, profiles)
		if _, err := m.readAs(m.client, "token/"+name); err == nil {
			served++
		} else if !strings.Contains(err.Error(), "429") && !strings.Contains(err.Error(), "502") {
			m.Fatal(err)
		}
	}
	return served
}

// used returns how much of the budget is used, as status says.
func (m *mount) used() (used string, known bool) {
	m.Helper()
	status, err := m.client.Logical().ReadWithContext(m.Context(), m.path+"/status")
	if err != nil {
		m.Fatal(err)
	}
	return status.Data["token_budget_used"].(json.Number).String(), status.Data["token_budget_known"].(bool)
}

// TestProcessesDoNotRefillTheBudget spends the budget of two mounts, some of it on requests that Paxos
// answers with 503, and ends the process in every possible way. The new process sends no request,
// whichever mount is read first.
func TestProcessesDoNotRefillTheBudget(t *testing.T) {
	server := own(t)
	m := newMount(t, server, paxostest.Options{TokenLimit: -1})
	m.client.SetMaxRetries(0)
	other := m.beside()
	for range 60 {
		m.paxos.FailNext(paxostest.TokenEndpoint, paxostest.Fault{Status: 503})
	}
	m.spend("before", 120)
	other.spend("before", 130)
	if calls := m.paxos.Calls(paxostest.TokenEndpoint); calls != broker.DefaultBudget {
		t.Fatalf("%d token requests before the first restart", calls)
	}
	for name, replace := range map[string]func() error{
		"reload": func() error { return server.ReloadPlugin(t.Context()) },
		"kill": func() error {
			killed, err := server.KillPlugin()
			if err != nil || len(killed) == 0 {
				return fmt.Errorf("processes %v: %w", killed, err)
			}
			await(t, func() error { return stack.Ended(killed[0]) })
			return nil
		},
		"seal": func() error { return errors.Join(server.Seal(t.Context()), server.Unseal(t.Context())) },
	} {
		first := []*mount{m, other}
		if name == "kill" {
			first = first[:1] // without a read of the mount, Vault may take a minute to notice
		}
		for i, one := range first {
			if err := replace(); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			await(t, func() error { // Vault does not notice at once
				_, err := one.client.Logical().ReadWithContext(t.Context(), one.path+"/status")
				return err
			})
			if used, _ := one.used(); used != fmt.Sprint(broker.DefaultBudget) {
				t.Errorf("%s: mount %d says that %s token requests are used", name, i, used)
			}
			if served := one.spend(fmt.Sprint(name, i), 5); served != 0 {
				t.Errorf("%s: mount %d got %d tokens", name, i, served)
			}
		}
	}
	if calls := m.paxos.Calls(paxostest.TokenEndpoint); calls != broker.DefaultBudget {
		t.Errorf("%d token requests in a window, want %d", calls, broker.DefaultBudget)
	}
}
