package backend_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// standby stores a client with purpose=standby, and returns its Client ID.
func (m *mount) standby(name string, scopes []string, further map[string]any) string {
	m.T.Helper()
	made, secret, err := m.Paxos.CreateCredential(paxostest.Credential{Nickname: "vault-" + name, Scopes: scopes})
	if err != nil {
		m.T.Fatal(err)
	}
	data := map[string]any{"client_id": made.ClientID, "client_secret": secret, "scopes": scopes, "purpose": "standby"}
	for name, value := range further {
		data[name] = value
	}
	m.Must(logical.UpdateOperation, "clients/"+name, data)
	return made.ClientID
}

// rootID is the Client ID of the root.
func (m *mount) rootID() string {
	m.T.Helper()
	return fmt.Sprint(m.Must(logical.ReadOperation, "config", nil).Data["client_id"])
}

// TestOnlyAProvedStandbyIsPromoted promotes clients that lack one proof each. config/replace-root,
// which needs sudo, takes them all but the one that Paxos refuses.
func TestOnlyAProvedStandbyIsPromoted(t *testing.T) {
	t.Parallel()
	unseen := []string{leasedScope} // its token shows no profiles
	for name, test := range map[string]struct {
		scopes []string
		stored map[string]any
		before func(m *mount)
		says   string
		sudo   string // what config/replace-root says; empty: it does it
	}{
		"secret never verified": {backendtest.RootScopes, map[string]any{"verify_connection": false}, nil,
			"never verified",
			""},
		"Entity not shown": {unseen, nil, nil, "is not known to belong to this mount's Entity", ""},
		"disabled": {backendtest.RootScopes, map[string]any{"disabled": true}, nil, "is disabled",
			"is disabled"},
		"for leasing": {backendtest.RootScopes, map[string]any{"purpose": "lease"}, nil,
			"purpose=lease, not standby", "purpose=lease, not standby"},
		"for requesting tokens": {backendtest.RootScopes, map[string]any{"purpose": "mint"}, nil,
			"purpose=mint, not standby", "purpose=mint, not standby"},
		"wrong secret": {backendtest.RootScopes,
			map[string]any{"client_secret": backendtest.Canary,
				"verify_connection": false}, nil, "never verified", "Not saved"},
		"a lockdown": {backendtest.RootScopes, nil, func(m *mount) {
			m.Must(logical.UpdateOperation, "lockdown", nil)
		}, "in lockdown since", ""},
		"what may be a copy": {backendtest.RootScopes, nil, func(m *mount) {
			m.Tick()
			m.Clock.Advance(3 * time.Hour)
			m.Tick()
		}, "config/resume", ""},
		"a copy before its 1. tick": {backendtest.RootScopes, nil, func(m *mount) {
			m.Tick()
			m.Clock.Advance(3 * time.Hour)
		}, "config/resume", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newConfiguredMount(t)
			m.Must(logical.UpdateOperation, "roles/mint", map[string]any{"scopes": leasedScope})
			id := m.standby("s1", test.scopes, test.stored)
			if test.before != nil {
				test.before(m)
			}
			for _, data := range []map[string]any{nil, {"client": "s1"}} {
				status, text := m.Refused(logical.UpdateOperation, "config/promote-standby", data)
				if status != 400 && status != 403 || data != nil && !strings.Contains(text, test.says) {
					t.Errorf("%d %s", status, text)
				}
			}
			if m.rootID() != m.Client.ClientID {
				t.Fatal("it was promoted")
			}
			if test.sudo != "" {
				if status, text := m.Refused(logical.UpdateOperation, "config/replace-root",
					map[string]any{"client": "s1"}); status != 400 || !strings.Contains(text, test.sudo) {
					t.Errorf("replace-root: %d %s", status, text)
				}
				return
			}
			m.Must(logical.UpdateOperation, "config/replace-root", map[string]any{"client": "s1"})
			if got := m.Must(logical.ReadOperation, "config", nil).Data; got["client_id"] != id ||
				got["secret_verified"] != true || m.state("s1") != "gone" {
				t.Errorf("the root is %v, its entry %s", got["client_id"], m.state("s1"))
			}
		})
	}
}

// TestAListShowsAStandbysEntity lets the root list its Entity's credentials once.
func TestAListShowsAStandbysEntity(t *testing.T) {
	t.Parallel()
	m := newPool(t, 0, map[string]any{"clients": "c0"})
	id := m.standby("s1", []string{leasedScope}, nil)
	m.Refused(logical.UpdateOperation, "config/promote-standby", nil)
	m.compare()
	m.Paxos.FailAll(paxostest.ListCredentials, paxostest.Fault{Status: 503}) // no list is made at promotion
	m.Must(logical.UpdateOperation, "config/promote-standby", nil)
	if m.rootID() != id {
		t.Errorf("the root is %s", m.rootID())
	}
}

