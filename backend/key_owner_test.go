package backend_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
)

// TestANewRootWarnsOfKeysWithoutAKeyID replaces the root by each way, with keys that have a Key ID
// for the new root, for the old one only, and none at all.
func TestANewRootWarnsOfKeysWithoutAKeyID(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"config/promote-standby", "config/replace-root"} {
		t.Run(strings.TrimPrefix(path, "config/"), func(t *testing.T) {
			t.Parallel()
			m := newConfiguredMount(t)
			id := m.standby("spare", backendtest.RootScopes, nil)
			for _, key := range []string{"ready", "late", "waiting"} {
				m.Must(logical.UpdateOperation, "keys/"+key, nil)
			}
			m.Must(logical.UpdateOperation, "keys/own-late", map[string]any{"client": "spare"})
			m.Must(logical.UpdateOperation, "keys/other", map[string]any{"client": "somebody"})
			m.register("ready", 1, m.Client.ClientID)
			m.register("ready", 1, id)
			m.register("late", 1, m.Client.ClientID)
			said := warned(m.Must(logical.UpdateOperation, path, map[string]any{"client": "spare"}))
			for key, warns := range map[string]bool{"ready": false, "late": true, "waiting": true, "own-late": true,
				"other": false} {
				line := fmt.Sprintf("Key %q has no Key ID for the new root client %s", key, id)
				command := fmt.Sprintf("keys/%s/kid client_id=%s kid=", key, id)
				if strings.Contains(said, line) != warns || strings.Contains(said, command) != warns {
					t.Errorf("of key %s the warnings say %q", key, said)
				}
			}
			if said := warned(m.Must(logical.UpdateOperation, "config/rotate-root",
				map[string]any{"client_secret": m.newSecretOf("config")})); strings.Contains(said, "no Key ID") {
				t.Errorf("a new secret of the same client warns: %q", said)
			}
		})
	}
}

// TestASubmittedRootWarnsOfKeysToo replaces the root by a client that is not stored.
func TestASubmittedRootWarnsOfKeysToo(t *testing.T) {
	t.Parallel()
	m := newSigningMount(t, nil)
	id, secret := m.another(backendtest.RootScopes...)
	said := warned(m.Must(logical.UpdateOperation, "config/replace-root",
		map[string]any{"client_id": id, "client_secret": secret}))
	if !strings.Contains(said, `Key "payments" has no Key ID for the new root client `+id) {
		t.Errorf("the warnings are %q", said)
	}
	body := map[string]any{"body": withdrawal("ref-1", "1")}
	if status, text := m.unsigned(body); status != 400 || !strings.Contains(text, "has no Key ID for its client yet") {
		t.Errorf("signing answers %d %s", status, text)
	}
	m.register("payments", 1, id)
	if kid := m.signed(body["body"].(string))["kid"]; kid == "" {
		t.Error("it does not sign with a Key ID for the new root")
	}
}

// TestTheKeysOfAPromotedClientFollowIt promotes a client with a key, and signs with it before and
// after. The key is the root's then, and keeps a client of the same name from nothing.
func TestTheKeysOfAPromotedClientFollowIt(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"config/promote-standby", "config/replace-root"} {
		t.Run(strings.TrimPrefix(path, "config/"), func(t *testing.T) {
			t.Parallel()
			m := newSigningMount(t, nil)
			id := m.standby("spare", backendtest.RootScopes, nil)
			m.Must(logical.UpdateOperation, "keys/spare", map[string]any{"client": "spare"})
			keyID := m.register("spare", 1, id)
			m.Must(logical.PatchOperation, "signers/payouts", map[string]any{"key": "spare"})
			if kid := m.signed(withdrawal("ref-1", "1"))["kid"]; kid != keyID {
				t.Errorf("before it signs with %v", kid)
			}
			m.Must(logical.UpdateOperation, path, map[string]any{"client": "spare"})
			if kid := m.signed(withdrawal("ref-2", "1"))["kid"]; kid != keyID {
				t.Errorf("after it signs with %v", kid)
			}
			key := m.Must(logical.ReadOperation, "keys/spare", nil).Data
			if key["client"] != "" || key["client_id"] != id || m.state("spare") != "gone" {
				t.Errorf("the key is %v, the client %s", key, m.state("spare"))
			}
			m.standby("spare", backendtest.RootScopes, nil) // another client of that name has no key
			m.Must(logical.DeleteOperation, "clients/spare", nil)
		})
	}
}

