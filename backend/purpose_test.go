package backend_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// TestOnePurposeNeverBecomesAnother deletes a role and makes it again over the same client, as the
// other type.
func TestOnePurposeNeverBecomesAnother(t *testing.T) {
	t.Parallel()
	m := newPool(t, 0, map[string]any{"clients": "none"})
	id := m.stock("team", "vault-team", map[string]any{"allowed_roles": "*", "purpose": "mint"})
	m.Must(logical.UpdateOperation, "roles/payroll", map[string]any{"scopes": leasedScope, "client": "team"})
	m.Must(logical.ReadOperation, "token/payroll", nil)
	m.Must(logical.DeleteOperation, "roles/payroll", nil)
	lease := map[string]any{"credential_type": "client_credentials", "clients": "team", "on_revoke": "delete"}
	if status, text := m.Refused(logical.UpdateOperation, "roles/payroll", lease); status != 400 ||
		!strings.Contains(text, "purpose=mint, not lease") {
		t.Errorf("%d %s", status, text)
	}
	lease["clients"] = "later" // a role may name a client that is not stored yet
	m.Must(logical.UpdateOperation, "roles/payroll", lease)
	m.stock("later", "vault-later", map[string]any{"allowed_roles": "*", "purpose": "mint"})
	if status, text := m.Refused(logical.ReadOperation, "creds/payroll", nil); status != 400 ||
		!strings.Contains(text, "later has purpose=mint, not lease") {
		t.Errorf("a client for requesting tokens was leased: %d %s", status, text)
	}
	m.Must(logical.UpdateOperation, "roles/other", map[string]any{"scopes": leasedScope, "client": "soon"})
	m.stock("soon", "vault-soon", map[string]any{"allowed_roles": "*"})
	if status, text := m.Refused(logical.ReadOperation, "token/other", nil); status != 400 ||
		!strings.Contains(text, "purpose=lease, not mint") {
		t.Errorf("a token was requested with a client for leasing: %d %s", status, text)
	}
	m.settled()
	if m.atPaxos(id) != "APPROVED" {
		t.Error("the team's client was deleted")
	}
}

// age rewrites the entry of a client as the version before purposes stored it.
func (m *mount) age(name string, change func(map[string]any)) {
	m.T.Helper()
	entry, err := m.Storage.Get(m.T.Context(), "clients/"+name)
	if err != nil {
		m.T.Fatal(err)
	}
	var stored map[string]any
	if err := json.Unmarshal(entry.Value, &stored); err != nil {
		m.T.Fatal(err)
	}
	stored["schema"] = 1
	for _, newer := range []string{"purpose", "entry_id", "scopes_since", "listed", "customer", "state_before"} {
		delete(stored, newer)
	}
	if change != nil {
		change(stored)
	}
	if entry.Value, err = json.Marshal(stored); err != nil {
		m.T.Fatal(err)
	}
	if err := m.Storage.Put(m.T.Context(), entry); err != nil {
		m.T.Fatal(err)
	}
}