// TestAStandbyOfAnotherEntityIsRefused has the standby see other profiles, when it is stored and
// when it is promoted.
func TestAStandbyOfAnotherEntityIsRefused(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	others := paxostest.Fault{Rewrite: func(page map[string]any) {
		page["items"] = []any{map[string]any{"id": "of-somebody-else"}}
	}}
	made, secret, err := m.Paxos.CreateCredential(paxostest.Credential{Scopes: backendtest.RootScopes})
	if err != nil {
		t.Fatal(err)
	}
	data := map[string]any{"client_id": made.ClientID, "client_secret": secret, "scopes": backendtest.RootScopes,
		"purpose": "standby"}
	m.Paxos.FailNext(paxostest.Operations, others)
	if status, text := m.Refused(logical.UpdateOperation, "clients/s1", data); status != 400 ||
		!strings.Contains(text, "different Entities") {
		t.Errorf("stored: %d %s", status, text)
	}
	m.Must(logical.UpdateOperation, "clients/s1", data)
	m.Paxos.FailNext(paxostest.Operations, others)
	if status, text := m.Refused(logical.UpdateOperation, "config/promote-standby", nil); status != 400 ||
		!strings.Contains(text, "different Entities") || m.rootID() != m.Client.ClientID {
		t.Errorf("promoted: %d %s", status, text)
	}
	m.Must(logical.UpdateOperation, "config/promote-standby", nil)
}

// TestOneRuleForAllDoorsOfTheRoot offers a client that is stored, and out on a lease, at each of them.
func TestOneRuleForAllDoorsOfTheRoot(t *testing.T) {
	t.Parallel()
	const secret = backendtest.Canary + "leased"
	for door, first := range map[string]bool{"config": true, "config/rotate-root": true, "config/replace-root": false} {
		t.Run(door, func(t *testing.T) {
			t.Parallel()
			m := newMount(t)
			m.Must(logical.UpdateOperation, "config/connection", m.Connection())
			m.Must(logical.UpdateOperation, "config", map[string]any{"environment": "custom"})
			if !first {
				m.Configure()
			}
			id := m.stock("c0", "vault-x", nil)
			m.Must(logical.UpdateOperation, "roles/vendor",
				map[string]any{"credential_type": "client_credentials", "clients": "c0"})
			m.leased("e1")
			if err := m.Paxos.SetSecret(id, secret); err != nil {
				t.Fatal(err)
			}
			calls := m.Paxos.TotalCalls()
			status, text := m.Refused(logical.UpdateOperation, door,
				map[string]any{"client_id": id, "client_secret": secret})
			if status != 400 || !strings.Contains(text, "already stored as clients/c0") || m.Paxos.TotalCalls() != calls {
				t.Errorf("%d %s after %d calls", status, text, m.Paxos.TotalCalls()-calls)
			}
			if m.rootID() == id {
				t.Error("I2: the root is a client that somebody holds on a lease")
			}
		})
	}
}

// TestConfigAndRotateRootAreOne gives the root secrets at both.
func TestConfigAndRotateRootAreOne(t *testing.T) {
	t.Parallel()
	for _, door := range []string{"config", "config/rotate-root"} {
		t.Run(door, func(t *testing.T) {
			t.Parallel()
			m := newConfiguredMount(t)
			m.Must(logical.ReadOperation, "creds/mint", nil) // keeps the old generation
			first := m.Secret
			second, err := m.Paxos.RotateCredential(m.Client.ClientID)
			if err != nil {
				t.Fatal(err)
			}
			m.Must(logical.UpdateOperation, door, map[string]any{"client_secret": second})
			if got := m.Must(logical.ReadOperation, "config", nil).Data; got["generation"] != float64(2) ||
				got["secret_verified"] != true {
				t.Errorf("the root is %v", got)
			}
			if status, text := m.Refused(logical.UpdateOperation, door,
				map[string]any{"client_secret": first}); status != 400 || !strings.Contains(text, "older secret") {
				t.Errorf("the secret from before: %d %s", status, text)
			}
			if status, text := m.Refused(logical.UpdateOperation, door,
				map[string]any{"client_id": "x",
					"client_secret": "y"}); status != 400 || !strings.Contains(text, "config/replace-root") {
				t.Errorf("another client: %d %s", status, text)
			}
		})
	}
}

