package backend_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// teamScope is what the client of a team holds, and the root does not.
const teamScope = "events:read_event"

// storeTeam stores a client that requests tokens for the role of a team, and returns its
// Client ID.
func (m *mount) storeTeam() string {
	m.T.Helper()
	made, secret, err := m.Paxos.CreateCredential(paxostest.Credential{Nickname: "vault-team",
		Scopes: []string{teamScope, "transfer:read_transfer"}})
	if err != nil {
		m.T.Fatal(err)
	}
	m.Must(logical.UpdateOperation, "clients/team", map[string]any{
		"client_id": made.ClientID, "client_secret": secret, "scopes": teamScope +
			",transfer:read_transfer", "allowed_roles": "team", "purpose": "mint",
	})
	m.Must(logical.UpdateOperation, "roles/team", map[string]any{"scopes": teamScope, "client": "team", "idle_ttl": 0})
	return made.ClientID
}

// says fails the test unless the text has all of the parts, and none of those that begin
// with an exclamation mark.
func says(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		unwanted, isUnwanted := strings.CutPrefix(part, "!")
		if isUnwanted && strings.Contains(text, unwanted) {
			t.Errorf("it says %q: %s", unwanted, text)
		}
		if !isUnwanted && !strings.Contains(text, part) {
			t.Errorf("it does not say %q: %s", part, text)
		}
	}
}

// TestARefusedSecretIsTheClientsWhoseItIs rotates the secret of each client at Paxos only.
func TestARefusedSecretIsTheClientsWhoseItIs(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	id := m.storeTeam()
	if _, err := m.Paxos.RotateCredential(id); err != nil {
		t.Fatal(err)
	}
	status, text := m.Refused(logical.ReadOperation, "token/team", nil)
	if status != 400 {
		t.Errorf("status %d", status)
	}
	says(t, text, `client "team" (Client ID `+id+`)`, "contact your Vault operators",
		"`vault write paxos/clients/team/rotate client_secret=-`",
		"auth_style in config/connection, which is post", "!root", "!"+m.Client.ClientID, "!"+mountMark)
	m.Must(logical.ReadOperation, "token/mint", nil)
	if _, err := m.Paxos.RotateCredential(m.Client.ClientID); err != nil {
		t.Fatal(err)
	}
	m.Must(logical.UpdateOperation, "roles/mint/rotate", nil)
	_, text = m.Refused(logical.ReadOperation, "creds/mint", nil)
	says(t, text, "the root client (Client ID "+m.Client.ClientID+")",
		"`vault write paxos/config/rotate-root client_secret=-`", `!"team"`)
	m.Must(logical.UpdateOperation, "config/connection", map[string]any{"auth_style": "basic"})
	m.Clock.Advance(time.Minute)
	_, text = m.Refused(logical.ReadOperation, "creds/mint", nil)
	says(t, text, "auth_style in config/connection, which is basic")
}

// TestARefusedStandbyIsNotCalledTheRoot has Paxos refuse a standby that is tried as the next root.
func TestARefusedStandbyIsNotCalledTheRoot(t *testing.T) {
	t.Parallel()
	for path, data := range map[string]map[string]any{"config/promote-standby": nil,
		"config/replace-root": {"client": "s1"}} {
		m := newConfiguredMount(t)
		id := m.standby("s1", backendtest.RootScopes, nil)
		m.Paxos.FailNext(paxostest.TokenEndpoint, paxostest.Fault{Status: 403})
		_, text := m.Refused(logical.UpdateOperation, path, data)
		says(t, text, `client "s1" (Client ID `+id+`)`, "!root")
	}
}

// mountMark must be filled in by the time that a caller sees it.
const mountMark = "<mount>/"

// TestARefusedScopeIsNamed takes one of three scopes away at Paxos.
func TestARefusedScopeIsNamed(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	id := m.storeTeam()
	m.Must(logical.UpdateOperation, "roles/team", map[string]any{"scopes": teamScope + ",transfer:read_transfer"})
	m.EditClient(id, func(c *paxostest.Credential) { c.Scopes = []string{teamScope} })
	status, text := m.Refused(logical.ReadOperation, "token/team", nil)
	if status != 400 {
		t.Errorf("status %d", status)
	}
	says(t, text, `Client "team" lacks transfer:read_transfer, which role "team" needs.`, "!"+teamScope,
		"contact your Vault operators", "!OAuth 2.0")
	m.Clock.Advance(time.Minute)
	m.Paxos.FailNext(paxostest.TokenEndpoint,
		paxostest.Fault{Status: 400, Body: `{"error":"invalid_scope","error_hint":"scope \"` + backendtest.Canary +
			`\""}`})
	_, text = m.Refused(logical.ReadOperation, "token/team", nil)
	says(t, text, `Client "team" lacks at least one of: events:read_event, transfer:read_transfer, which`,
		"!"+backendtest.Canary)
}