// TestClientsFromBeforePurposes reads entries of the version before, each used by another thing or
// by several.
func TestClientsFromBeforePurposes(t *testing.T) {
	t.Parallel()
	m := newPool(t, 0, map[string]any{"clients": "leases,both,all"})
	for name, purpose := range map[string]string{"leases": "lease", "mints": "mint", "both": "mint",
		"all": "standby", "idle": "mint"} {
		m.stock(name, "vault-"+name, map[string]any{"allowed_roles": "*", "purpose": purpose})
	}
	for _, client := range []string{"mints", "both"} {
		m.Must(logical.UpdateOperation, "roles/of-"+client, map[string]any{"scopes": leasedScope, "client": client})
	}
	m.Must(logical.UpdateOperation, "roles/of-all", map[string]any{"scopes": leasedScope, "client": "later"})
	for _, name := range []string{"leases", "mints", "both", "all", "idle"} {
		m.age(name, nil)
	}
	m.Must(logical.PatchOperation, "config", nil)
	config, err := m.Storage.Get(t.Context(), "config")
	if err != nil {
		t.Fatal(err)
	}
	m.Restart()
	config.Value = []byte(strings.Replace(string(config.Value), `{`, `{"standby_clients":["all"],`, 1))
	if err := m.Storage.Put(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"leases", "mints", "both", "all", "idle"} {
		m.age(name, nil)
	}
	want := map[string]string{"leases": "lease", "mints": "mint", "both": "mint", "all": "standby", "idle": ""}
	expect := func(when string) {
		t.Helper()
		for name, purpose := range want {
			if got := m.Must(logical.ReadOperation, "clients/"+name, nil).Data["purpose"]; got != purpose {
				t.Errorf("%s the purpose of %s is %q, want %q", when, name, got, purpose)
			}
		}
	}
	expect("before anything is stored,")
	// What config and roles say decides, so it is settled before they change.
	m.Must(logical.DeleteOperation, "roles/of-mints", nil)
	m.Must(logical.UpdateOperation, "config", map[string]any{"refresh_at": 0.5})
	expect("after role and config have changed,")
	if stored := m.Stored(); strings.Contains(stored, "standby_clients") ||
		strings.Count(stored, `{"schema":2,`) < len(want) {
		t.Errorf("stored is\n%s", stored)
	}
	if log := m.Log.String(); !strings.Contains(log, "does not have exactly one use") ||
		!strings.Contains(log, `"client":"idle"`) {
		t.Error("no warning for a client without a purpose")
	}
	if found := fmt.Sprint(rules(m.Must(logical.ReadOperation, "report/least-privilege",
		nil).Data)); !strings.Contains(found, "client-without-purpose client clients/idle") || !strings.Contains(
		found, "client-of-another-purpose roles/vendor") {
		t.Errorf("findings are %s", found)
	}
	m.Must(logical.UpdateOperation, "roles/of-idle", map[string]any{"scopes": leasedScope})
	if status, text := m.Refused(logical.PatchOperation, "roles/of-idle",
		map[string]any{"client": "idle"}); status != 400 || !strings.Contains(text, "has no purpose") {
		t.Errorf("a client without a purpose: %d %s", status, text)
	}
	m.Must(logical.PatchOperation, "clients/idle", map[string]any{"purpose": "mint"})
	m.Must(logical.PatchOperation, "roles/of-idle", map[string]any{"client": "idle"})
	m.Must(logical.ReadOperation, "token/of-idle", nil)
}

// TestALeaseFromBeforePurposesEndsInQuarantine has a client out on a lease that is settled as one for
// requesting tokens.
func TestALeaseFromBeforePurposesEndsInQuarantine(t *testing.T) {
	t.Parallel()
	m := newPool(t, 1, erase)
	lease := m.leased("e1")
	m.age("c0", nil)
	m.Must(logical.UpdateOperation, "roles/team", map[string]any{"scopes": leasedScope, "client": "later"})
	role, err := m.Storage.Get(t.Context(), "roles/team")
	if err != nil {
		t.Fatal(err)
	}
	role.Value = []byte(strings.Replace(string(role.Value), `"client":"later"`, `"client":"c0"`, 1))
	if err := m.Storage.Put(t.Context(), role); err != nil {
		t.Fatal(err)
	}
	m.age("c0", nil)
	m.Restart()
	m.Tick()
	if got := m.state("c0"); got != "leased" {
		t.Errorf("the lease ended with the migration: %s", got)
	}
	m.end(lease)
	m.Clock.Advance(3 * time.Minute)
	m.settled()
	if got := m.state("c0"); got != "quarantined" || m.Paxos.Calls(paxostest.DeleteCredentials) != 0 {
		t.Errorf("the client is %s after %d deletions", got, m.Paxos.Calls(paxostest.DeleteCredentials))
	}
}

