package backend_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
)

// tickFor lets the time pass with a tick every minute.
func (m *mount) tickFor(d time.Duration) {
	m.T.Helper()
	for range int(d / time.Minute) {
		m.Clock.Advance(time.Minute)
		m.Tick()
	}
}

// stopped is since when the mount has stopped itself.
func (m *mount) stopped() string {
	m.T.Helper()
	return m.Must(logical.ReadOperation, "status", nil).Data["stopped_since"].(string)
}

// TestAnEmptyPoolIsNoGap lets a pool run empty for hours and stores a client again.
func TestAnEmptyPoolIsNoGap(t *testing.T) {
	t.Parallel()
	m := newPool(t, 1, erase)
	m.end(m.leased("e1"))
	m.settled()
	if got := m.state("c0"); got != "gone" {
		t.Fatal(got)
	}
	m.tickFor(3 * time.Hour)
	id := m.stock("c0", "vault-new", nil)
	m.Tick()
	if m.stopped() != "" {
		t.Errorf("a mount that ticked every minute has taken itself for a restored copy since %s", m.stopped())
	}
	m.end(m.leased("e2"))
	m.settled()
	if m.atPaxos(id) != "DISABLED" {
		t.Errorf("after its lease the client is %s at Paxos", m.atPaxos(id))
	}
}

// TestTheHeartbeat counts its writes over hours on a mount with nothing to do, and on one that was
// never configured.
func TestTheHeartbeat(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]*mount{"configured": newConfiguredMount(t), "not configured": newMount(t)} {
		m.Tick()
		writes := m.Storage.Writes.Load()
		m.tickFor(3 * time.Hour)
		// and one for the token of the verification, which expires
		if got := m.Storage.Writes.Load() - writes; got < 12 || got > 19 {
			t.Errorf("%s: %d writes in 3 hours, want at most one every 10 minutes, and never one less than "+
				"once an hour", name, got)
		}
	}
}

// TestAMountWithNothingToLoseNeverStops has gaps on a mount that has nothing to delete, quarantine
// or promote.
func TestAMountWithNothingToLoseNeverStops(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.Tick()
	m.Clock.Advance(5 * time.Hour)
	m.Tick()
	if m.stopped() != "" {
		t.Error("it stopped")
	}
	m.standby("s1", backendtest.RootScopes, nil)
	m.Tick()
	m.Must(logical.UpdateOperation, "config/promote-standby", nil)
}

// TestAGapStopsAMountWithClients is what the heartbeat is for.
func TestAGapStopsAMountWithClients(t *testing.T) {
	t.Parallel()
	m := newPool(t, 1, nil)
	m.Tick()
	m.Clock.Advance(69 * time.Minute)
	m.Tick()
	if m.stopped() != "" {
		t.Error("it stopped after less than the gap")
	}
	m.Clock.Advance(71 * time.Minute)
	m.Restart()
	m.Tick()
	if m.stopped() == "" {
		t.Error("it goes on after a gap")
	}
	m.tickFor(20 * time.Minute)
	if m.stopped() == "" {
		t.Error("it went on by itself")
	}
}

// TestAHeartbeatFromBeforeCountsAsNow has the pulse of a version that stored it only while there
// was work.
func TestAHeartbeatFromBeforeCountsAsNow(t *testing.T) {
	t.Parallel()
	m := newPool(t, 1, nil)
	m.Tick()
	entry, err := m.Storage.Get(t.Context(), "pulse")
	if err != nil {
		t.Fatal(err)
	}
	entry.Value = []byte(strings.Replace(string(entry.Value), `,"steady":true`, ``, 1))
	if err := m.Storage.Put(t.Context(), entry); err != nil {
		t.Fatal(err)
	}
	m.Clock.Advance(24 * time.Hour)
	m.Restart()
	m.Tick()
	if m.stopped() != "" {
		t.Error("the upgrade stopped the mount")
	}
	m.Clock.Advance(24 * time.Hour)
	m.Tick()
	if m.stopped() == "" {
		t.Error("the next gap does not stop it")
	}
}
