package load

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/api"
)

// pool is how many clients there are to lease. verified is how many secrets of clients the engine
// verifies per 5 minutes. doomed is how many clients a role has that deletes them: each is verified
// when it is stored, so more than verified would take longer.
const (
	pool     = 50
	verified = 12
	doomed   = 10
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

// renew rotates the secret of a client at Paxos and writes the new one, as an operator does to end a
// quarantine.
func (m *mount) renew(name string, verify bool) error {
	m.Helper()
	secret, err := m.paxos.RotateCredential(m.read("clients/" + name)["client_id"].(string))
	if err != nil {
		m.Fatal(err)
	}
	_, err = m.client.Logical().WriteWithContext(m.Context(), m.path+"/clients/"+name+"/rotate",
		map[string]any{"client_secret": secret, "verify_connection": verify})
	return err
}

// renewVerified renews as many of the quarantined clients as the engine verifies within 5 minutes, and
// returns their Client IDs. It checks that nothing else ends a quarantine: neither a secret that is not
// verified, nor one that is over the limit.
func (m *mount) renewVerified(names []string) (renewed []string) {
	m.Helper()
	for _, name := range names {
		m.expectRefusal(m.renew(name, false), http.StatusBadRequest, "Only a new secret that is verified")
	}
	if err := m.inState(map[string]int{"quarantined": len(names)}); err != nil {
		m.Errorf("after secrets that were not verified: %v", err)
	}
	for _, name := range names[:verified] {
		if err := m.renew(name, true); err != nil {
			m.Fatal(err)
		}
		renewed = append(renewed, m.read("clients/" + name)["client_id"].(string))
	}
	m.client.SetMaxRetries(0) // it would repeat each write that is over the limit
	for _, name := range names[verified:] {
		m.expectRefusal(m.renew(name, true), http.StatusTooManyRequests, "verifying secrets")
	}
	if err := m.inState(map[string]int{"available": verified, "quarantined": len(names) - verified}); err != nil {
		m.Errorf("after %d secrets that were verified: %v", verified, err)
	}
	return renewed
}

// expectRefusal fails the test unless the error has the status and says why.
func (m *mount) expectRefusal(err error, status int, why string) {
	m.Helper()
	var refused *api.ResponseError
	if !errors.As(err, &refused) || refused.StatusCode != status || !strings.Contains(err.Error(), why) {
		m.Errorf("the answer is %v, want the status %d and %q", err, status, why)
	}
}

// TestPool lets 200 entities read a role with 50 clients at the same time. All leases end, and some of
// the clients get a verified secret: then only these are leased again.
func TestPool(t *testing.T) {
	t.Parallel()
	m := newMount(t, shared(t), profiles, transfers)
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

	renewed := m.renewVerified(names)
	second := m.rush("vendor", clients, 0, nil)
	slices.Sort(renewed)
	slices.Sort(second.leased)
	if !slices.Equal(second.leased, renewed) || second.refused != holders-verified {
		t.Errorf("%d leases, %d clear refusals, %d doubles, %d failures: want one lease of each of the %d clients "+
			"with a verified secret, and a clear refusal for everybody else", len(second.leased), second.refused,
			second.doubles(), len(second.failed), verified)
	}
	if err := m.inState(map[string]int{"leased": verified, "quarantined": pool - verified}); err != nil {
		t.Error(err)
	}
	m.endLeases()
	if err := m.inState(map[string]int{"quarantined": pool}); err != nil {
		t.Error(err)
	}
	m.expectNoneIrrevocable()
}

// TestPoolWhileThePluginIsKilled lets 200 entities read a role with 50 clients at the same time, and
// kills the plugin when half as many as there are clients have an answer.
func TestPoolWhileThePluginIsKilled(t *testing.T) {
	t.Parallel()
	m := newMount(t, own(t), profiles, transfers)
	m.newPool("vendor", pool, false, map[string]any{"ttl": "2m"})
	got := m.rush("vendor", m.newHolders("vendor"), pool/2, func() {
		if _, err := m.server.KillPlugin(); err != nil {
			t.Error(err)
		}
	})
	t.Logf("the plugin killed when %d had an answer: %d leases, %d clear refusals, %d refused because their "+
		"first answer was lost, %d doubles, %d failures; clients %v",
		pool/2, len(got.leased), got.refused, got.again, got.doubles(), len(got.failed), m.states())
	if got.doubles() != 0 || len(got.leased)+got.again > pool || len(got.failed) > 0 {
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
