package load

import (
	"fmt"
	"testing"
	"time"
)

// pool is how many clients there are to lease. doomed is how many clients a role has that deletes them;
// the engine verifies a few secrets per 5 minutes only, so more clients would take longer.
const (
	pool   = 50
	doomed = 10
)

// newPool stores clients and creates a role that leases them. It returns the names of the clients.
func (m *mount) newPool(role string, count int, verify bool, more map[string]any) (names []string) {
	m.Helper()
	for i := range count {
		name := fmt.Sprintf("vault-%s-%d", role, i)
		id, secret := m.create(name, profiles, transfers)
		m.write("clients/"+name, map[string]any{
			"client_id": id, "client_secret": secret, "scopes": []string{profiles, transfers},
			"allowed_roles": role, "purpose": "lease", "verify_connection": verify,
		})
		names = append(names, name)
	}
	data := map[string]any{"credential_type": "client_credentials", "clients": names,
		"scopes": []string{profiles, transfers}, "ttl": "1h"}
	for parameter, value := range more {
		data[parameter] = value
	}
	m.write("roles/"+role, data)
	return names
}

// renew gives each of the clients a new secret, as an operator does to end a quarantine.
func (m *mount) renew(names []string) {
	m.Helper()
	for _, name := range names {
		secret, err := m.paxos.RotateCredential(m.read("clients/" + name)["client_id"].(string))
		if err != nil {
			m.Fatal(err)
		}
		m.write("clients/"+name+"/rotate", map[string]any{"client_secret": secret, "verify_connection": false})
	}
}

// TestPool lets 200 entities read a role with 50 clients at the same time, and again while the
// plugin is killed.
func TestPool(t *testing.T) {
	t.Parallel()
	m := newMount(t, own(t), profiles, transfers)
	names := m.newPool("vendor", pool, false, nil)
	clients := m.newHolders("vendor")

	started := time.Now()
	first := m.rush("vendor", clients, 0, nil)
	t.Logf("%d entities at once, in %s: %d leases, %d clear refusals, %d doubles, %d failures",
		holders, time.Since(started).Round(time.Millisecond), len(first.leased), first.refused, first.doubles(),
		len(first.failed))
	if len(first.leased) != pool || first.refused != holders-pool || first.doubles() != 0 {
		t.Error("want as many leases as clients, and a clear refusal for everybody else")
	}
	if err := m.inState(map[string]int{"leased": pool}); err != nil {
		t.Error(err)
	}
	m.endLeases()
	if err := m.inState(map[string]int{"quarantined": pool}); err != nil {
		t.Error(err)
	}
	m.expectNoneIrrevocable()

	m.renew(names)
	m.write("roles/vendor", map[string]any{"ttl": "2m"})
	second := m.rush("vendor", clients, pool/2, func() {
		if _, err := m.server.KillPlugin(); err != nil {
			t.Error(err)
		}
	})
	t.Logf("the plugin killed when %d had an answer: %d leases, %d clear refusals, %d refused because their "+
		"first answer was lost, %d doubles, %d failures; clients %v",
		pool/2, len(second.leased), second.refused, second.again, second.doubles(), len(second.failed), m.states())
	if second.doubles() != 0 || len(second.leased)+second.again > pool || len(second.failed) > 0 {
		t.Errorf("want no doubles, no more leases than clients, and no failures but clear refusals")
	}
	if err := m.inState(map[string]int{"leased": pool}); err != nil {
		t.Error(err)
	}
	m.endLeases()
	t.Logf("right after all leases were ended: clients %v; a lease whose answer was lost ends with its deadline",
		m.states())
	m.await(2*time.Minute+tick, func() error { return m.inState(map[string]int{"quarantined": pool}) })
	m.expectNoneIrrevocable()
}

// TestPoolThatIsDeleted leases clients of a role that deletes a client at Paxos when its lease
// ends. The engine waits two minutes before the first deletion, until it knows all its mounts.
func TestPoolThatIsDeleted(t *testing.T) {
	t.Parallel()
	m := newMount(t, shared(t), profiles, transfers, listing, deleting)
	names := m.newPool("vendor", doomed, true, map[string]any{"on_revoke": "delete", "delete_limit": 1000})
	got := m.rush("vendor", m.newHolders("vendor"), 0, nil)
	if len(got.leased) != doomed || got.refused != holders-doomed || got.doubles() != 0 {
		t.Errorf("%d leases, %d clear refusals, %d doubles, %d failures", len(got.leased), got.refused,
			got.doubles(), len(got.failed))
	}
	m.endLeases()
	started := time.Now()
	m.await(2*time.Minute+tick, func() error { return m.inState(map[string]int{}) })
	t.Logf("%d clients were gone %s after their leases", doomed, time.Since(started).Round(time.Second))
	gone := map[string]bool{}
	for _, credential := range m.paxos.Credentials() {
		gone[credential.Nickname] = credential.Status == "DISABLED"
	}
	for _, name := range names {
		if data := m.read("clients/" + name); data != nil || !gone[name] {
			t.Errorf("client %s: in Vault %v, gone at Paxos: %t", name, data, gone[name])
		}
	}
	if gone["the first root"] {
		t.Error("the root was deleted")
	}
	m.expectNoneIrrevocable()
}
