package backend_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

func TestCredsIssueALeasedTokenForTheRolesScopes(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	resp := m.Must(logical.ReadOperation, "creds/mint", nil)
	if !m.Paxos.Alive(backendtest.Token(resp)) {
		t.Error("the token is not alive at Paxos")
	}
	live := m.Paxos.LiveTokens()
	if len(live) != 1 || strings.Join(live[0].Scopes, " ") != "funding:read_profile transfer:read_transfer" {
		t.Errorf("Paxos granted %+v", live)
	}
	if resp.Secret == nil || resp.Secret.Renewable || resp.Secret.TTL != 3569*time.Second ||
		resp.Secret.MaxTTL != 3569*time.Second {
		t.Errorf("lease %+v; want the token's 3599 s less 30 s of skew, not renewable", resp.Secret)
	}
	for name, want := range map[string]any{
		"token_type": "Bearer", "scope": "funding:read_profile transfer:read_transfer", "client_id": m.Client.ClientID,
		"environment": "custom", "api_url": m.Paxos.APIURL(),
		"token_id":   paxostest.Fingerprint(backendtest.Token(resp)),
		"expires_at": m.Clock.Now().Add(3569 * time.Second).Format(time.RFC3339),
	} {
		if resp.Data[name] != want {
			t.Errorf("%s is %v, want %v", name, resp.Data[name], want)
		}
	}
	if strings.Contains(fmt.Sprint(resp.Secret.InternalData), backendtest.Token(resp)) {
		t.Error("the lease's internal data holds the token")
	}
}

func TestOneMintForAThousandColdReaders(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	minted := m.Paxos.Calls(paxostest.TokenEndpoint)
	const readers = 1000
	tokens := make([]string, readers)
	var group sync.WaitGroup
	for reader := range readers {
		group.Go(func() {
			resp, err := m.Do(logical.ReadOperation, "creds/mint", nil)
			if err == nil && !resp.IsError() {
				tokens[reader] = backendtest.Token(resp)
			}
		})
	}
	group.Wait()
	for reader := range readers {
		if tokens[reader] == "" || tokens[reader] != tokens[0] {
			t.Fatalf("reader %d got %q, the first %q", reader, tokens[reader], tokens[0])
		}
	}
	if got := m.Paxos.Calls(paxostest.TokenEndpoint) - minted; got != 1 {
		t.Errorf("%d readers caused %d mints, want 1", readers, got)
	}
}

func TestARestartMintsNothing(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	leased, unleased := m.Must(logical.ReadOperation, "creds/mint", nil), m.Must(logical.ReadOperation,
		"token/mint", nil)
	if backendtest.Token(leased) == backendtest.Token(unleased) {
		t.Error("a leased and an unleased reader share a token: the lease's end would kill the other's")
	}
	minted := m.Paxos.Calls(paxostest.TokenEndpoint)
	m.Restart()
	if backendtest.Token(m.Must(logical.ReadOperation, "creds/mint", nil)) != backendtest.Token(leased) ||
		backendtest.Token(m.Must(logical.ReadOperation, "token/mint", nil)) != backendtest.Token(unleased) {
		t.Error("after a restart readers get other tokens")
	}
	if got := m.Paxos.Calls(paxostest.TokenEndpoint) - minted; got != 0 {
		t.Errorf("the restart caused %d mints", got)
	}
}

func TestTheLastLeaseEndsTheToken(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	first, second := m.Must(logical.ReadOperation, "creds/mint", nil), m.Must(logical.ReadOperation, "creds/mint", nil)
	if backendtest.Token(first) != backendtest.Token(second) {
		t.Fatal("two readers of a role got two tokens")
	}
	for range 3 { // Vault may end a lease more than once
		if err := m.Revoke(first); err != nil {
			t.Fatal(err)
		}
	}
	if !m.Paxos.Alive(backendtest.Token(second)) {
		t.Fatal("the token ended with the first of two leases")
	}
	if err := m.Revoke(second); err != nil {
		t.Fatal(err)
	}
	if m.Paxos.Alive(backendtest.Token(second)) {
		t.Error("the token is valid after its last lease and an idle_ttl of 0")
	}
	if next := m.Must(logical.ReadOperation, "creds/mint", nil); backendtest.Token(next) == backendtest.Token(first) ||
		!m.Paxos.Alive(backendtest.Token(next)) {
		t.Error("the next reader did not get a new, live token")
	}
}

