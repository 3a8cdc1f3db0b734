package backend_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/spec"
)

// details is what a list says about a name.
func (m *mount) details(path, name string) map[string]any {
	m.T.Helper()
	info, _ := m.Must(logical.ListOperation, path, nil).Data["key_info"].(map[string]any)
	about, _ := info[name].(map[string]any)
	return about
}

// expectDetails compares what a list says about a name. Every value must be plain, because
// `vault list -detailed` prints it in a column.
func (m *mount) expectDetails(path, name string, want map[string]any) {
	m.T.Helper()
	got := m.details(path, name)
	if fmt.Sprint(got) != fmt.Sprint(want) {
		m.T.Errorf("%s %s: the list says %v, want %v", path, name, got, want)
	}
	for column, value := range got {
		switch value.(type) {
		case string, bool, float64:
		default:
			m.T.Errorf("%s %s: %s is a %T", path, name, column, value)
		}
	}
}

func TestAListOfRolesTellsRiskStateAndTokens(t *testing.T) {
	t.Parallel()
	m := newPool(t, 2, nil)
	m.Must(logical.UpdateOperation, "roles/mint", map[string]any{"scopes": "funding:read_profile", "unique_tokens": true})
	m.Must(logical.UpdateOperation, "roles/pays", map[string]any{"scopes": "transfer:write_crypto_withdrawal"})
	m.Must(logical.UpdateOperation, "roles/idle", map[string]any{"scopes": "funding:read_profile", "disabled": true})
	for range 2 {
		m.Must(logical.ReadOperation, "creds/mint", nil)
	}
	m.Must(logical.ReadOperation, "token/pays", nil)
	calls := m.Paxos.TotalCalls()
	m.expectDetails("roles", "mint", map[string]any{"credential_type": "access_token", "client": "root client",
		"risk": "read", "state": "active", "live_tokens": 2})
	m.expectDetails("roles", "pays", map[string]any{"credential_type": "access_token", "client": "root client",
		"risk": "moves-money", "state": "active", "live_tokens": 1})
	m.expectDetails("roles", "idle", map[string]any{"credential_type": "access_token", "client": "root client",
		"risk": "read", "state": "disabled", "live_tokens": 0})
	m.expectDetails("roles", "vendor", map[string]any{"credential_type": "client_credentials", "client": "c0 c1",
		"risk": "read", "state": "active", "live_tokens": 0})
	m.Must(logical.UpdateOperation, "config/guardrails", map[string]any{"allowed_scopes": "*:read_*"})
	m.expectDetails("roles", "pays", map[string]any{"credential_type": "access_token", "client": "root client",
		"risk": "moves-money", "state": "forbidden", "live_tokens": 0})
	if m.Paxos.TotalCalls() != calls+1 { // the guardrails have ended the token of pays
		t.Errorf("the lists called Paxos %d times", m.Paxos.TotalCalls()-calls-1)
	}
}

func TestAListOfClientsTellsPurposeStateAndAge(t *testing.T) {
	t.Parallel()
	m := newPool(t, 2, nil)
	m.Clock.Advance(50 * time.Hour)
	m.leased("e1")
	held := m.Must(logical.ReadOperation, "clients/c0", nil).Data
	m.expectDetails("clients", "c0", map[string]any{"client_id": held["client_id"], "purpose": "lease",
		"state": "leased", "disabled": false, "held_by_role": "vendor", "secret_age_days": 2})
	m.Must(logical.PatchOperation, "clients/c1", map[string]any{"disabled": true})
	about := m.details("clients", "c1")
	if about["state"] != "available" || about["disabled"] != true || about["held_by_role"] != "" {
		t.Errorf("the list says %v", about)
	}
	if all := fmt.Sprint(m.Must(logical.ListOperation, "clients", nil).Data); strings.Contains(all, backendtest.Canary) {
		t.Error("the list shows a secret")
	}
}

