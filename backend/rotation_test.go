package backend_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// another makes a further client at Paxos, with these scopes.
func (m *mount) another(scopes ...string) (id, secret string) {
	m.T.Helper()
	credential, secret, err := m.Paxos.CreateCredential(paxostest.Credential{Scopes: scopes})
	if err != nil {
		m.T.Fatal(err)
	}
	return credential.ClientID, secret
}

// generations is what status says of the root's secrets, as "number client state live".
func (m *mount) generations() []string {
	m.T.Helper()
	var said []string
	for _, g := range m.Must(logical.ReadOperation, "status", nil).Data["generations"].([]any) {
		g := g.(map[string]any)
		said = append(said, fmt.Sprint(g["number"], " ", g["client_id"], " ", g["state"], " ", g["live_tokens"]))
	}
	return said
}

func TestARotationKeepsReadersGoing(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	lease := m.Must(logical.ReadOperation, "creds/mint", nil)
	secret, err := m.Paxos.RotateCredential(m.Client.ClientID) // the click: the old secret stops
	if err != nil {
		t.Fatal(err)
	}
	if again := m.Must(logical.ReadOperation, "creds/mint", nil); backendtest.Token(again) != backendtest.Token(lease) {
		t.Error("between the click and the write readers do not get the cached token")
	}
	resp := m.Must(logical.UpdateOperation, "config/rotate-root", map[string]any{"client_secret": secret})
	if fmt.Sprint(resp.Data) != fmt.Sprint(map[string]any{"client_id": m.Client.ClientID, "generation": 2,
		"draining": 1}) {
		t.Errorf("answered %v", resp.Data)
	}
	mints := m.Paxos.Calls(paxostest.TokenEndpoint)
	if again := m.Must(logical.ReadOperation, "creds/mint",
		nil); backendtest.Token(again) != backendtest.Token(lease) ||
		m.Paxos.Calls(paxostest.TokenEndpoint) != mints {
		t.Error("the rotation took the token from its readers")
	}
	if want := []string{"1 " + m.Client.ClientID + " draining 1",
		"2 " + m.Client.ClientID + " current 0"}; !slices.Equal(m.generations(), want) {
		t.Errorf("status says %q, want %q", m.generations(), want)
	}
	m.Must(logical.UpdateOperation, "roles/mint/rotate", nil)
	if m.Paxos.Alive(backendtest.Token(lease)) {
		t.Error("a token of the old secret cannot be revoked with the new one")
	}
	m.Must(logical.ReadOperation, "creds/mint", nil)
	m.Tick()
	if want := []string{"2 " + m.Client.ClientID + " current 1"}; !slices.Equal(m.generations(), want) {
		t.Errorf("status says %q, want %q", m.generations(), want)
	}
}

func TestAReplacedRootDrains(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	lease := m.Must(logical.ReadOperation, "creds/mint", nil)
	id, secret := m.another(backendtest.RootScopes...)
	m.Must(logical.UpdateOperation, "config/replace-root", map[string]any{"client_id": id, "client_secret": secret})
	if again := m.Must(logical.ReadOperation, "creds/mint",
		nil); backendtest.Token(again) != backendtest.Token(lease) ||
		again.Data["client_id"] != m.Client.ClientID {
		t.Error("the token of the old root is not served any more")
	}
	if fresh := m.Must(logical.ReadOperation, "token/mint", nil); fresh.Data["client_id"] != id {
		t.Errorf("minted by %v, want the new root", fresh.Data["client_id"])
	}
	m.Must(logical.UpdateOperation, "roles/mint/rotate", nil)
	if live := m.Paxos.LiveTokens(); len(live) != 0 {
		t.Errorf("alive at Paxos: %v", live)
	}
	m.Tick()
	if want := []string{"2 " + id + " current 0"}; !slices.Equal(m.generations(), want) {
		t.Errorf("status says %q, want %q", m.generations(), want)
	}
}

func TestRotationsThatAreRefusedChangeNothing(t *testing.T) {
	t.Parallel()
	const rotate, replace = "config/rotate-root", "config/replace-root"
	for name, test := range map[string]struct {
		path   string
		data   func(m *mount) map[string]any
		fault  paxostest.Fault
		status int
		says   string
	}{
		"no secret": {rotate, func(*mount) map[string]any {
			return nil
		}, paxostest.Fault{}, 400, "client_secret"},
		"a wrong secret": {rotate, func(*mount) map[string]any {
			return map[string]any{"client_secret": backendtest.Canary + "wrong"}
		}, paxostest.Fault{}, 400, "Not saved"},
		"the secret that it has": {rotate, func(m *mount) map[string]any {
			return map[string]any{"client_secret": m.Secret}
		}, paxostest.Fault{}, 400, "already stored"},
		"another client to rotate": {rotate, func(*mount) map[string]any {
			return map[string]any{"client_id": "x", "client_secret": "y"}
		}, paxostest.Fault{}, 400, "config/replace-root"},
		"Paxos is down": {rotate, func(*mount) map[string]any {
			return map[string]any{"client_secret": "new"}
		}, paxostest.Fault{Drop: true}, 502, "connection"},
		"Paxos throttles": {rotate, func(*mount) map[string]any {
			return map[string]any{"client_secret": "new"}
		}, paxostest.Fault{Status: 429}, 429, "again in 5m1s"},
		"the same client to replace": {replace, func(m *mount) map[string]any {
			return map[string]any{"client_id": m.Client.ClientID, "client_secret": "y"}
		}, paxostest.Fault{}, 400, "config/rotate-root"},
		"one that mints less": {replace, func(m *mount) map[string]any {
			id, secret := m.another("funding:read_profile")
			return map[string]any{"client_id": id, "client_secret": secret}
		}, paxostest.Fault{}, 400, "lacks transfer:read_transfer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newConfiguredMount(t)
			m.Must(logical.ReadOperation, "creds/mint", nil)
			data, before, live := test.data(m), m.Stored(), len(m.Paxos.LiveTokens())
			m.Paxos.FailNext(paxostest.TokenEndpoint, test.fault)
			status, text := m.Refused(logical.UpdateOperation, test.path, data)
			if status != test.status || !strings.Contains(text, test.says) {
				t.Errorf("answered %d %s; want %d and %q", status, text, test.status, test.says)
			}
			for _, secret := range []string{m.Secret, backendtest.Canary} {
				if strings.Contains(text, secret) {
					t.Errorf("the answer tells a secret: %s", text)
				}
			}
			after, rootBefore := root(m.Stored()), root(before)
			if after != rootBefore || len(m.Paxos.LiveTokens()) != live {
				t.Errorf("the root was %s and is %s; alive at Paxos: %d, were %d", rootBefore, after,
					len(m.Paxos.LiveTokens()), live)
			}
			m.Paxos.Heal()
			m.Clock.Advance(6 * time.Minute)
			m.Must(logical.UpdateOperation, "roles/mint/rotate", nil)
			m.Must(logical.ReadOperation, "creds/mint", nil) // by the old root
		})
	}
}