// TestABanSaysHowLongIsLeft asks when it begins and later on, on both kinds of paths.
func TestABanSaysHowLongIsLeft(t *testing.T) {
	t.Parallel()
	for after, want := range map[string][2]string{"": {"5m1s", "4m1s"}, "90": {"1m31s", "31s"}} {
		t.Run("Retry-After "+after, func(t *testing.T) {
			t.Parallel()
			m := newConfiguredMount(t)
			fault := paxostest.Fault{Status: 429}
			if after != "" {
				fault.Header = map[string][]string{"Retry-After": {after}}
			}
			m.Paxos.FailNext(paxostest.TokenEndpoint, fault)
			for i, path := range []string{"creds/mint", "token/mint"} {
				status, text := m.Refused(logical.ReadOperation, path, nil)
				if status != 429 {
					t.Errorf("status %d", status)
				}
				says(t, text, "Paxos is rate-limiting the address that Vault calls from. New tokens can be "+
					"requested again in "+want[i]+".")
				m.Clock.Advance(time.Minute)
			}
		})
	}
}

// TestAnUnreachablePaxosIsNamed asks where nobody listens.
func TestAnUnreachablePaxosIsNamed(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	address, err := url.Parse(m.Paxos.URL())
	if err != nil {
		t.Fatal(err)
	}
	m.Must(logical.ReadOperation, "creds/mint", nil)
	m.Paxos.Close()
	status, text := m.Refused(logical.ReadOperation, "token/mint", nil)
	if status != 502 {
		t.Errorf("status %d", status)
	}
	says(t, text, fmt.Sprintf("Could not reach Paxos at %s: connection refused. Operators: check network, proxy and firewall",
		address.Host))
	m.Clock.Advance(55 * time.Minute)
	backendtest.WaitUntil(t, func() bool {
		stale := fmt.Sprint(m.Must(logical.ReadOperation, "creds/mint", nil).Warnings)
		return strings.Contains(stale, "could not be refreshed") &&
			strings.Contains(stale, "Could not reach Paxos at "+address.Host)
	})
}

// TestAStaleTokenDuringABanPointsToStatus reads a token whose refresh met a 429.
func TestAStaleTokenDuringABanPointsToStatus(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.Must(logical.ReadOperation, "creds/mint", nil)
	m.Paxos.FailAll(paxostest.TokenEndpoint, paxostest.Fault{Status: 429})
	m.Clock.Advance(55 * time.Minute)
	var warning string
	backendtest.WaitUntil(t, func() bool {
		warning = fmt.Sprint(m.Must(logical.ReadOperation, "creds/mint", nil).Warnings)
		return strings.Contains(warning, "could not be refreshed")
	})
	says(t, warning, "rate-limiting", "`vault read paxos/status` shows until when", "!again in")
}

// TestASecretWhoseTokensCannotBeRevokedIsStoredWithAWarning has Paxos refuse revocations
// in ways that will not pass, and in one that will.
func TestASecretWhoseTokensCannotBeRevokedIsStoredWithAWarning(t *testing.T) {
	t.Parallel()
	for status, warned := range map[int]bool{404: true, 405: true, 400: true, 503: false} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			m := newMount(t)
			m.Must(logical.UpdateOperation, "config/connection", m.Connection())
			m.Paxos.FailAll(paxostest.Revoke, paxostest.Fault{Status: status, Body: "no such page"})
			resp := m.Must(logical.UpdateOperation, "config",
				map[string]any{"environment": "custom", "client_id": m.Client.ClientID, "client_secret": m.Secret})
			text := ""
			if resp != nil {
				text = fmt.Sprint(resp.Warnings)
			}
			if !warned {
				says(t, text, "!revoke")
				return
			}
			says(t, text, "refused to revoke the token", fmt.Sprintf("HTTP %d", status), "vault write -f paxos/probe")
			if m.Must(logical.ReadOperation, "status", nil).Data["client_id"] != m.Client.ClientID {
				t.Error("the secret was not stored")
			}
		})
	}
}

// TestAForgottenRootIsNoQuarantinedClient replaces a root that may not be deleted.
func TestAForgottenRootIsNoQuarantinedClient(t *testing.T) {
	t.Parallel()
	m := newPool(t, 1, nil)
	m.EditClient(m.Client.ClientID, func(c *paxostest.Credential) { c.Nickname = "by hand" })
	made, secret, err := m.Paxos.CreateCredential(paxostest.Credential{Nickname: "vault-next",
		Scopes: append(backendtest.CredentialScopes, backendtest.RootScopes...)})
	if err != nil {
		t.Fatal(err)
	}
	m.Must(logical.UpdateOperation, "config/replace-root",
		map[string]any{"client_id": made.ClientID, "client_secret": secret, "delete_old_at_paxos": true})
	m.settled()
	said := m.await("paxos/root-forget map[client_id:" + m.Client.ClientID)
	says(t, said, "path:config", "reason:")
	says(t, m.Events.All(), "!client-quarantine", "!client-erase")
}
