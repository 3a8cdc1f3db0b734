package enumeration

import (
	"testing"
	"time"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// TestBackgroundWorkIsSeen keeps the other tests from going on while the plugin still works: a wait
// that sees nothing would end at once, and the tests would pass by chance.
func TestBackgroundWorkIsSeen(t *testing.T) {
	t.Parallel()
	m := newFaultyMount(t)
	m.withGrace()
	backendtest.WaitUntil(t, func() bool { return m.Clock.Sleepers() > 0 })
	m.awaitBackground() // the timer that ends the grace is no work
	m.read("creds/mint")
	m.Clock.Advance(50 * time.Minute)
	hold := make(chan struct{})
	m.Paxos.FailNext(paxostest.TokenEndpoint, paxostest.Fault{Hold: hold})
	m.read("creds/mint") // it begins a refresh
	if !m.working() {
		t.Error("a refresh that waits for Paxos is not seen")
	}
	close(hold)
	m.awaitBackground()
}
