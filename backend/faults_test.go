package backend_test

import (
	"context"
	"strings"
	"testing"

	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

func TestAStandbyForwardsAndMintsNothing(t *testing.T) {
	t.Parallel()
	for name, state := range map[string]consts.ReplicationState{
		"performance standby":   consts.ReplicationPerformanceStandby,
		"performance secondary": consts.ReplicationPerformanceSecondary,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newConfiguredMount(t)
			m.Restart()
			m.System.Replication.Store(uint32(state))
			upstream, writes := m.Paxos.TotalCalls(), m.Storage.Writes.Load()
			for path, operation := range map[string]logical.Operation{
				"creds/mint": logical.ReadOperation, "token/mint": logical.ReadOperation,
				"status": logical.ReadOperation,
				"lookup": logical.UpdateOperation, "revocations/": logical.ListOperation,
				"revocations/x": logical.DeleteOperation,
				"metrics":       logical.ReadOperation, "config/guardrails": logical.UpdateOperation,
				"roles/mint/rotate": logical.UpdateOperation, "roles/mint": logical.DeleteOperation,
				"config": logical.DeleteOperation,
			} {
				if _, err := m.Do(operation, path, nil); !forwards(err) {
					t.Errorf("%s %s: %v; want the sentinel by which Vault forwards", operation, path, err)
				}
			}
			m.Tick()
			if m.Paxos.TotalCalls() != upstream || m.Storage.Writes.Load() != writes {
				t.Error("a node that may not write called Paxos or wrote")
			}
		})
	}
}

// forwards reports whether Vault's core takes the error for "send it to a node that
// can write"; over gRPC it knows it by its text.
func forwards(err error) bool { return err != nil && err.Error() == logical.ErrReadOnly.Error() }

func TestReadOnlyStorageForwardsAndLeavesNoToken(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.Storage.ReadOnly.Store(true)
	if _, err := m.Do(logical.ReadOperation, "creds/mint", nil); !forwards(err) {
		t.Errorf("%v; want the sentinel by which Vault forwards", err)
	}
	if live := m.Paxos.LiveTokens(); len(live) != 0 {
		t.Errorf("a token that could not be recorded is valid: %+v", live)
	}
}

func TestAnOrphanOfADeadVaultCallsNobody(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	upstream := m.Paxos.TotalCalls()
	m.Storage.FailReads.Store(true)
	m.Storage.FailWrites.Store(true)
	if _, err := m.Do(logical.ReadOperation, "creds/mint", nil); err == nil {
		t.Error("a token without storage")
	}
	m.tickFails()
	if m.Paxos.TotalCalls() != upstream {
		t.Error("Paxos was called although storage is gone")
	}
	m.Storage.FailReads.Store(false)
	m.Storage.FailWrites.Store(false)
	m.Must(logical.ReadOperation, "creds/mint", nil) // and it comes back by itself
}

// tickFails is tick where storage is down.
func (m *mount) tickFails() {
	_, _ = m.Backend.HandleRequest(context.Background(),
		&logical.Request{Operation: logical.RollbackOperation, Storage: m.Storage})
}

func TestATokenThatCannotBeRecordedIsRevoked(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.Storage.FailWrites.Store(true)
	if status, text := m.Refused(logical.ReadOperation, "creds/mint", nil); status != 500 ||
		!strings.Contains(text, "recording a token") {
		t.Errorf("%d %s", status, text)
	}
	if live := m.Paxos.LiveTokens(); len(live) != 0 {
		t.Errorf("alive at Paxos: %+v", live)
	}
}

func TestLeasesOfOlderOrBrokenVersionsEnd(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	lease := m.Must(logical.ReadOperation, "creds/mint", nil)
	m.Must(logical.ReadOperation, "creds/mint", nil) // somebody else holds the token too
	for name, damage := range map[string]func(map[string]any){
		"no token":        func(data map[string]any) { delete(data, "token_id") },
		"numbers":         func(data map[string]any) { data["token_id"], data["issue"] = 5.0, 7.0 },
		"no expiry":       func(data map[string]any) { delete(data, "expires_at") },
		"nothing at all":  func(data map[string]any) { clear(data); data["secret_type"] = "access_token" },
		"an unknown hold": func(data map[string]any) { data["issue"] = "ffff" },
	} {
		data := map[string]any{}
		for key, value := range lease.Secret.InternalData {
			data[key] = value
		}
		damage(data)
		secret := *lease.Secret
		secret.InternalData = data
		if err := m.Revoke(&logical.Response{Secret: &secret, Data: lease.Data}); err != nil {
			t.Errorf("%s: %v; the lease would become irrevocable", name, err)
		}
	}
	if !m.Paxos.Alive(backendtest.Token(lease)) {
		t.Error("a damaged lease ended a token that somebody else holds")
	}
}

