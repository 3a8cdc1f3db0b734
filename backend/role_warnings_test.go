package backend_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/paxostest"
)

// warned are the warnings of a write, as text.
func (m *mount) warned(path string, data map[string]any) string {
	m.T.Helper()
	resp := m.Must(logical.UpdateOperation, path, data)
	if resp == nil {
		return ""
	}
	return fmt.Sprint(resp.Warnings)
}

func TestTheWriterOfARoleIsToldWhatWillNotHappen(t *testing.T) {
	t.Parallel()
	m := newListingMount(t)
	m.compare()
	m.storeTeam()
	m.stock("pooled", "vault-pooled", map[string]any{"allowed_roles": "*"})
	for name, test := range map[string]struct {
		role map[string]any
		want string // empty: no warning
	}{
		"a role as it should be": {map[string]any{"scopes": "funding:read_profile", "ttl": "1h",
			"max_ttl": "2h"}, ""},
		"a ttl beyond the token's life": {map[string]any{"scopes": "funding:read_profile", "ttl": "24h"},
			"ttl is 24h0m0s, but a token of Paxos is valid for about an hour"},
		"a scope that the root lacks": {map[string]any{"scopes": "funding:read_profile,rewards:read_claim"},
			"The root client lacks rewards:read_claim: Paxos will refuse"},
		"an unknown client": {map[string]any{"scopes": "funding:read_profile", "client": "none"},
			`Client "none" does not exist. This role cannot use it until it is stored at paxos/clients/none.`},
		"a client without the role": {map[string]any{"scopes": teamScope, "client": "team"},
			`Client "team" does not allow this role: add "new" to allowed_roles of paxos/clients/team.`},
		"a scope that the client lacks": {map[string]any{"scopes": teamScope + ",funding:read_profile",
			"client": "team"}, `Client "team" lacks funding:read_profile: Paxos will refuse`},
		"an unknown client of the pool": {map[string]any{"credential_type": "client_credentials",
			"clients": "pooled,none"}, `Client "none" does not exist`},
		"a client that lacks the pool's scopes": {map[string]any{"credential_type": "client_credentials",
			"clients": "pooled", "scopes": "funding:read_profile"},
			`Client "pooled" lacks funding:read_profile`},
		"a long lease of a whole client": {map[string]any{"credential_type": "client_credentials",
			"clients": "pooled", "ttl": "12h"}, "!an hour"},
	} {
		got := m.warned("roles/new", test.role)
		if test.want == "" && got != "" {
			t.Errorf("%s warns %s", name, got)
		}
		says(t, got, test.want)
		m.Must(logical.DeleteOperation, "roles/new", nil)
	}
}

// TestWhatPaxosListsOfAClientCounts narrows a client at Paxos after it was stored.
func TestWhatPaxosListsOfAClientCounts(t *testing.T) {
	t.Parallel()
	m := newListingMount(t)
	id := m.storeTeam()
	if got := m.warned("roles/team", map[string]any{"scopes": teamScope}); got != "" {
		t.Errorf("warned of %s", got)
	}
	m.EditClient(id, func(c *paxostest.Credential) { c.Scopes = []string{"transfer:read_transfer"} })
	m.compare()
	says(t, m.warned("roles/team", map[string]any{"scopes": teamScope}), `Client "team" lacks `+teamScope)
}

func TestAMaximumBelowTheRolesIsToldAtBothWrites(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.Must(logical.UpdateOperation, "roles/slow", map[string]any{"scopes": "funding:read_profile", "max_ttl": "50m"})
	m.Must(logical.UpdateOperation, "roles/quick",
		map[string]any{"scopes": "funding:read_profile", "ttl": "5m", "max_ttl": "10m"})
	says(t, m.warned("config/guardrails", map[string]any{"max_ttl": "10m"}),
		"exceeds max_ttl (10m0s), so their leases are shortened: slow.]", "!quick")
	says(t, m.warned("roles/slow", map[string]any{"metadata": "team=a"}),
		"exceeds max_ttl of config/guardrails. Leases are shortened to 10m0s")
	if got := m.warned("roles/quick", map[string]any{"metadata": "team=a"}); got != "" {
		t.Errorf("a role within the guardrails warns %s", got)
	}
}

func TestAReaderIsToldThatItsLeaseIsShorterThanItAskedFor(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	says(t, m.warned("creds/mint", map[string]any{"ttl": "5h"}),
		"The lease lasts 59m29s, not 5h0m0s: its token expires then.")
	if got := m.warned("creds/mint", map[string]any{"ttl": "20m"}); got != "[]" {
		t.Errorf("a lease as long as it was asked for warns %s", got)
	}
	m.Must(logical.UpdateOperation, "config/guardrails", map[string]any{"max_ttl": "10m"})
	says(t, m.warned("creds/mint", map[string]any{"ttl": "20m"}),
		"The lease lasts 10m0s, not 20m0s: the role, the mount or config/guardrails")
	if resp := m.Must(logical.ReadOperation, "creds/mint", nil); len(resp.Warnings) != 0 {
		t.Errorf("a read, which asks for nothing, warns %s", resp.Warnings)
	}
}