func TestListsOfKeysSignersAndExceptionsTellWhatMatters(t *testing.T) {
	t.Parallel()
	m := newSigningMount(t, nil)
	m.Must(logical.UpdateOperation, "keys/spare", map[string]any{"type": "ed25519"})
	m.expectDetails("keys", "payments", map[string]any{"type": "ecdsa-p256", "client": "root client",
		"latest_version": 1, "signs_with": 1})
	m.expectDetails("keys", "spare", map[string]any{"type": "ed25519", "client": "root client", "latest_version": 1,
		"signs_with": 0})
	operations := texts(m.Must(logical.ReadOperation, "signers/payouts", nil).Data["operations"])
	m.expectDetails("signers", "payouts", map[string]any{"key": "payments",
		"operations": strings.Join(operations, " "), "state": "active"})
	m.Must(logical.UpdateOperation, "exceptions/url", urlException)
	read := m.Must(logical.ReadOperation, "exceptions/url", nil).Data
	m.expectDetails("exceptions/", "url", map[string]any{"rule": read["rule"], "subject": read["subject"],
		"expires_at": read["expires_at"], "expired": false})
}

// TestADamagedEntryIsListed damages one entry of each list. The list still has all names.
func TestADamagedEntryIsListed(t *testing.T) {
	t.Parallel()
	m := newSigningMount(t, nil)
	for _, key := range []string{"roles/broken", "clients/broken", "keys/broken", "signers/broken", "exceptions/broken"} {
		if err := m.Storage.Put(t.Context(), &logical.StorageEntry{Key: key, Value: []byte("{")}); err != nil {
			t.Fatal(err)
		}
		path, _, _ := strings.Cut(key, "broken")
		m.expectDetails(path, "broken", map[string]any{"state": "unreadable"})
	}
	if about := m.details("roles", "mint"); about["state"] != "active" {
		t.Errorf("the list says %v of another role", about)
	}
}

// TestAListHasAllNamesWhenItsColumnsCannotBeTold damages what columns are made of. A person who repairs the
// mount needs the names.
func TestAListHasAllNamesWhenItsColumnsCannotBeTold(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"guardrails", "root", "connection", "ledger/broken"} {
		m := newSigningMount(t, nil)
		if err := m.Storage.Put(t.Context(), &logical.StorageEntry{Key: key, Value: []byte("{")}); err != nil {
			t.Fatal(err)
		}
		m.Restart()
		for path, want := range map[string]string{"roles": "[mint payer]", "keys": "[payments]", "signers": "[payouts]"} {
			keys := texts(m.Must(logical.ListOperation, path, nil).Data["keys"])
			if fmt.Sprint(keys) != want {
				t.Errorf("with a damaged %s, the list of %s is %v", key, path, keys)
			}
		}
	}
}

// TestAListCostsAKnownNumberOfReads lists more roles than a list describes. The first list reads each
// described role once, and the next one reads none.
func TestAListCostsAKnownNumberOfReads(t *testing.T) {
	t.Parallel()
	m := newInProcessMount(t)
	m.ConfigureWithRole()
	stored, err := m.Storage.Get(t.Context(), "roles/mint")
	if err != nil {
		t.Fatal(err)
	}
	const more = 10
	for i := range spec.MostDescribed + more - 1 {
		if err := m.Storage.Put(t.Context(), &logical.StorageEntry{Key: fmt.Sprintf("roles/app-%04d", i),
			Value: stored.Value}); err != nil {
			t.Fatal(err)
		}
	}
	m.Restart()
	m.Tick() // comes after the sweep that a start begins in the background
	for _, most := range []int64{spec.MostDescribed + 10, 1} {
		before := m.Storage.Operations.Load()
		listed := m.Must(logical.ListOperation, "roles", nil).Data
		cost := m.Storage.Operations.Load() - before
		keys, info := texts(listed["keys"]), listed["key_info"].(map[string]any)
		if len(keys) != spec.MostDescribed+more || len(info) != spec.MostDescribed || cost > most {
			t.Errorf("%d storage operations for %d names, of which %d are described", cost, len(keys), len(info))
		}
		t.Logf("%d storage operations for %d names", cost, len(keys))
	}
}