// TestTheSameSecretAgainChangesNothing is what Terraform does with each apply.
func TestTheSameSecretAgainChangesNothing(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	before, calls := m.Stored(), m.Paxos.TotalCalls()
	same := map[string]any{"environment": "custom", "client_id": m.Client.ClientID, "client_secret": m.Secret}
	for range 3 {
		m.Must(logical.UpdateOperation, "config", same)
	}
	if m.Stored() != before || m.Paxos.TotalCalls() != calls {
		t.Errorf("something was stored, or Paxos was called %d times", m.Paxos.TotalCalls()-calls)
	}
	m.Must(logical.UpdateOperation, "config", map[string]any{"client_secret": m.Secret, "refresh_at": 0.5})
	if got := m.Must(logical.ReadOperation, "config", nil).Data; got["refresh_at"] != 0.5 ||
		got["generation"] != float64(1) {
		t.Errorf("config is %v", got)
	}
	for range 50 { // Terraform may apply as often as it likes
		m.Must(logical.UpdateOperation, "config", same)
	}
}

// TestSecretsCannotBeTriedOut submits wrong secrets until no more are verified, and then the right one.
func TestSecretsCannotBeTriedOut(t *testing.T) {
	t.Parallel()
	for path, secret := range map[string]func(m *mount) string{
		"config":           func(m *mount) string { return m.Secret },
		"clients/k":        func(m *mount) string { return m.secretOfK },
		"clients/k/rotate": func(m *mount) string { return m.secretOfK },
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			m := newConfiguredMount(t)
			data := m.dashboard("vault-k", backendtest.RootScopes)
			m.secretOfK = data["client_secret"].(string)
			data["purpose"], data["scopes"] = "mint", leasedScope
			m.Must(logical.UpdateOperation, "clients/k", data)
			m.Clock.Advance(5 * time.Minute)
			door := strings.Replace(path, "clients/k", "clients/k/rotate", 1)
			door = strings.Replace(door, "/rotate/rotate", "/rotate", 1)
			var said string
			for i := 0; !strings.Contains(said, "verifying secrets"); i++ {
				if i > 50 {
					t.Fatal("any number of secrets is verified")
				}
				_, said = m.Refused(logical.UpdateOperation, door,
					map[string]any{"client_secret": fmt.Sprint(backendtest.Canary, i)})
			}
			if status, text := m.Refused(logical.UpdateOperation, path,
				map[string]any{"client_secret": secret(m)}); status != 429 || text != said {
				t.Errorf("the right secret is answered %d %s, a wrong one %s", status, text, said)
			}
			m.Clock.Advance(5*time.Minute + time.Second)
			resp, err := m.Do(logical.UpdateOperation, path, map[string]any{"client_secret": secret(m)})
			if err != nil || resp.IsError() != strings.HasSuffix(path, "/rotate") {
				t.Errorf("later: %v, %v", resp, err)
			}
		})
	}
}

// TestAnUnverifiedSecretIsVerifiedAgain stores one without verifying it, and submits it once more.
func TestAnUnverifiedSecretIsVerifiedAgain(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	m.Must(logical.UpdateOperation, "config/connection", m.Connection())
	data := map[string]any{"environment": "custom", "client_id": m.Client.ClientID, "client_secret": m.Secret,
		"verify_connection": false}
	m.Must(logical.UpdateOperation, "config", data)
	delete(data, "verify_connection")
	m.Must(logical.UpdateOperation, "config", data)
	if got := m.Must(logical.ReadOperation, "config", nil).Data; got["secret_verified"] != true ||
		got["generation"] != float64(1) {
		t.Errorf("config is %v", got)
	}
	m.Must(logical.UpdateOperation, "config/guardrails", map[string]any{"allow_unchecked_clients": false})
	if status, text := m.Refused(logical.UpdateOperation, "config/rotate-root",
		map[string]any{"client_secret": "new",
			"verify_connection": false}); status != 403 || !strings.Contains(text, "allow_unchecked_clients") {
		t.Errorf("an unverified root past the guardrails: %d %s", status, text)
	}
}

// TestTheSameWriteCompletesAConfig fails to store the settings after the root was stored.
func TestTheSameWriteCompletesAConfig(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	secret, err := m.Paxos.RotateCredential(m.Client.ClientID)
	if err != nil {
		t.Fatal(err)
	}
	data := map[string]any{"client_secret": secret, "refresh_at": 0.5}
	m.Storage.FailKey.Store("config")
	if status, text := m.Refused(logical.UpdateOperation, "config", data); status < 500 ||
		!strings.Contains(text, "Send the same write again") {
		t.Errorf("%d %s", status, text)
	}
	m.Storage.FailKey.Store("")
	if got := m.Must(logical.ReadOperation, "config", nil).Data; got["generation"] != float64(2) ||
		got["refresh_at"] != 0.75 {
		t.Errorf("half-way the config is %v", got)
	}
	m.Must(logical.UpdateOperation, "config", data)
	if got := m.Must(logical.ReadOperation, "config", nil).Data; got["generation"] != float64(2) ||
		got["refresh_at"] != 0.5 {
		t.Errorf("the config is %v", got)
	}
}
