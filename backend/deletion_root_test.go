package backend_test

import (
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// TestAnOldRootIsDeletedWhenItHasDrained replaces the root twice: the first may be
// deleted by its Label, the second not.
func TestAnOldRootIsDeletedWhenItHasDrained(t *testing.T) {
	t.Parallel()
	m := newPool(t, 1, nil)
	m.Must(logical.UpdateOperation, "roles/mint", map[string]any{"scopes": "funding:read_profile"})
	replace := func(label string, erase bool) string {
		made, secret, err := m.Paxos.CreateCredential(paxostest.Credential{Nickname: label,
			Scopes: append(backendtest.CredentialScopes, backendtest.RootScopes...)})
		if err != nil {
			t.Fatal(err)
		}
		m.Must(logical.UpdateOperation, "config/replace-root",
			map[string]any{"client_id": made.ClientID, "client_secret": secret, "delete_old_at_paxos": erase})
		return made.ClientID
	}
	generations := func() int {
		return len(m.Must(logical.ReadOperation, "status", nil).Data["generations"].([]any))
	}
	first := m.Must(logical.ReadOperation, "creds/mint", nil)
	second := replace("payments", true) // the first root's Label is vault-root
	m.settled()
	if generations() != 2 || m.atPaxos(m.Client.ClientID) != "APPROVED" || !m.Paxos.Alive(backendtest.Token(first)) {
		t.Error("the old root was deleted while a token of it was valid")
	}
	m.Must(logical.UpdateOperation, "roles/mint/rotate", nil)
	m.settled()
	if generations() != 1 || m.atPaxos(m.Client.ClientID) == "APPROVED" {
		t.Errorf("%d generations, and the old root is %s at Paxos", generations(), m.atPaxos(m.Client.ClientID))
	}
	m.Clock.Advance(10 * time.Minute)
	replace("vault-third", true)
	m.settled()
	if generations() != 1 || m.atPaxos(second) != "APPROVED" {
		t.Errorf("%d generations, and the root of another Label is %s at Paxos", generations(), m.atPaxos(second))
	}
}

// TestOnlyTheRootThatWasReplacedIsDeleted replaces the root twice while both drain, and
// asks for a deletion the second time only.
func TestOnlyTheRootThatWasReplacedIsDeleted(t *testing.T) {
	t.Parallel()
	m := newPool(t, 1, nil)
	m.Must(logical.UpdateOperation, "roles/mint",
		map[string]any{"scopes": "funding:read_profile", "unique_tokens": true})
	var roots []string
	for _, erase := range []bool{false, true} {
		m.Must(logical.ReadOperation, "creds/mint", nil)
		made, secret, err := m.Paxos.CreateCredential(paxostest.Credential{Nickname: "vault-next",
			Scopes: append(backendtest.CredentialScopes, backendtest.RootScopes...)})
		if err != nil {
			t.Fatal(err)
		}
		m.Must(logical.UpdateOperation, "config/replace-root",
			map[string]any{"client_id": made.ClientID, "client_secret": secret, "delete_old_at_paxos": erase})
		roots = append(roots, made.ClientID)
	}
	m.Must(logical.UpdateOperation, "roles/mint/rotate", nil)
	m.settled()
	if first, second := m.atPaxos(m.Client.ClientID), m.atPaxos(roots[0]); first != "APPROVED" || second == "APPROVED" {
		t.Errorf("the root that nobody asked to delete is %s, the other %s", first, second)
	}
}
