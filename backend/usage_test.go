package backend_test

import (
	"context"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"
)

// lastIssued is when a role last issued, as a read of it tells.
func (m *mount) lastIssued(role string) string {
	m.T.Helper()
	return m.Must(logical.ReadOperation, "roles/"+role, nil).Data["last_issued_at"].(string)
}

func TestARoleTellsWhenItLastIssuedAndWhatLives(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	if got := m.lastIssued("mint"); got != "" {
		t.Errorf("before any read: %q", got)
	}
	m.Must(logical.ReadOperation, "creds/mint", nil)
	m.Clock.Advance(time.Minute)
	lease := m.Must(logical.ReadOperation, "creds/mint", nil)
	m.Must(logical.ReadOperation, "token/mint", nil)
	got := m.Must(logical.ReadOperation, "roles/mint", nil).Data
	if got["created_at"] != "2026-11-01T12:00:00Z" || got["last_issued_at"] != "2026-11-01T12:01:00Z" ||
		got["live_tokens"] != float64(2) || got["live_leases"] != float64(2) {
		t.Errorf("after reads: %v", got)
	}
	if err := m.Revoke(lease); err != nil {
		t.Fatal(err)
	}
	if got := m.Must(logical.ReadOperation, "roles/mint", nil).Data["live_leases"]; got != float64(1) {
		t.Errorf("after a lease's end there are %v", got)
	}
	if got := m.Must(logical.ReadOperation, "status", nil).Data["last_issued_at"]; got != "2026-11-01T12:01:00Z" {
		t.Errorf("of the root: %v", got)
	}
}

func TestUsageOutlivesAProcessThatHadATick(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.Must(logical.ReadOperation, "token/mint", nil)
	m.Restart()
	if got := m.lastIssued("mint"); got != "" {
		t.Errorf("a process without a tick left %q: it wrote on the hit path", got)
	}
	m.Must(logical.ReadOperation, "token/mint", nil)
	m.Tick()
	m.Clock.Advance(time.Minute)
	m.Must(logical.ReadOperation, "token/mint", nil)
	m.Tick() // what is stored may be 10 minutes behind
	m.Restart()
	if got := m.lastIssued("mint"); got != "2026-11-01T12:00:00Z" {
		t.Errorf("after the restart: %q", got)
	}
	if got := m.Must(logical.ReadOperation, "status", nil).Data["last_issued_at"]; got != "2026-11-01T12:00:00Z" {
		t.Errorf("of the root: %v", got)
	}
	m.Clock.Advance(10 * time.Minute)
	m.Must(logical.ReadOperation, "token/mint", nil)
	m.Restart() // nothing was stored since
	m.Must(logical.ReadOperation, "token/mint", nil)
	m.Tick()
	m.Restart()
	if got := m.lastIssued("mint"); got != "2026-11-01T12:11:00Z" {
		t.Errorf("after ten more minutes: %q", got)
	}
}

func TestATickWithNothingNewWritesNoUsage(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.Tick()
	before := m.Storage.Operations.Load()
	m.Tick()
	idle := m.Storage.Operations.Load() - before
	m.Must(logical.ReadOperation, "token/mint", nil)
	m.Tick()
	m.Must(logical.ReadOperation, "token/mint", nil)
	before, writes := m.Storage.Operations.Load(), m.Storage.Writes.Load()
	m.Tick()
	if got := m.Storage.Writes.Load() - writes; got != 0 {
		t.Errorf("a tick within 10 minutes of the last writes %d times", got)
	}
	if got := m.Storage.Operations.Load() - before; got > idle+2 { // of the ledger's, for the token
		t.Errorf("it does %d storage operations, an idle one %d", got, idle)
	}
}

func TestARoleOfAnOldNameInheritsNoUsage(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.Must(logical.ReadOperation, "token/mint", nil)
	m.Tick()
	m.Restart()
	m.Must(logical.DeleteOperation, "roles/mint", nil)
	m.Must(logical.UpdateOperation, "roles/mint", map[string]any{"scopes": "funding:read_profile"})
	if got := m.lastIssued("mint"); got != "" {
		t.Errorf("inherited in memory: %q", got)
	}
	m.Tick()
	m.Restart()
	if got := m.lastIssued("mint"); got != "" {
		t.Errorf("inherited in storage: %q", got)
	}
}

func TestUsageOfRolesThatAnotherNodeDeletedGoes(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.Must(logical.UpdateOperation, "roles/other", map[string]any{"scopes": "funding:read_profile"})
	m.Must(logical.ReadOperation, "token/mint", nil)
	m.Must(logical.ReadOperation, "token/other", nil)
	if err := m.Storage.Delete(context.Background(), "roles/mint"); err != nil {
		t.Fatal(err)
	}
	m.Tick()
	m.Must(logical.UpdateOperation, "roles/mint", map[string]any{"scopes": "funding:read_profile"})
	m.Restart()
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
	m.Must(logical.ReadOperation, "token/mint", nil)
	m.Storage.FailWrites.Store(true)
	if _, err := m.Do(logical.RollbackOperation, "", nil); err == nil {
		t.Error("a tick that could not store was taken for good")
	}
	m.Storage.FailWrites.Store(false)
	m.Tick()
	m.Restart()
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
	first := m.Backend
	m.Restart() // beside it
	m.Must(logical.ReadOperation, "token/mint", nil)
	m.Tick()
	m.Backend = first
	m.Backend.InvalidateKey(context.Background(), "usage/clients")
	if got := m.lastIssued("mint"); got != "2026-11-01T12:00:00Z" {
		t.Errorf("after the other node's write: %q", got)
	}
}
