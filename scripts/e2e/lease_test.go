package e2e

import (
	"net/http"
	"testing"
	"time"

	"github.com/hashicorp/vault/api"

	"vault-plugin-secrets-paxos/backend/paxostest"
)

// use sends a request with the token to Paxos's API and returns the status.
func (m *mount) use(method, path, token string) int {
	m.Helper()
	request, err := http.NewRequestWithContext(m.Context(), method, m.paxos.APIURL()+path, nil)
	if err != nil {
		m.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		m.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode
}

// TestLeasesShareATokenThatDiesWithTheLast checks that a token ends with its last lease.
func TestLeasesShareATokenThatDiesWithTheLast(t *testing.T) {
	t.Parallel()
	m := newMount(t, shared(t), paxostest.Options{})
	m.role("app", map[string]any{"idle_ttl": 0}, profiles)

	first, second := m.read("creds/app"), m.read("creds/app")
	if token(first) != token(second) || first.LeaseID == second.LeaseID {
		t.Fatal("two readers did not get the same token on a lease each")
	}
	if first.Renewable || first.LeaseDuration <= 0 || first.LeaseDuration > 3600 {
		t.Errorf("the lease lasts %d s and is renewable: %t", first.LeaseDuration, first.Renewable)
	}
	m.expectIssued(1)
	if got := m.use(http.MethodGet, "/profiles", token(first)); got != http.StatusOK {
		t.Errorf("Paxos answered %d to what the role allows", got)
	}
	if got := m.use(http.MethodGet, "/transfer/transfers/1", token(first)); got != http.StatusForbidden {
		t.Errorf("Paxos answered %d to what the client may do and the role may not", got)
	}
	m.revoke(first.LeaseID)
	m.expectAlive(token(second), true)
	m.revoke(second.LeaseID)
	m.expectAlive(token(second), false)

	third := m.read("creds/app")
	m.expectIssued(2)
	m.expectAlive(token(third), true)
}

// TestUniqueTokensEndWithTheirLease checks that each lease has a token, which ends with it.
func TestUniqueTokensEndWithTheirLease(t *testing.T) {
	t.Parallel()
	m := newMount(t, shared(t), paxostest.Options{})
	m.role("app", map[string]any{"unique_tokens": true, "ttl": "3s"}, profiles)

	first := m.read("creds/app")
	m.role("app", map[string]any{"ttl": "20m"}, profiles)
	second, third := m.read("creds/app"), m.read("creds/app")
	if token(first) == token(second) || token(second) == token(third) {
		t.Fatal("two leases got the same token")
	}
	m.expectIssued(3)
	m.revoke(second.LeaseID)
	m.expectAlive(token(second), false)
	m.expectAlive(token(third), true)

	m.awaitEnd(token(first)) // Vault ends the lease of the first token by itself
	if _, err := m.client.Logical().ReadWithContext(t.Context(),
		m.path+"/token/app"); status(err) != http.StatusBadRequest {
		t.Errorf("reading an unleased token of such a role: %v", err)
	}
}

// TestUnleasedTokensAreSharedApartFromLeasedOnes checks that readers of token/ share a token of
// their own, which a rotation of the role ends.
func TestUnleasedTokensAreSharedApartFromLeasedOnes(t *testing.T) {
	t.Parallel()
	m := newMount(t, shared(t), paxostest.Options{})
	m.role("app", map[string]any{"idle_ttl": 0}, profiles)

	leased := m.read("creds/app")
	first, second := m.read("token/app"), m.read("token/app")
	if first.LeaseID != "" || token(first) != token(second) || token(first) == token(leased) {
		t.Error("unleased readers do not share a token of their own")
	}
	m.revoke(leased.LeaseID)
	m.expectAlive(token(first), true)
	m.write("roles/app/rotate", nil)
	m.expectAlive(token(first), false)
	m.expectAlive(token(m.read("token/app")), true)
}

// TestDisablingTheMountEndsItsTokens disables a mount with leases.
func TestDisablingTheMountEndsItsTokens(t *testing.T) {
	t.Parallel()
	m := newMount(t, shared(t), paxostest.Options{})
	m.role("shared", nil, profiles) // without the end of the mount, it would stay for five idle minutes
	m.role("unique", map[string]any{"unique_tokens": true}, transfers)
	tokens := []string{
		token(m.read("creds/shared")), token(m.read("creds/shared")), token(m.read("creds/unique")),
		token(m.read("token/shared")),
	}
	if err := m.client.Sys().UnmountWithContext(t.Context(), m.path); err != nil {
		t.Fatal(err)
	}
	for _, each := range tokens {
		m.expectAlive(each, false)
	}
	if live := m.paxos.LiveTokens(); len(live) > 0 {
		t.Errorf("%d tokens live on", len(live))
	}
}

// TestMountsLimitBoundsTheLease checks that the maximum lease of the mount applies to its leases.
func TestMountsLimitBoundsTheLease(t *testing.T) {
	t.Parallel()
	m := newMount(t, shared(t), paxostest.Options{})
	m.role("app", map[string]any{"ttl": "20m"}, profiles)
	if err := m.client.Sys().TuneMountWithContext(t.Context(), m.path,
		api.MountConfigInput{MaxLeaseTTL: "60s"}); err != nil {
		t.Fatal(err)
	}
	answer := m.read("creds/app")
	if got := time.Duration(answer.LeaseDuration) * time.Second; got <= 0 || got > time.Minute {
		t.Errorf("the lease lasts %s", got)
	}
	m.expectAlive(token(answer), true)
}

// TestWrappedTokenLives checks that the token in a wrapped response works.
func TestWrappedTokenLives(t *testing.T) {
	t.Parallel()
	m := newMount(t, shared(t), paxostest.Options{})
	m.role("app", nil, profiles)
	wrapping := client(t, m.server, m.server.RootToken)
	wrapping.SetWrappingLookupFunc(func(string, string) string { return "60s" })
	wrapped, err := wrapping.Logical().ReadWithContext(t.Context(), m.path+"/creds/app")
	if err != nil {
		t.Fatal(err)
	}
	if token(wrapped) != "" || wrapped.WrapInfo == nil {
		t.Fatal("the answer is not wrapped")
	}
	unwrapped, err := client(t, m.server, "").Logical().UnwrapWithContext(t.Context(), wrapped.WrapInfo.Token)
	if err != nil {
		t.Fatal(err)
	}
	m.guard(token(unwrapped))
	m.expectAlive(token(unwrapped), true)
	if unwrapped.LeaseID == "" {
		t.Error("the unwrapped answer has no lease")
	}
}