// TestALaterSchemaOfClientsAlone: what this version stores under clients/ is refused by one that
// does not know purposes, and everything else is not.
func TestALaterSchemaOfClientsAlone(t *testing.T) {
	t.Parallel()
	m := newPool(t, 1, nil)
	for line := range strings.Lines(m.Stored()) {
		key, value, ok := strings.Cut(line, "=")
		if !ok {
			continue
		}
		want := `{"schema":1,`
		if strings.HasPrefix(key, "clients/") {
			want = `{"schema":2,`
		}
		if !strings.HasPrefix(value, want) {
			t.Errorf("%s is %s", key, value)
		}
	}
}

// TestUncheckedClientsAreNotUsed stores clients without verifying them, under guardrails that allow
// that and then do not.
func TestUncheckedClientsAreNotUsed(t *testing.T) {
	t.Parallel()
	m := newPool(t, 0, map[string]any{"clients": "x"})
	m.stock("x", "vault-x", map[string]any{"verify_connection": false})
	m.stock("y", "vault-y", map[string]any{"verify_connection": false, "purpose": "mint", "allowed_roles": "*"})
	m.Must(logical.UpdateOperation, "roles/team", map[string]any{"scopes": leasedScope, "client": "y"})
	m.Must(logical.UpdateOperation, "config/guardrails", map[string]any{"allow_unchecked_clients": false})
	if _, err := m.lease("e1", "r1"); err == nil || !strings.Contains(err.Error(), "allow_unchecked_clients=false") {
		t.Errorf("an unverified client was leased: %v", err)
	}
	if status, text := m.Refused(logical.ReadOperation, "token/team", nil); status != 403 ||
		!strings.Contains(text, "allow_unchecked_clients=false") {
		t.Errorf("a token was requested with an unverified client: %d %s", status, text)
	}
	m.Must(logical.UpdateOperation, "config/guardrails", map[string]any{"allow_unchecked_clients": true})
	m.leased("e1")
	m.Must(logical.ReadOperation, "token/team", nil)
}

// TestALeasedClientIsNowhereElse offers a client that one mount leases to another mount of the
// process, for each use, and the other way round.
func TestALeasedClientIsNowhereElse(t *testing.T) {
	t.Parallel()
	const secret = backendtest.Canary + "shared"
	roots := func(id string) (string, map[string]any) {
		return "config", map[string]any{"environment": "custom", "client_id": id, "client_secret": secret}
	}
	clients := func(purpose string) func(string) (string, map[string]any) {
		return func(id string) (string, map[string]any) {
			return "clients/x", map[string]any{"client_id": id, "client_secret": secret, "scopes": leasedScope,
				"allowed_roles": "*", "purpose": purpose}
		}
	}
	for name, test := range map[string]struct {
		first, second func(string) (string, map[string]any)
		refused       bool
	}{
		"leased twice":             {clients("lease"), clients("lease"), true},
		"leased, then mint":        {clients("lease"), clients("mint"), true},
		"leased, then root":        {clients("lease"), roots, true},
		"root, then leased":        {roots, clients("lease"), true},
		"standby, then leased":     {clients("standby"), clients("lease"), true},
		"two mounts, one root":     {roots, roots, false},
		"two mounts, mint":         {clients("mint"), clients("mint"), false},
		"root, and standby beside": {roots, clients("standby"), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMount(t)
			made, _, err := m.Paxos.CreateCredential(paxostest.Credential{Nickname: "vault-shared",
				Scopes: []string{leasedScope, "funding:read_profile"}})
			if err != nil {
				t.Fatal(err)
			}
			if err := m.Paxos.SetSecret(made.ClientID, secret); err != nil {
				t.Fatal(err)
			}
			other := m.neighbor()
			for _, mount := range []*mount{m, other} {
				mount.Must(logical.UpdateOperation, "config/connection", m.Connection())
				mount.Must(logical.UpdateOperation, "config", map[string]any{"environment": "custom"})
			}
			path, data := test.first(made.ClientID)
			m.Must(logical.UpdateOperation, path, data)
			path, data = test.second(made.ClientID)
			if !test.refused {
				other.Must(logical.UpdateOperation, path, data)
				return
			}
			status, text := other.Refused(logical.UpdateOperation, path, data)
			if status != 400 || !strings.Contains(text, "another mount of this Vault") ||
				strings.Contains(text, "test-mount") {
				t.Errorf("%d %s", status, text)
			}
			if strings.Contains(other.Stored(), secret) {
				t.Error("it was stored")
			}
			path, _ = test.first(made.ClientID)
			m.Must(logical.DeleteOperation, path, nil)
			path, data = test.second(made.ClientID)
			other.Must(logical.UpdateOperation, path, data) // the first mount has given it up
		})
	}
}