func TestAnEntryOfALaterSchemaIsRefused(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	entry, err := m.Storage.Get(context.Background(), "roles/mint")
	if err != nil || entry == nil {
		t.Fatal(err)
	}
	entry.Value = []byte(strings.Replace(string(entry.Value), `"schema":1`, `"schema":99`, 1))
	if err := m.Storage.Put(context.Background(), entry); err != nil {
		t.Fatal(err)
	}
	m.Restart()
	upstream := m.Paxos.TotalCalls()
	if status, text := m.Refused(logical.ReadOperation, "creds/mint", nil); status != 500 ||
		!strings.Contains(text, "later version") {
		t.Errorf("%d %s", status, text)
	}
	m.Refused(logical.UpdateOperation, "roles/mint", map[string]any{"ttl": 60})
	if m.Paxos.TotalCalls() != upstream || !strings.Contains(m.Stored(), `"schema":99`) {
		t.Error("an entry of a later schema was used or rewritten")
	}
}

func TestInvalidateShowsWhatAnotherNodeWrote(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.Must(logical.ReadOperation, "creds/mint", nil)
	other := *m
	other.Restart() // a second instance on the same storage: another node
	for _, change := range []struct {
		key   string
		write func()
		seen  func() bool
	}{
		{"roles/mint", func() {
			other.Must(logical.UpdateOperation, "roles/mint", map[string]any{"disabled": true})
		}, func() bool {
			_, err := m.Do(logical.ReadOperation, "creds/mint", nil)
			return err != nil
		}},
		{"roles/mint", func() {
			other.Must(logical.UpdateOperation, "roles/mint", map[string]any{"disabled": false})
		}, func() bool {
			resp, err := m.Do(logical.ReadOperation, "creds/mint", nil)
			return err == nil && !resp.IsError()
		}},
		{"guardrails", func() {
			other.Must(logical.UpdateOperation, "config/guardrails", map[string]any{"allowed_scopes": "events:*"})
		}, func() bool {
			_, err := m.Do(logical.ReadOperation, "creds/mint", nil)
			return err != nil && strings.Contains(err.Error(), "guardrails")
		}},
		{"guardrails", func() { other.Must(logical.DeleteOperation, "config/guardrails", nil) }, func() bool {
			resp, err := m.Do(logical.ReadOperation, "creds/mint", nil)
			return err == nil && !resp.IsError()
		}},
		{"config", func() {
			other.Must(logical.DeleteOperation, "config", map[string]any{"force": true})
		}, func() bool {
			resp, err := m.Do(logical.ReadOperation, "creds/mint", nil)
			return err == nil && resp.IsError()
		}},
	} {
		change.write()
		m.Backend.InvalidateKey(context.Background(), change.key)
		if !change.seen() {
			t.Errorf("after a change of %s elsewhere the old entry is still in use", change.key)
		}
	}
}

func TestARoundTripToASlowPaxosDoesNotBlockOthers(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.Must(logical.UpdateOperation, "roles/other", map[string]any{"scopes": "funding:read_profile"})
	m.Must(logical.ReadOperation, "creds/other", nil)
	hold := make(chan struct{})
	m.Paxos.FailNext(paxostest.TokenEndpoint, paxostest.Fault{Hold: hold})
	calls := m.Paxos.Calls(paxostest.TokenEndpoint)
	done := make(chan struct{})
	go func() {
		defer close(done)
		m.Must(logical.ReadOperation, "creds/mint", nil)
	}()
	backendtest.WaitUntil(t, func() bool { return m.Paxos.Calls(paxostest.TokenEndpoint) > calls })
	m.Must(logical.ReadOperation, "creds/other", nil)
	m.Must(logical.UpdateOperation, "roles/third", map[string]any{"scopes": "funding:read_profile"})
	m.Must(logical.ReadOperation, "creds/third", nil)
	m.Must(logical.UpdateOperation, "config", map[string]any{"refresh_at": 0.6})
	close(hold)
	<-done
}
