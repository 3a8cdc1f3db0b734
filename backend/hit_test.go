package backend_test

import (
	"context"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/paxos"
)

func TestAHitTouchesNothing(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"creds/mint", "token/mint"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			m := newConfiguredMount(t)
			first := m.Must(logical.ReadOperation, path, nil)
			storage, system, upstream := m.Storage.Operations.Load(), m.System.Calls.Load(), m.Paxos.TotalCalls()
			for range 100 {
				if resp := m.Must(logical.ReadOperation, path,
					nil); backendtest.Token(resp) != backendtest.Token(first) {
					t.Fatal("a hit gave another token")
				}
			}
			if got := m.Storage.Operations.Load() - storage; got != 0 {
				t.Errorf("100 hits did %d storage operations, want 0", got)
			}
			if got := m.Paxos.TotalCalls() - upstream; got != 0 {
				t.Errorf("100 hits did %d upstream calls, want 0", got)
			}
			if got := m.System.Calls.Load() - system; got != 0 {
				t.Errorf("100 hits within a second did %d calls back to Vault, want 0", got)
			}
		})
	}
}

func TestAHitTouchesNothingWhereTheDefaultsAre(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	m.Must(logical.UpdateOperation, "config", map[string]any{
		"environment": "sandbox", "client_id": m.Client.ClientID, "client_secret": m.Secret, "verify_connection": false,
	})
	m.Must(logical.UpdateOperation, "roles/mint", map[string]any{"scopes": "funding:read_profile"})
	m.record(broker.Row{
		Token: backendtest.Canary + "token", RoleName: "mint", Scopes: []string{"funding:read_profile"},
		Key: broker.Key{Connection: paxos.Settings{Endpoints: paxos.Sandbox}.Fingerprint(),
			Scopes: "funding:read_profile"},
	})
	if resp := m.Must(logical.ReadOperation, "token/mint", nil); backendtest.Token(resp) != backendtest.Canary+"token" {
		t.Fatal("the token on record is not served")
	}
	m.Tick() // comes after the sweep that a start begins in the background
	storage, system := m.Storage.Operations.Load(), m.System.Calls.Load()
	m.Must(logical.ReadOperation, "token/mint", nil)
	if got := m.Storage.Operations.Load() - storage; got != 0 {
		t.Errorf("a hit did %d storage operations, want 0", got)
	}
	if got := m.System.Calls.Load() - system; got != 0 {
		t.Errorf("a hit did %d calls back to Vault, want 0", got)
	}
}

// record puts a token of the role called mint on record as if it had been minted
// before a restart.
func (m *mount) record(row broker.Row) {
	m.T.Helper()
	var role struct{ ID string }
	entry, err := m.Storage.Get(context.Background(), "roles/mint")
	if err != nil || entry == nil || entry.DecodeJSON(&role) != nil {
		m.T.Fatalf("reading the role: %v", err)
	}
	row.Key.Role, row.Fingerprint = role.ID, broker.Fingerprint(row.Token)
	row.MintedAt, row.ExpiresAt = m.Clock.Now(), m.Clock.Now().Add(time.Hour)
	stored, err := logical.StorageEntryJSON("ledger/"+row.Fingerprint, row)
	if err != nil {
		m.T.Fatal(err)
	}
	if err := m.Storage.Put(context.Background(), stored); err != nil {
		m.T.Fatal(err)
	}
	m.Restart()
}
