package backend_test

import (
	"context"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/paxos"
)

func TestAHitTouchesNothing(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"creds/mint", "token/mint"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			m := newConfiguredMount(t)
			first := m.must(logical.ReadOperation, path, nil)
			storage, system, upstream := m.storage.operations.Load(), m.system.calls.Load(), m.paxos.TotalCalls()
			for range 100 {
				if resp := m.must(logical.ReadOperation, path, nil); token(resp) != token(first) {
					t.Fatal("a hit gave another token")
				}
			}
			if got := m.storage.operations.Load() - storage; got != 0 {
				t.Errorf("100 hits did %d storage operations, want 0", got)
			}
			if got := m.paxos.TotalCalls() - upstream; got != 0 {
				t.Errorf("100 hits did %d upstream calls, want 0", got)
			}
			if got := m.system.calls.Load() - system; got != 0 {
				t.Errorf("100 hits within a second did %d calls back to Vault, want 0", got)
			}
		})
	}
}

func TestAHitTouchesNothingWhereTheDefaultsAre(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	m.must(logical.UpdateOperation, "config", map[string]any{
		"environment": "sandbox", "client_id": m.client.ClientID, "client_secret": m.secret, "verify_connection": false,
	})
	m.must(logical.UpdateOperation, "roles/mint", map[string]any{"scopes": "funding:read_profile"})
	m.record(broker.Row{
		Token: canary + "token", RoleName: "mint", Scopes: []string{"funding:read_profile"},
		Key: broker.Key{Connection: paxos.Settings{Endpoints: paxos.Sandbox}.Fingerprint(),
			Scopes: "funding:read_profile"},
	})
	if resp := m.must(logical.ReadOperation, "token/mint", nil); token(resp) != canary+"token" {
		t.Fatal("the token on record is not served")
	}
	storage, system := m.storage.operations.Load(), m.system.calls.Load()
	m.must(logical.ReadOperation, "token/mint", nil)
	if got := m.storage.operations.Load() - storage; got != 0 {
		t.Errorf("a hit did %d storage operations, want 0", got)
	}
	if got := m.system.calls.Load() - system; got != 0 {
		t.Errorf("a hit did %d calls back to Vault, want 0", got)
	}
}

// record puts a token of the role called mint on record as if it had been minted
// before a restart.
func (m *mount) record(row broker.Row) {
	m.t.Helper()
	var role struct{ ID string }
	entry, err := m.storage.Get(context.Background(), "roles/mint")
	if err != nil || entry == nil || entry.DecodeJSON(&role) != nil {
		m.t.Fatalf("reading the role: %v", err)
	}
	row.Key.Role, row.Fingerprint = role.ID, broker.Fingerprint(row.Token)
	row.MintedAt, row.ExpiresAt = m.clock.Now(), m.clock.Now().Add(time.Hour)
	stored, err := logical.StorageEntryJSON("ledger/"+row.Fingerprint, row)
	if err != nil {
		m.t.Fatal(err)
	}
	if err := m.storage.Put(context.Background(), stored); err != nil {
		m.t.Fatal(err)
	}
	m.restart()
}
