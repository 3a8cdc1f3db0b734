package backend_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/paxostest"
)

// wantLocked checks that neither path issues anything, and that nobody asks Paxos for a token.
func (m *mount) wantLocked() {
	m.t.Helper()
	calls := m.paxos.Calls(paxostest.TokenEndpoint)
	for _, path := range []string{"creds/mint", "token/mint"} {
		for _, operation := range []logical.Operation{logical.ReadOperation, logical.UpdateOperation} {
			if status, text := m.refused(operation, path, nil); status != 403 ||
				!strings.Contains(text, "locked down") {
				m.t.Errorf("%s %s: %d %s", operation, path, status, text)
			}
		}
	}
	if m.paxos.Calls(paxostest.TokenEndpoint) != calls {
		m.t.Error("Paxos was asked for a token")
	}
}

func TestALockdownEndsEverythingAndIssuesNothing(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.must(logical.UpdateOperation, "roles/own",
		map[string]any{"scopes": "funding:read_profile", "unique_tokens": true})
	m.must(logical.ReadOperation, "creds/mint", nil)
	m.must(logical.ReadOperation, "token/mint", nil)
	m.must(logical.UpdateOperation, "token/mint", map[string]any{"scopes": "funding:read_profile"})
	lease := m.must(logical.ReadOperation, "creds/own", nil)
	resp := m.must(logical.UpdateOperation, "lockdown", map[string]any{"reason": "a token in a log"})
	if fmt.Sprint(resp.Data["ended"], resp.Data["pending"]) != "4 0" || len(m.paxos.LiveTokens()) != 0 {
		t.Errorf("answered %v; alive at Paxos: %v", resp.Data, m.paxos.LiveTokens())
	}
	m.wantLocked()
	m.restart()
	m.wantLocked()
	m.must(logical.DeleteOperation, "config", nil)
	m.restart()
	m.wantLocked()
	if err := m.revoke(lease); err != nil {
		t.Errorf("a lease cannot be ended: %v", err)
	}
	if read := m.must(logical.ReadOperation, "lockdown", nil); read.Data["locked"] != true ||
		read.Data["reason"] != "a token in a log" {
		t.Errorf("a read says %v", read.Data)
	}
	if status := m.must(logical.ReadOperation, "status", nil); status.Data["lockdown"] != true {
		t.Errorf("status says %v", status.Data)
	}
	m.must(logical.DeleteOperation, "lockdown", nil)
	m.configure()
	m.must(logical.ReadOperation, "creds/mint", nil)
	if read := m.must(logical.ReadOperation, "lockdown", nil); read.Data["locked"] != false {
		t.Errorf("a read says %v", read.Data)
	}
}

func TestAMintThatLandsInALockdownIsEnded(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	hold := make(chan struct{})
	m.paxos.FailNext(paxostest.TokenEndpoint, paxostest.Fault{Hold: hold})
	calls := m.paxos.Calls(paxostest.TokenEndpoint)
	done := make(chan error)
	go func() {
		resp, err := m.do(logical.ReadOperation, "creds/mint", nil)
		if err == nil && resp.IsError() {
			err = resp.Error()
		}
		done <- err
	}()
	waitUntil(t, func() bool { return m.paxos.Calls(paxostest.TokenEndpoint) > calls })
	m.must(logical.UpdateOperation, "lockdown", nil)
	close(hold)
	if err := <-done; err == nil || !strings.Contains(err.Error(), "locked down") {
		t.Errorf("the reader got %v", err)
	}
	if live := m.paxos.LiveTokens(); len(live) != 0 {
		t.Errorf("alive at Paxos: %v", live)
	}
}

func TestALockdownRevokesEvenWithNeverRevoke(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.must(logical.UpdateOperation, "config/connection", map[string]any{"never_revoke": true})
	m.must(logical.ReadOperation, "creds/mint", nil)
	m.must(logical.UpdateOperation, "lockdown", nil)
	if live := m.paxos.LiveTokens(); len(live) != 0 {
		t.Errorf("alive at Paxos: %v", live)
	}
}

func TestALockdownWithPaxosDownIsDoneLater(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	lease := m.must(logical.ReadOperation, "creds/mint", nil)
	m.paxos.FailAll(paxostest.Revoke, paxostest.Fault{Drop: true})
	resp := m.must(logical.UpdateOperation, "lockdown", nil)
	if fmt.Sprint(resp.Data["ended"], resp.Data["pending"], resp.Data["pending_seconds"]) != "0 1 1" ||
		resp.Data["last_token_expires"] != lease.Data["expires_at"] {
		t.Errorf("answered %v", resp.Data)
	}
	m.wantLocked()
	m.paxos.Heal()
	m.restart()
	waitUntil(t, func() bool { return len(m.paxos.LiveTokens()) == 0 }) // with no tick
}

// TestALockdownEndsWhatADeadProcessMinted leaves a token on record that no lockdown
// has seen, as a process does that dies between a mint and its second question.
func TestALockdownEndsWhatADeadProcessMinted(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.must(logical.ReadOperation, "creds/mint", nil)
	if err := m.storage.Put(t.Context(), &logical.StorageEntry{Key: "lockdown",
		Value: []byte(`{"schema":1,"since":"2026-11-01T12:00:00Z"}`)}); err != nil {
		t.Fatal(err)
	}
	m.restart()
	waitUntil(t, func() bool { return len(m.paxos.LiveTokens()) == 0 })
}

func TestWhatCannotBeReadIsLocked(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.must(logical.ReadOperation, "token/mint", nil)
	m.restart()
	m.storage.failReads.Store(true)
	if resp, err := m.do(logical.ReadOperation, "token/mint", nil); err == nil && !resp.IsError() {
		t.Error("a token was issued although it is not known whether there is a lockdown")
	}
	m.storage.failReads.Store(false)
	m.must(logical.ReadOperation, "token/mint", nil)

	if err := m.storage.Put(context.Background(),
		&logical.StorageEntry{Key: "lockdown", Value: []byte(`{"schema":99}`)}); err != nil {
		t.Fatal(err)
	}
	m.backend.InvalidateKey(context.Background(), "lockdown") // as on a node that another node tells of its write
	if resp, err := m.do(logical.ReadOperation, "token/mint", nil); err == nil && !resp.IsError() {
		t.Error("a token was issued under a lockdown of a later version")
	}
}

func TestARootMayBeRotatedInALockdown(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.must(logical.UpdateOperation, "lockdown", nil)
	m.clock.advance(time.Minute)
	secret, err := m.paxos.RotateCredential(m.client.ClientID)
	if err != nil {
		t.Fatal(err)
	}
	m.must(logical.UpdateOperation, "config", map[string]any{"client_secret": secret})
	if live := m.paxos.LiveTokens(); len(live) != 0 {
		t.Errorf("alive at Paxos: %v", live)
	}
	m.wantLocked()
}