// TestAnUnverifiedEntryBlocksNoOtherMount stores another mount's client without having its secret,
// before and after.
func TestAnUnverifiedEntryBlocksNoOtherMount(t *testing.T) {
	t.Parallel()
	m := newPool(t, 0, map[string]any{"clients": "x"})
	other := m.neighbor()
	other.Must(logical.UpdateOperation, "config/connection", m.Connection())
	other.Must(logical.UpdateOperation, "config", map[string]any{"environment": "custom"})
	made, secret, err := m.Paxos.CreateCredential(paxostest.Credential{Nickname: "vault-x",
		Scopes: []string{leasedScope}})
	if err != nil {
		t.Fatal(err)
	}
	guess := map[string]any{"client_id": made.ClientID, "client_secret": backendtest.Canary, "scopes": leasedScope,
		"purpose": "lease", "verify_connection": false}
	other.Must(logical.UpdateOperation, "clients/guess", guess)
	m.Must(logical.UpdateOperation, "clients/x",
		map[string]any{"client_id": made.ClientID, "client_secret": secret, "scopes": leasedScope,
			"allowed_roles": "vendor", "purpose": "lease"})
	m.leased("e1")
}

// TestClientsInTwoMountsFromBeforeAreNotLeased has an older version's storage hold one client on
// two mounts.
func TestClientsInTwoMountsFromBeforeAreNotLeased(t *testing.T) {
	t.Parallel()
	m := newPool(t, 1, nil)
	other := m.neighbor()
	other.Must(logical.UpdateOperation, "config/connection", m.Connection())
	other.Must(logical.UpdateOperation, "config", map[string]any{"environment": "custom"})
	entry, err := m.Storage.Get(t.Context(), "clients/c0")
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Storage.Put(t.Context(), entry); err != nil {
		t.Fatal(err)
	}
	other.Backend.InvalidateKey(t.Context(), "clients/c0")
	if _, err := m.lease("e1", "r1"); err == nil || !strings.Contains(err.Error(), "used by another mount") {
		t.Errorf("I2: a client that two mounts have was leased: %v", err)
	}
}

// TestAReloadedMountIsNotAnother has Vault make the mount again without having told the old one
// that it goes away.
func TestAReloadedMountIsNotAnother(t *testing.T) {
	t.Parallel()
	m := newPool(t, 1, nil)
	m.Serve("test-mount")
	m.leased("e1")
}

// TestADueDeletionIsNotForgotten deletes the entry of a client that is to be deleted at Paxos.
func TestADueDeletionIsNotForgotten(t *testing.T) {
	t.Parallel()
	m := newPool(t, 1, erase)
	lease := m.leased("e1")
	m.Paxos.FailAll(paxostest.ListCredentials, paxostest.Fault{Status: 503})
	m.end(lease)
	m.settled()
	for _, force := range []bool{false, true} {
		if status, text := m.Refused(logical.DeleteOperation, "clients/c0",
			map[string]any{"force": force}); status != 400 || !strings.Contains(text, "due to be deleted at Paxos") {
			t.Errorf("%d %s", status, text)
		}
	}
	m.Paxos.Heal()
	m.settled()
	if id := lease.Data["client_id"].(string); m.atPaxos(id) != "DISABLED" || m.state("c0") != "gone" {
		t.Errorf("the client is %s at Paxos and %s in Vault", m.atPaxos(id), m.state("c0"))
	}
}
