package load

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/vault/api"
)

// holders is how many entities want a client.
const holders = 200

// newHolders returns clients of the server. Each has the token of another entity, which may read the
// role.
func (m *mount) newHolders(role string) []*api.Client {
	m.Helper()
	name := m.path + "-" + role
	if err := m.client.Sys().PutPolicyWithContext(m.Context(), name,
		fmt.Sprintf("path %q { capabilities = [\"read\"] }", m.path+"/creds/"+role)); err != nil {
		m.Fatal(err)
	}
	logical := m.client.Logical()
	if _, err := logical.WriteWithContext(m.Context(), "auth/token/roles/"+name, map[string]any{
		"allowed_policies": name, "allowed_entity_aliases": name + "-*", "orphan": true,
	}); err != nil {
		m.Fatal(err)
	}
	clients, entities := make([]*api.Client, holders), map[string]bool{}
	for i := range clients {
		answer, err := logical.WriteWithContext(m.Context(), "auth/token/create/"+name, map[string]any{
			"entity_alias": fmt.Sprintf("%s-%d", name, i), "policies": []string{name},
		})
		if err != nil {
			m.Fatal(err)
		}
		entities[answer.Auth.EntityID] = true
		clients[i] = client(m.T, m.server, answer.Auth.ClientToken)
	}
	if len(entities) != holders || entities[""] {
		m.Fatalf("%d entities, want %d", len(entities), holders)
	}
	return clients
}

// A rush has the results of many reads at the same time of a role that leases clients.
type rush struct {
	leased  []string // the Client ID of each lease
	refused int      // reads that failed because no client was available
	again   int      // reads that failed because the entity has a client already, from an answer that was lost
	failed  []error  // reads that failed for another reason
}

// rush lets all holders read the role at the same time. It calls event when a number of them have an
// answer.
func (m *mount) rush(role string, clients []*api.Client, when int, event func()) rush {
	m.Helper()
	var (
		group sync.WaitGroup
		mu    sync.Mutex
		begin = make(chan struct{})
		all   rush
		done  int
	)
	for _, c := range clients {
		group.Go(func() {
			<-begin
			answer, err := c.Logical().ReadWithContext(m.Context(), m.path+"/creds/"+role)
			mu.Lock()
			defer mu.Unlock()
			all.note(answer, err)
			if done++; done == when {
				event()
			}
		})
	}
	close(begin)
	group.Wait()
	for i, err := range all.failed {
		if i < 5 {
			m.Logf("a check-out failed: %v", err)
		}
	}
	return all
}

// note records the result of one read.
func (r *rush) note(answer *api.Secret, err error) {
	var refused *api.ResponseError
	clear := errors.As(err, &refused) && refused.StatusCode == http.StatusBadRequest
	switch {
	case err == nil && answer != nil && answer.LeaseID != "" && answer.Data["client_secret"] != "":
		r.leased = append(r.leased, answer.Data["client_id"].(string))
	case clear && strings.Contains(err.Error(), "No client is available"):
		r.refused++
	case clear && strings.Contains(err.Error(), "max_leases_per_entity"):
		r.again++
	case err != nil:
		r.failed = append(r.failed, err)
	default:
		r.failed = append(r.failed, errors.New("an answer without a client or without a lease"))
	}
}

// doubles returns how many leases are of a client that has another lease.
func (r *rush) doubles() int {
	return len(r.leased) - len(slices.Compact(slices.Sorted(slices.Values(r.leased))))
}

// states returns how many stored clients are in each state.
func (m *mount) states() map[string]int {
	m.Helper()
	states := map[string]int{}
	for state, count := range m.read("status")["clients"].(map[string]any) {
		number, err := count.(json.Number).Int64()
		if err != nil {
			m.Fatal(err)
		}
		if number > 0 {
			states[state] = int(number)
		}
	}
	return states
}

// inState returns an error unless these numbers of clients are in these states.
func (m *mount) inState(want map[string]int) error {
	m.Helper()
	if got := m.states(); !maps.Equal(got, want) {
		return fmt.Errorf("the clients are %v, want %v", got, want)
	}
	return nil
}