// root is the line of the stored root client.
func root(stored string) string {
	for line := range strings.Lines(stored) {
		if strings.HasPrefix(line, "root=") {
			return line
		}
	}
	return ""
}

func TestAClientOfAnotherEntityIsRefused(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	id, secret := m.another(backendtest.RootScopes...)
	m.Paxos.FailNext(paxostest.Operations, paxostest.Fault{Rewrite: func(page map[string]any) {
		page["items"] = []any{map[string]any{"id": "a-profile-of-somebody-else"}}
	}})
	status, text := m.Refused(logical.UpdateOperation, "config/replace-root",
		map[string]any{"client_id": id, "client_secret": secret})
	if status != 400 || !strings.Contains(text, "different Entities") || len(m.Paxos.LiveTokens()) != 0 {
		t.Errorf("%d %s; alive at Paxos: %v", status, text, m.Paxos.LiveTokens())
	}
	m.Paxos.FailNext(paxostest.Operations, paxostest.Fault{Status: http.StatusForbidden}) // it cannot be told: accepted
	m.Must(logical.UpdateOperation, "config/replace-root", map[string]any{"client_id": id, "client_secret": secret})
}

func TestTheFirstSecretMayComeByRotateRoot(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	m.Must(logical.UpdateOperation, "config/connection", m.Connection())
	if status, text := m.Refused(logical.UpdateOperation, "config/rotate-root",
		map[string]any{"client_id": "x",
			"client_secret": "y"}); status != 400 || !strings.Contains(text, "not configured") {
		t.Errorf("%d %s", status, text)
	}
	m.Must(logical.UpdateOperation, "config", map[string]any{"environment": "custom"})
	m.Must(logical.UpdateOperation, "roles/mint", map[string]any{"scopes": "funding:read_profile"})
	if status, text := m.Refused(logical.UpdateOperation, "config/rotate-root",
		map[string]any{"client_secret": m.Secret}); status != 400 || !strings.Contains(text, "client_id is required") {
		t.Errorf("%d %s", status, text)
	}
	m.Must(logical.UpdateOperation, "config/rotate-root",
		map[string]any{"client_id": m.Client.ClientID, "client_secret": m.Secret})
	m.Must(logical.ReadOperation, "creds/mint", nil)
}

// TestMissingScopesAreNamed checks which scopes an operator is told to add: those that Paxos
// refuses by name, else those that its list of credentials does not have, else all that were
// requested.
func TestMissingScopesAreNamed(t *testing.T) {
	t.Parallel()
	unnamed := paxostest.Fault{Status: 400, Body: `{"error":"invalid_scope"}`}
	for name, test := range map[string]struct {
		listed bool
		fault  paxostest.Fault
		says   string
	}{
		"Paxos names it": {says: "lacks transfer:read_transfer, which the roles of this mount need"},
		"the list does not have it": {listed: true, fault: unnamed,
			says: "lacks transfer:read_transfer, which the roles of this mount need"},
		"nobody knows which": {fault: unnamed,
			says: "lacks at least one of: funding:read_profile, transfer:read_transfer, which the roles"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newListingMount(t)
			m.Must(logical.UpdateOperation, "roles/mint",
				map[string]any{"scopes": "funding:read_profile,transfer:read_transfer"})
			id, secret := m.another("funding:read_profile")
			if test.listed {
				m.compare()
			}
			m.Paxos.FailNext(paxostest.TokenEndpoint, test.fault)
			before := m.Paxos.Calls(paxostest.TokenEndpoint)
			status, text := m.Refused(logical.UpdateOperation, "config/replace-root",
				map[string]any{"client_id": id, "client_secret": secret})
			if status != 400 || !strings.Contains(text, test.says) {
				t.Errorf("answered %d %s; want %q", status, text, test.says)
			}
			if calls := m.Paxos.Calls(paxostest.TokenEndpoint) - before; calls != 1 {
				t.Errorf("it took %d token requests", calls)
			}
		})
	}
}