func TestUniqueTokensEndWithTheirLease(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.Must(logical.UpdateOperation, "roles/own",
		map[string]any{"scopes": "funding:read_profile", "unique_tokens": true})
	first, second := m.Must(logical.ReadOperation, "creds/own", nil), m.Must(logical.ReadOperation, "creds/own", nil)
	if backendtest.Token(first) == backendtest.Token(second) {
		t.Fatal("two readers of a role of unique_tokens share a token")
	}
	m.Restart()
	if err := m.Revoke(first); err != nil {
		t.Fatal(err)
	}
	if m.Paxos.Alive(backendtest.Token(first)) || !m.Paxos.Alive(backendtest.Token(second)) {
		t.Errorf("after the first lease's end: first alive %v, second alive %v",
			m.Paxos.Alive(backendtest.Token(first)),
			m.Paxos.Alive(backendtest.Token(second)))
	}
	if status, text := m.Refused(logical.ReadOperation, "token/own", nil); status != 400 ||
		!strings.Contains(text, "creds/own") {
		t.Errorf("token/ of a role of unique_tokens: %d %s", status, text)
	}
}

func TestARevocationThatPaxosCannotTakeIsDoneLater(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.Must(logical.UpdateOperation, "roles/own",
		map[string]any{"scopes": "funding:read_profile", "unique_tokens": true})
	lease := m.Must(logical.ReadOperation, "creds/own", nil)
	m.Paxos.FailAll(paxostest.Revoke, paxostest.Fault{Status: 503})
	if err := m.Revoke(lease); err != nil {
		t.Fatalf("the lease's end failed: %v; it would become irrevocable", err)
	}
	if status := m.Must(logical.ReadOperation, "status", nil); fmt.Sprint(status.Data["ending_tokens"]) != "1" {
		t.Errorf("status says %v tokens are ending, want 1", status.Data["ending_tokens"])
	}
	m.Restart()
	m.Paxos.Heal()
	m.Tick()
	if m.Paxos.Alive(backendtest.Token(lease)) {
		t.Error("the token is valid although Paxos is back")
	}
	if status := m.Must(logical.ReadOperation, "status", nil); fmt.Sprint(status.Data["live_tokens"]) != "0" {
		t.Errorf("status says %v tokens live, want 0", status.Data["live_tokens"])
	}
}

func TestALeasePastItsTokenEndsWithoutACall(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	lease := m.Must(logical.ReadOperation, "creds/mint", nil)
	m.Clock.Advance(time.Hour)
	m.Storage.FailReads.Store(true)
	m.Storage.FailWrites.Store(true)
	upstream := m.Paxos.TotalCalls()
	if err := m.Revoke(lease); err != nil {
		t.Errorf("ending a lease of an expired token: %v", err)
	}
	if m.Paxos.TotalCalls() != upstream {
		t.Error("Paxos was called for an expired token")
	}
}

func TestADisabledMountEndsItsTokens(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.Must(logical.UpdateOperation, "roles/mint", map[string]any{"idle_ttl": "5m"})
	leased, unleased := m.Must(logical.ReadOperation, "creds/mint", nil), m.Must(logical.ReadOperation,
		"token/mint", nil)
	m.System.Disabling.Store(true)
	m.Tick()
	if m.Paxos.Alive(backendtest.Token(leased)) || m.Paxos.Alive(backendtest.Token(unleased)) {
		t.Error("tokens live on after the last periodic run of a mount that is being disabled")
	}
	if err := m.Revoke(leased); err != nil {
		t.Errorf("the lease cannot be ended: %v", err)
	}
}

func TestALeaseOfADisabledMountWhosePaxosIsDownFails(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	lease := m.Must(logical.ReadOperation, "creds/mint", nil)
	m.Paxos.FailAll(paxostest.Revoke, paxostest.Fault{Status: 503})
	m.System.Disabling.Store(true)
	err := m.Revoke(lease)
	if err == nil {
		t.Fatal("the lease ended although its token is valid and its queue is about to be deleted")
	}
	for _, part := range []string{"The mount was not disabled", "force -prefix paxos/creds/", "HTTP 503"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error lacks %q: %v", part, err)
		}
	}
}