// TestAPromotionThatWasInterruptedBringsTheKeys fails the write of the key during a promotion: the
// next tick makes up for it, and the key signs all the while.
func TestAPromotionThatWasInterruptedBringsTheKeys(t *testing.T) {
	t.Parallel()
	m := newSigningMount(t, nil)
	id := m.standby("spare", backendtest.RootScopes, nil)
	m.Must(logical.UpdateOperation, "keys/spare", map[string]any{"client": "spare"})
	m.register("spare", 1, id)
	m.Must(logical.PatchOperation, "signers/payouts", map[string]any{"key": "spare"})
	m.Storage.FailKey.Store("keys/spare")
	m.Must(logical.UpdateOperation, "config/promote-standby", nil)
	if m.state("spare") == "gone" {
		t.Error("the entry of the client was deleted before its key was the root's")
	}
	m.signed(withdrawal("ref-1", "1"))
	m.Storage.FailKey.Store("")
	m.Restart()
	m.Tick()
	if key := m.Must(logical.ReadOperation, "keys/spare", nil).Data; key["client"] != "" || m.state("spare") != "gone" {
		t.Errorf("after a tick the key is %v, the client %s", key, m.state("spare"))
	}
	m.signed(withdrawal("ref-2", "1"))
}

// TestConfigIsKeptForItsKeys deletes config while keys sign for the root.
func TestConfigIsKeptForItsKeys(t *testing.T) {
	t.Parallel()
	m := newSigningMount(t, nil)
	if status, text := m.Refused(logical.DeleteOperation, "config", nil); status != 400 ||
		!strings.Contains(text, `key "payments" signs for the root client`) {
		t.Errorf("%d %s", status, text)
	}
	said := warned(m.Must(logical.DeleteOperation, "config", map[string]any{"force": true}))
	if !strings.Contains(said, "cannot sign until config has a root client") || !strings.Contains(said, "payments") {
		t.Errorf("the warnings are %q", said)
	}
	if status, text := m.unsigned(map[string]any{"body": withdrawal("ref-1", "1")}); status != 400 ||
		!strings.Contains(text, "has no Key ID for its client yet") {
		t.Errorf("without a root client: %d %s", status, text)
	}
}

// TestAKeyThatASignerMayNameIsKept deletes a key that a signer names, and one beside a signer that
// cannot be read.
func TestAKeyThatASignerMayNameIsKept(t *testing.T) {
	t.Parallel()
	m := newSigningMount(t, nil)
	m.Must(logical.UpdateOperation, "keys/payments", map[string]any{"deletion_allowed": true})
	refused := func(says string) {
		t.Helper()
		if status, text := m.Refused(logical.DeleteOperation, "keys/payments", nil); status != 400 ||
			!strings.Contains(text, says) {
			t.Errorf("%d %s, want %q", status, text, says)
		}
	}
	refused(`signer "payouts"`)
	if err := m.Storage.Put(context.Background(),
		&logical.StorageEntry{Key: "signers/payouts", Value: []byte(`{"schema":99}`)}); err != nil {
		t.Fatal(err)
	}
	m.Restart()
	refused("cannot be read")
	m.Must(logical.DeleteOperation, "signers/payouts", nil)
	m.Must(logical.DeleteOperation, "keys/payments", nil)
}

// TestAKeyIsNotDeletedUnderASigner writes a signer and deletes its key at the same time, many
// times. Either the key is gone and the signer was refused, or the signer is stored and the key is
// there.
func TestAKeyIsNotDeletedUnderASigner(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	for i := range 50 {
		key, signer := fmt.Sprint("k", i), fmt.Sprint("s", i)
		m.Must(logical.UpdateOperation, "keys/"+key, map[string]any{"deletion_allowed": true})
		var both sync.WaitGroup
		both.Go(func() { _, _ = m.Do(logical.UpdateOperation, "signers/"+signer, map[string]any{"key": key}) })
		both.Go(func() { _, _ = m.Do(logical.DeleteOperation, "keys/"+key, nil) })
		both.Wait()
		keyGone := m.Must(logical.ReadOperation, "keys/"+key, nil) == nil
		if signerGone := m.Must(logical.ReadOperation, "signers/"+signer, nil) == nil; keyGone != signerGone {
			t.Fatalf("the key is gone: %v; the signer is gone: %v", keyGone, signerGone)
		}
	}
}

// TestAClientIsNotDeletedUnderAKey writes a key and deletes its client at the same time, many
// times. Where the client is gone, the writer of the key was warned.
func TestAClientIsNotDeletedUnderAKey(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	for i := range 20 {
		client, key := fmt.Sprint("c", i), fmt.Sprint("k", i)
		data := m.dashboard(client, backendtest.RootScopes)
		data["purpose"], data["verify_connection"], data["scopes"] = "mint", false, "funding:read_profile"
		m.Must(logical.UpdateOperation, "clients/"+client, data)
		var said string
		var both sync.WaitGroup
		both.Go(func() { said = warned(m.Must(logical.UpdateOperation, "keys/"+key, map[string]any{"client": client})) })
		both.Go(func() { _, _ = m.Do(logical.DeleteOperation, "clients/"+client, nil) })
		both.Wait()
		if gone := m.state(client) == "gone"; gone != strings.Contains(said, "is not stored yet") {
			t.Fatalf("the client is gone: %v; the writer of the key was told %q", gone, said)
		}
	}
}
