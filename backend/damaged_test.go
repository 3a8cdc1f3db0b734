package backend_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
)

// TestADamagedEntryStandsForItself damages one stored entry, as a bad disk or a later version
// would, and does everything with the others: reads, leases, writes, reports, the periodic work and
// a lockdown.
func TestADamagedEntryStandsForItself(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"roles/zz", "clients/zz", "exceptions/zz", "scope-sets/zz", "bans/zz", "usage/zz",
		"requests/zz", "keys/zz", "signers/zz", "drift", "probe", "pulse"} {
		t.Run(strings.ReplaceAll(key, "/", " "), func(t *testing.T) {
			t.Parallel()
			m := newPool(t, 2, map[string]any{"clients": "c0,zz,c1"})
			m.Must(logical.UpdateOperation, "roles/zz", map[string]any{"scopes": "funding:read_profile"})
			m.Must(logical.UpdateOperation, "roles/app", map[string]any{"scopes": "funding:read_profile"})
			ofDamaged := m.Must(logical.ReadOperation, "token/zz", nil)
			lease := m.leased("e0")
			if err := m.Storage.Put(context.Background(),
				&logical.StorageEntry{Key: key, Value: []byte(`{"schema":99}`)}); err != nil {
				t.Fatal(err)
			}
			m.Restart()
			m.Clock.Advance(10 * time.Minute)
			m.Tick()
			m.Must(logical.ReadOperation, "token/app", nil)
			m.leased("e1")
			if _, err := m.renew(lease, time.Hour); err != nil {
				t.Errorf("a lease is not renewed: %v", err)
			}
			for _, path := range []string{"report/drift", "report/least-privilege", "metrics", "status"} {
				m.Must(logical.ReadOperation, path, nil)
			}
			m.Must(logical.UpdateOperation, "roles/new", map[string]any{"scopes": "funding:read_profile"})
			m.Must(logical.UpdateOperation, "roles/app/rotate", nil)
			m.Must(logical.UpdateOperation, "config", map[string]any{"refresh_at": 0.6})
			m.Must(logical.UpdateOperation, "config/guardrails", map[string]any{"max_ttl": "100h"})
			m.Must(logical.PatchOperation, "clients/c1", map[string]any{"disabled": true})
			if key == "roles/zz" && !m.Paxos.Alive(backendtest.Token(ofDamaged)) {
				t.Error("a token was ended because its role cannot be read")
			}
			locked := m.Must(logical.UpdateOperation, "lockdown", nil).Data["cannot_end"]
			if named := strings.Contains(fmt.Sprint(locked),
				"zz, whose entry cannot be read"); named != (key == "clients/zz") {
				t.Errorf("the lockdown cannot end %v", locked)
			}
			m.Tick()
			if live := m.Paxos.LiveTokens(); len(live) != 0 {
				t.Errorf("%d tokens are alive in the lockdown", len(live))
			}
		})
	}
}

// TestADamagedClientKeepsOthersFromBeingDeleted has a client that is to be deleted at Paxos while
// another entry cannot be read: that one may be the same client. When it is gone, by force only,
// the deletion goes on.
func TestADamagedClientKeepsOthersFromBeingDeleted(t *testing.T) {
	t.Parallel()
	m := newPool(t, 1, erase)
	lease := m.leased("e1")
	id := lease.Data["client_id"].(string)
	if err := m.Storage.Put(context.Background(),
		&logical.StorageEntry{Key: "clients/zz", Value: []byte(`{`)}); err != nil {
		t.Fatal(err)
	}
	m.Restart()
	m.Clock.Advance(10 * time.Minute)
	m.end(lease)
	// it says what keeps it
	_, _ = m.Backend.HandleRequest(context.Background(),
		&logical.Request{Operation: logical.RollbackOperation, Storage: m.Storage})
	if m.atPaxos(id) != "APPROVED" || m.state("c0") != "revoking" {
		t.Fatalf("the client is %s at Paxos and %s here", m.atPaxos(id), m.state("c0"))
	}
	if !strings.Contains(m.Log.String(), "the stored entry of a client cannot be read") {
		t.Error("the log does not tell of the damaged entry")
	}
	if status, text := m.Refused(logical.DeleteOperation, "clients/zz", nil); status != 400 ||
		!strings.Contains(text, "force=true") {
		t.Errorf("%d %s", status, text)
	}
	m.Must(logical.DeleteOperation, "clients/zz", map[string]any{"force": true})
	m.Clock.Advance(10 * time.Minute)
	m.Tick()
	if m.atPaxos(id) == "APPROVED" {
		t.Errorf("the client is %s at Paxos", m.atPaxos(id))
	}
}

// TestADamagedRoleCanBeDeleted deletes a role whose entry cannot be read.
func TestADamagedRoleCanBeDeleted(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	leased := m.Must(logical.ReadOperation, "creds/mint", nil)
	if err := m.Storage.Put(context.Background(),
		&logical.StorageEntry{Key: "roles/mint", Value: []byte(`{`)}); err != nil {
		t.Fatal(err)
	}
	m.Restart()
	if finding(m.report("least-privilege"), "entry-unreadable", "roles/mint") == nil {
		t.Error("the report does not name the role")
	}
	m.Must(logical.DeleteOperation, "roles/mint", nil)
	if m.Paxos.Alive(backendtest.Token(leased)) || strings.Contains(m.Stored(), "roles/mint") {
		t.Error("the role or its token is there after the deletion")
	}
}
