package backend_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// wantLocked checks that neither path issues anything, and that nobody asks Paxos for a token.
func (m *mount) wantLocked() {
	m.T.Helper()
	calls := m.Paxos.Calls(paxostest.TokenEndpoint)
	for _, path := range []string{"creds/mint", "token/mint"} {
		for _, operation := range []logical.Operation{logical.ReadOperation, logical.UpdateOperation} {
			if status, text := m.Refused(operation, path, nil); status != 403 ||
				!strings.Contains(text, "in lockdown since") {
				m.T.Errorf("%s %s: %d %s", operation, path, status, text)
			}
		}
	}
	if m.Paxos.Calls(paxostest.TokenEndpoint) != calls {
		m.T.Error("Paxos was asked for a token")
	}
}

func TestALockdownEndsEverythingAndIssuesNothing(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.Must(logical.UpdateOperation, "roles/own",
		map[string]any{"scopes": "funding:read_profile", "unique_tokens": true})
	m.Must(logical.ReadOperation, "creds/mint", nil)
	m.Must(logical.ReadOperation, "token/mint", nil)
	m.Must(logical.UpdateOperation, "token/mint", map[string]any{"scopes": "funding:read_profile"})
	lease := m.Must(logical.ReadOperation, "creds/own", nil)
	resp := m.Must(logical.UpdateOperation, "lockdown", map[string]any{"reason": "a token in a log"})
	if fmt.Sprint(resp.Data["ended"], resp.Data["pending"]) != "4 0" || len(m.Paxos.LiveTokens()) != 0 {
		t.Errorf("answered %v; alive at Paxos: %v", resp.Data, m.Paxos.LiveTokens())
	}
	m.wantLocked()
	m.Restart()
	m.wantLocked()
	m.Must(logical.DeleteOperation, "config", nil)
	m.Restart()
	m.wantLocked()
	if err := m.Revoke(lease); err != nil {
		t.Errorf("a lease cannot be ended: %v", err)
	}
	if read := m.Must(logical.ReadOperation, "lockdown", nil); read.Data["locked"] != true ||
		read.Data["reason"] != "a token in a log" {
		t.Errorf("a read says %v", read.Data)
	}
	if status := m.Must(logical.ReadOperation, "status", nil); status.Data["lockdown"] != true {
		t.Errorf("status says %v", status.Data)
	}
	m.Must(logical.DeleteOperation, "lockdown", nil)
	m.Configure()
	m.Must(logical.ReadOperation, "creds/mint", nil)
	if read := m.Must(logical.ReadOperation, "lockdown", nil); read.Data["locked"] != false {
		t.Errorf("a read says %v", read.Data)
	}
}

func TestAMintThatLandsInALockdownIsEnded(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	hold := make(chan struct{})
	m.Paxos.FailNext(paxostest.TokenEndpoint, paxostest.Fault{Hold: hold})
	calls := m.Paxos.Calls(paxostest.TokenEndpoint)
	done := make(chan error)
	go func() {
		resp, err := m.Do(logical.ReadOperation, "creds/mint", nil)
		if err == nil && resp.IsError() {
			err = resp.Error()
		}
		done <- err
	}()
	backendtest.WaitUntil(t, func() bool { return m.Paxos.Calls(paxostest.TokenEndpoint) > calls })
	m.Must(logical.UpdateOperation, "lockdown", nil)
	close(hold)
	if err := <-done; err == nil || !strings.Contains(err.Error(), "in lockdown since") {
		t.Errorf("the reader got %v", err)
	}
	if live := m.Paxos.LiveTokens(); len(live) != 0 {
		t.Errorf("alive at Paxos: %v", live)
	}
}

func TestALockdownRevokesEvenWithNeverRevoke(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.Must(logical.UpdateOperation, "config/connection", map[string]any{"never_revoke": true})
	m.Must(logical.ReadOperation, "creds/mint", nil)
	m.Must(logical.UpdateOperation, "lockdown", nil)
	if live := m.Paxos.LiveTokens(); len(live) != 0 {
		t.Errorf("alive at Paxos: %v", live)
	}
}

func TestALockdownWithPaxosDownIsDoneLater(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	lease := m.Must(logical.ReadOperation, "creds/mint", nil)
	m.Paxos.FailAll(paxostest.Revoke, paxostest.Fault{Drop: true})
	resp := m.Must(logical.UpdateOperation, "lockdown", nil)
	if fmt.Sprint(resp.Data["ended"], resp.Data["pending"], resp.Data["pending_seconds"]) != "0 1 1" ||
		resp.Data["last_token_expires"] != lease.Data["expires_at"] {
		t.Errorf("answered %v", resp.Data)
	}
	m.wantLocked()
	m.Paxos.Heal()
	m.Restart()
	backendtest.WaitUntil(t, func() bool { return len(m.Paxos.LiveTokens()) == 0 }) // with no tick
}

// TestALockdownEndsWhatADeadProcessMinted leaves a token on record that no lockdown
// has seen, as a process does that crashes between a mint and its second question.
func TestALockdownEndsWhatADeadProcessMinted(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.Must(logical.ReadOperation, "creds/mint", nil)
	if err := m.Storage.Put(t.Context(), &logical.StorageEntry{Key: "lockdown",
		Value: []byte(`{"schema":1,"since":"2026-11-01T12:00:00Z"}`)}); err != nil {
		t.Fatal(err)
	}
	m.Restart()
	backendtest.WaitUntil(t, func() bool { return len(m.Paxos.LiveTokens()) == 0 })
}

func TestWhatCannotBeReadIsLocked(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.Must(logical.ReadOperation, "token/mint", nil)
	m.Restart()
	m.Storage.FailReads.Store(true)
	if resp, err := m.Do(logical.ReadOperation, "token/mint", nil); err == nil && !resp.IsError() {
		t.Error("a token was issued although it is not known whether there is a lockdown")
	}
	m.Storage.FailReads.Store(false)
	m.Must(logical.ReadOperation, "token/mint", nil)

	if err := m.Storage.Put(context.Background(),
		&logical.StorageEntry{Key: "lockdown", Value: []byte(`{"schema":99}`)}); err != nil {
		t.Fatal(err)
	}
	m.Backend.InvalidateKey(context.Background(), "lockdown") // as on a node that another node tells of its write
	if resp, err := m.Do(logical.ReadOperation, "token/mint", nil); err == nil && !resp.IsError() {
		t.Error("a token was issued under a lockdown of a later version")
	}
}

func TestARootMayBeRotatedInALockdown(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.Must(logical.UpdateOperation, "lockdown", nil)
	m.Clock.Advance(time.Minute)
	secret, err := m.Paxos.RotateCredential(m.Client.ClientID)
	if err != nil {
		t.Fatal(err)
	}
	m.Must(logical.UpdateOperation, "config", map[string]any{"client_secret": secret})
	if live := m.Paxos.LiveTokens(); len(live) != 0 {
		t.Errorf("alive at Paxos: %v", live)
	}
	m.wantLocked()
}
