package cluster

import (
	"sync"
	"testing"
	"time"
)

// twoTicks is how long it takes at most until the periodic work of the engine, which Vault starts every
// minute, has done what could not be done at once.
const twoTicks = 2*time.Minute + 5*time.Second

// TestRevokingByPrefixEndsEveryLease revokes 2,000 leases at once. A hundred of them have their own
// token, which is as many as the budget allows.
func TestRevokingByPrefixEndsEveryLease(t *testing.T) {
	t.Parallel()
	m := newMount(t, nil)
	m.role("brief", map[string]any{"idle_ttl": "1s"})
	m.role("lasting", nil) // its token stays for five minutes after its last lease
	m.role("own", map[string]any{"unique_tokens": true, "mint_limit": 100})
	m.readOften("brief", 1000)
	m.readOften("lasting", 900)
	m.readOften("own", 100)
	m.expectIssued(102)
	lasting := m.readID("creds/lasting")

	started := time.Now()
	m.revokeAll()
	queued := time.Since(started)
	await(t, twoTicks, func() error { return m.noLeases("brief", "lasting", "own") })
	left := len(m.alive())
	t.Logf("2,001 leases: queued after %s, ended after %s; then %d tokens were valid at Paxos",
		queued.Round(time.Millisecond), time.Since(started).Round(time.Millisecond), left)
	m.expectNoneIrrevocable()
	await(t, twoTicks, func() error { return m.onlyAlive(lasting) })
	t.Logf("only the token that is kept was valid after %s", time.Since(started).Round(time.Millisecond))
	m.expectIssued(102)
}

// readOften gets this number of leases of a role, as fast as some readers can.
func (m *mount) readOften(role string, count int) {
	m.Helper()
	turns := make(chan struct{}, count)
	for range count {
		turns <- struct{}{}
	}
	close(turns)
	var group sync.WaitGroup
	for range readers {
		group.Go(func() {
			for range turns {
				if _, err := m.read(m.client, "creds/"+role); err != nil {
					m.Error(err)
				}
			}
		})
	}
	group.Wait()
	if m.Failed() {
		m.FailNow()
	}
}
