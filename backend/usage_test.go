package backend_test

import (
	"context"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"
)

// lastIssued is when a role last issued, as a read of it tells.
func (m *mount) lastIssued(role string) string {
	m.t.Helper()
	return m.must(logical.ReadOperation, "roles/"+role, nil).Data["last_issued_at"].(string)
}

func TestARoleTellsWhenItLastIssuedAndWhatLives(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	if got := m.lastIssued("mint"); got != "" {
		t.Errorf("before any read: %q", got)
	}
	m.must(logical.ReadOperation, "creds/mint", nil)
	m.clock.advance(time.Minute)
	lease := m.must(logical.ReadOperation, "creds/mint", nil)
	m.must(logical.ReadOperation, "token/mint", nil)
	got := m.must(logical.ReadOperation, "roles/mint", nil).Data
	if got["created_at"] != "2026-11-01T12:00:00Z" || got["last_issued_at"] != "2026-11-01T12:01:00Z" ||
		got["live_tokens"] != float64(2) || got["live_leases"] != float64(2) {
		t.Errorf("after reads: %v", got)
	}
	if err := m.revoke(lease); err != nil {
		t.Fatal(err)
	}
	if got := m.must(logical.ReadOperation, "roles/mint", nil).Data["live_leases"]; got != float64(1) {
		t.Errorf("after a lease's end there are %v", got)
	}
	if got := m.must(logical.ReadOperation, "status", nil).Data["last_issued_at"]; got != "2026-11-01T12:01:00Z" {
		t.Errorf("of the root: %v", got)
	}
}

func TestUsageOutlivesAProcessThatHadATick(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.must(logical.ReadOperation, "token/mint", nil)
	m.restart()
	if got := m.lastIssued("mint"); got != "" {
		t.Errorf("a process without a tick left %q: it wrote on the hit path", got)
	}
	m.must(logical.ReadOperation, "token/mint", nil)
	m.tick()
	m.clock.advance(time.Minute)
	m.must(logical.ReadOperation, "token/mint", nil)
	m.tick() // what is stored may be 10 minutes behind
	m.restart()
	if got := m.lastIssued("mint"); got != "2026-11-01T12:00:00Z" {
		t.Errorf("after the restart: %q", got)
	}
	if got := m.must(logical.ReadOperation, "status", nil).Data["last_issued_at"]; got != "2026-11-01T12:00:00Z" {
		t.Errorf("of the root: %v", got)
	}
	m.clock.advance(10 * time.Minute)
	m.must(logical.ReadOperation, "token/mint", nil)
	m.restart() // nothing was stored since
	m.must(logical.ReadOperation, "token/mint", nil)
	m.tick()
	m.restart()
	if got := m.lastIssued("mint"); got != "2026-11-01T12:11:00Z" {
		t.Errorf("after ten more minutes: %q", got)
	}
}

func TestATickWithNothingNewWritesNoUsage(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.tick()
	before := m.storage.operations.Load()
	m.tick()
	idle := m.storage.operations.Load() - before
	m.must(logical.ReadOperation, "token/mint", nil)
	m.tick()
	m.must(logical.ReadOperation, "token/mint", nil)
	before, writes := m.storage.operations.Load(), m.storage.writes.Load()
	m.tick()
	if got := m.storage.writes.Load() - writes; got != 0 {
		t.Errorf("a tick within 10 minutes of the last writes %d times", got)
	}
	if got := m.storage.operations.Load() - before; got > idle+2 { // of the ledger's, for the token
		t.Errorf("it does %d storage operations, an idle one %d", got, idle)
	}
}

func TestARoleOfAnOldNameInheritsNoUsage(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.must(logical.ReadOperation, "token/mint", nil)
	m.tick()
	m.restart()
	m.must(logical.DeleteOperation, "roles/mint", nil)
	m.must(logical.UpdateOperation, "roles/mint", map[string]any{"scopes": "funding:read_profile"})
	if got := m.lastIssued("mint"); got != "" {
		t.Errorf("inherited in memory: %q", got)
	}
	m.tick()
	m.restart()
	if got := m.lastIssued("mint"); got != "" {
		t.Errorf("inherited in storage: %q", got)
	}
}

func TestUsageOfRolesThatAnotherNodeDeletedGoes(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.must(logical.UpdateOperation, "roles/other", map[string]any{"scopes": "funding:read_profile"})
	m.must(logical.ReadOperation, "token/mint", nil)
	m.must(logical.ReadOperation, "token/other", nil)
	if err := m.storage.Delete(context.Background(), "roles/mint"); err != nil {
		t.Fatal(err)
	}
	m.tick()
	m.must(logical.UpdateOperation, "roles/mint", map[string]any{"scopes": "funding:read_profile"})
	m.restart()
	if got := m.lastIssued("mint"); got != "" {
		t.Errorf("a role that was gone last issued %q", got)
	}
	if got := m.lastIssued("other"); got != "2026-11-01T12:00:00Z" {
		t.Errorf("the one that stayed last issued %q", got)
	}
}

func TestUsageThatCannotBeStoredIsStoredLater(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.must(logical.ReadOperation, "token/mint", nil)
	m.storage.failWrites.Store(true)
	if _, err := m.do(logical.RollbackOperation, "", nil); err == nil {
		t.Error("a tick that could not store was taken for good")
	}
	m.storage.failWrites.Store(false)
	m.tick()
	m.restart()
	if got := m.lastIssued("mint"); got != "2026-11-01T12:00:00Z" {
		t.Errorf("after the restart: %q", got)
	}
}

func TestAnotherNodesUsageIsReadAnew(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	if got := m.lastIssued("mint"); got != "" {
		t.Fatalf("at first: %q", got)
	}
	first := m.backend
	m.restart() // beside it
	m.must(logical.ReadOperation, "token/mint", nil)
	m.tick()
	m.backend = first
	m.backend.InvalidateKey(context.Background(), "usage/clients")
	if got := m.lastIssued("mint"); got != "2026-11-01T12:00:00Z" {
		t.Errorf("after the other node's write: %q", got)
	}
}
