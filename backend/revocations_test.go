package backend_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// queueOf makes the mount hold so many tokens that Paxos does not revoke, and
// returns their leases.
func (m *mount) queueOf(count int) []*logical.Response {
	m.T.Helper()
	m.Must(logical.UpdateOperation, "roles/own",
		map[string]any{"scopes": "funding:read_profile", "unique_tokens": true})
	m.Paxos.FailAll(paxostest.Revoke, paxostest.Fault{Status: 503, Body: m.Secret})
	var leases []*logical.Response
	for range count {
		lease := m.Must(logical.ReadOperation, "creds/own", nil)
		if err := m.Revoke(lease); err != nil {
			m.T.Fatal(err)
		}
		leases = append(leases, lease)
	}
	return leases
}

// revocations lists the queue.
func (m *mount) revocations(data map[string]any) []string {
	m.T.Helper()
	var all []string
	listed, _ := m.Must(logical.ListOperation, "revocations/", data).Data["keys"].([]any)
	for _, key := range listed {
		all = append(all, key.(string))
	}
	return all
}

func TestRevocationsShowWhatPaxosCouldNotTake(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	leases := m.queueOf(3)
	m.Clock.Advance(time.Minute)
	m.Tick()
	var want []string
	for _, lease := range leases {
		want = append(want, lease.Data["token_id"].(string))
	}
	slices.Sort(want)
	if got := m.revocations(nil); !slices.Equal(got, want) {
		t.Fatalf("revocations are %v, want %v", got, want)
	}
	if got := m.revocations(map[string]any{"after": want[0], "limit": 1}); !slices.Equal(got, want[1:2]) {
		t.Errorf("a page of revocations is %v, want %v", got, want[1:2])
	}
	first := m.Must(logical.ReadOperation, "revocations/"+leases[0].Data["token_id"].(string), nil).Data
	for name, value := range map[string]string{
		"role": "own", "client_id": m.Client.ClientID, "generation": "1", "since": "2026-11-01T12:00:00Z",
		"expires_at": leases[0].Data["expires_at"].(string),
	} {
		if fmt.Sprint(first[name]) != value {
			t.Errorf("%s is %v, want %s", name, first[name], value)
		}
	}
	if text := fmt.Sprint(first["last_error"]); !strings.Contains(text, "503") || strings.Contains(text, m.Secret) {
		t.Errorf("last_error is %s", text)
	}
	attempts := 0.0
	for _, name := range want {
		attempts += number(t, m.Must(logical.ReadOperation, "revocations/"+name, nil), "attempts")
	}
	if attempts != 4 {
		t.Errorf("%v attempts in all; want one for each, and one more of the tick, which that told enough", attempts)
	}
	if status := m.Must(logical.ReadOperation, "status", nil); fmt.Sprint(status.Data["ending_tokens"]) != "3" {
		t.Errorf("status says %v", status.Data["ending_tokens"])
	}
	m.Paxos.Heal()
	m.Clock.Advance(time.Minute)
	m.Tick()
	if got := m.revocations(nil); len(got) != 0 {
		t.Errorf("revocations are %v after Paxos is back", got)
	}
	if resp := m.Must(logical.ReadOperation, "revocations/"+want[0], nil); resp != nil {
		t.Errorf("a revocation that is done: %v", resp)
	}
}

func TestARevocationCanBeGivenUp(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	leases := m.queueOf(2)
	given, kept := leases[0], leases[1]
	path := "revocations/" + given.Data["token_id"].(string)
	said := warned(m.Must(logical.DeleteOperation, path, nil))
	if !strings.Contains(said, "valid at Paxos until it expires at "+given.Data["expires_at"].(string)) {
		t.Errorf("the warning is %q", said)
	}
	if resp := m.Must(logical.DeleteOperation, path, nil); resp != nil {
		t.Errorf("giving up twice: %v", resp)
	}
	m.Paxos.Heal()
	m.Restart()
	m.Clock.Advance(time.Minute)
	m.Tick()
	if !m.Paxos.Alive(backendtest.Token(given)) {
		t.Error("the token that was taken off the queue was revoked all the same")
	}
	if m.Paxos.Alive(backendtest.Token(kept)) {
		t.Error("the other token is valid")
	}
}

func TestOnlyTheQueueCanBeGivenUp(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	lease := m.Must(logical.ReadOperation, "creds/mint", nil)
	path := "revocations/" + lease.Data["token_id"].(string)
	if resp := m.Must(logical.ReadOperation, path, nil); resp != nil {
		t.Errorf("a token in service is on the queue: %v", resp)
	}
	m.Must(logical.DeleteOperation, path, nil)
	if m.lookup("access_token", backendtest.Token(lease))["known"] != true {
		t.Error("a token in service was forgotten")
	}
	for _, name := range []string{backendtest.Token(lease), "x", "..", strings.Repeat("A", 32)} {
		for _, operation := range []logical.Operation{logical.ReadOperation, logical.DeleteOperation} {
			if status, text := m.Refused(operation, "revocations/"+name, nil); status != 400 ||
				strings.Contains(text, backendtest.Token(lease)) {
				t.Errorf("%s revocations/%s: %d %s", operation, name, status, text)
			}
		}
	}
}
