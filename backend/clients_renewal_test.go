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

func TestRenewalMovesTheDeadline(t *testing.T) {
	t.Parallel()
	m := newPool(t, 1, nil)
	lease := m.leased("e1")
	m.Clock.Advance(50 * time.Minute)
	renewed, err := m.renew(lease, time.Hour)
	if err != nil || renewed.Secret.TTL != time.Hour {
		t.Fatalf("renewed for %v, %v", renewed, err)
	}
	m.Clock.Advance(30 * time.Minute)
	m.Tick()
	if got := m.state("c0"); got != "leased" {
		t.Errorf("within its renewed lease the client is %s", got)
	}
	for range 3 {
		m.Clock.Advance(25 * time.Minute)
		if _, err := m.renew(lease, time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	renewed, err = m.renew(lease, 10*time.Hour) // max_ttl is 4 h, of which 2 h 35 min are over
	if err != nil || renewed.Secret.TTL != 85*time.Minute {
		t.Errorf("renewed for %v, %v", renewed.Secret, err)
	}
	m.Must(logical.UpdateOperation, "lockdown", nil)
	if _, err := m.renew(lease, time.Hour); err == nil {
		t.Error("a lease was renewed in a lockdown")
	}
	for path, data := range map[string]map[string]any{
		"clients/c0/rotate": {"client_secret": "new"}, "config/promote-standby": nil,
		"clients/c9": {"client_id": "x", "client_secret": "y", "scopes": leasedScope, "purpose": "lease"},
	} {
		if status, text := m.Refused(logical.UpdateOperation, path, data); status != 403 ||
			!strings.Contains(text, "in lockdown since") {
			t.Errorf("%s in a lockdown: %d %s", path, status, text)
		}
	}
	held := m.Must(logical.ReadOperation, "lockdown", nil).Data["cannot_end"]
	if !strings.Contains(fmt.Sprint(held), "client c0") || !strings.Contains(fmt.Sprint(held), "app-e1") {
		t.Errorf("cannot_end is %v", held)
	}
	m.Must(logical.DeleteOperation, "lockdown", nil)
	m.Tick()
	m.Clock.Advance(86 * time.Minute) // shorter than the gap of a restored copy would be
	m.Must(logical.UpdateOperation, "config/resume", nil)
	m.Tick()
	if got := m.state("c0"); got != "quarantined" {
		t.Errorf("past its deadline the client is %s", got)
	}
	if _, err := m.renew(lease, time.Hour); err == nil {
		t.Error("an ended lease was renewed")
	}
}

// TestWhatIsNotAllowedIsNotRenewed changes what a lease rests on, each in another way.
func TestWhatIsNotAllowedIsNotRenewed(t *testing.T) {
	t.Parallel()
	for what, change := range map[string]func(m *mount){
		"the role is disabled": func(m *mount) {
			m.Must(logical.PatchOperation, "roles/vendor", map[string]any{"disabled": true})
		},
		"the role is deleted": func(m *mount) { m.Must(logical.DeleteOperation, "roles/vendor", nil) },
		"the role is made again": func(m *mount) {
			m.Must(logical.DeleteOperation, "roles/vendor", nil)
			m.Must(logical.UpdateOperation, "roles/vendor",
				map[string]any{"credential_type": "client_credentials", "clients": "c0"})
		},
		"the role names another client": func(m *mount) {
			m.Must(logical.PatchOperation, "roles/vendor", map[string]any{"clients": "c9"})
		},
		"the role names fewer scopes": func(m *mount) {
			m.Must(logical.PatchOperation, "roles/vendor", map[string]any{"scopes": "funding:read_profile"})
		},
		"the client does not allow the role": func(m *mount) {
			m.Must(logical.PatchOperation, "clients/c0", map[string]any{"allowed_roles": "other"})
		},
		"the client is disabled": func(m *mount) {
			m.Must(logical.PatchOperation, "clients/c0", map[string]any{"disabled": true})
		},
		"the guardrails are lowered": func(m *mount) {
			m.Must(logical.UpdateOperation, "config/guardrails", map[string]any{"allowed_scopes": "funding:*"})
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			m := newPool(t, 1, nil)
			lease := m.leased("e1")
			m.Clock.Advance(30 * time.Minute)
			before := m.Must(logical.ReadOperation, "clients/c0", nil).Data["held_until"]
			change(m)
			if renewed, err := m.renew(lease, time.Hour); err == nil {
				t.Errorf("renewed for %s", renewed.Secret.TTL)
			} else if !strings.Contains(err.Error(), "was not renewed") {
				t.Errorf("refused with %q", err)
			}
			if after := m.Must(logical.ReadOperation, "clients/c0", nil).Data["held_until"]; after != before {
				t.Errorf("the deadline moved from %v to %v", before, after)
			}
		})
	}
}

// TestALockdownWaitsForNoOtherWrite locks a mount down while a check-out is being stored, under the
// lock of all writes. The lockdown returns at once; the check-out that ends after it is undone, and
// its secret is not answered.
func TestALockdownWaitsForNoOtherWrite(t *testing.T) {
	t.Parallel()
	m := newPool(t, 1, nil)
	arrived, proceed := m.Storage.Hold("clients/c0")
	got := make(chan error, 1)
	go func() {
		_, err := m.lease("e1", "r1")
		got <- err
	}()
	<-arrived
	m.Must(logical.UpdateOperation, "lockdown", nil)
	close(proceed)
	if err := <-got; err == nil {
		t.Error("a client was leased after the lockdown had returned")
	}
	if state := m.state("c0"); state != "available" {
		t.Errorf("the client, whose secret nobody got, is %s", state)
	}
}

// TestALockdownNamesWhatItCannotEnd has one client out on lease, one in quarantine, and one whose
// deletion is due. All are named; the deletion goes on.
func TestALockdownNamesWhatItCannotEnd(t *testing.T) {
	t.Parallel()
	m := newPool(t, 3, map[string]any{"max_leases_per_entity": 3})
	m.end(m.leased("e1"))
	m.Must(logical.PatchOperation, "roles/vendor", map[string]any{"on_revoke": "delete"})
	deleted := m.leased("e2")
	m.Paxos.FailAll(paxostest.ListCredentials, paxostest.Fault{Status: 503})
	m.end(deleted)
	m.Tick()
	m.leased("e3")
	m.Paxos.Heal()
	if got := m.state("c0") + " " + m.state("c1") + " " + m.state("c2"); got != "quarantined revoking leased" {
		t.Fatalf("the clients are %s", got)
	}
	told := fmt.Sprint(m.Must(logical.UpdateOperation, "lockdown", nil).Data["cannot_end"])
	for _, want := range []string{"client c0, in quarantine", "client c1, waiting to be deleted",
		"client c2, leased through role vendor to app-e3"} {
		if !strings.Contains(told, want) {
			t.Errorf("cannot_end lacks %q: %s", want, told)
		}
	}
	for range 10 {
		m.Clock.Advance(time.Minute)
		m.Tick()
	}
	if got := m.atPaxos(deleted.Data["client_id"].(string)); got == "APPROVED" {
		t.Errorf("ten minutes later the client whose deletion was due is %s at Paxos", got)
	}
	if live := m.Paxos.LiveTokens(); len(live) != 0 {
		t.Errorf("%d tokens are alive in the lockdown", len(live))
	}
}

// TestALockdownNamesClientsThatWereReturnedUnrotated has a client that is free again, though its
// last holder still knows its secret, until it gets a new one.
func TestALockdownNamesClientsThatWereReturnedUnrotated(t *testing.T) {
	t.Parallel()
	m := newPool(t, 2, map[string]any{"on_revoke": "return_unrotated"})
	held := m.leased("e1")
	m.end(held)
	m.Restart()
	named := func() string { return fmt.Sprint(m.Must(logical.ReadOperation, "lockdown", nil).Data["cannot_end"]) }
	if told := named(); m.state("c0") != "available" || !strings.Contains(told, "client c0, returned unrotated") ||
		strings.Contains(told, "c1") {
		t.Errorf("c0 is %s, cannot_end %s", m.state("c0"), told)
	}
	m.Must(logical.PatchOperation, "clients/c0", map[string]any{"label": "vault-other"})
	if told := named(); !strings.Contains(told, "client c0") {
		t.Errorf("after a change of its label cannot_end is %s", told)
	}
	m.rotateStocked("c0", fmt.Sprint(held.Data["client_id"]))
	if told := named(); strings.Contains(told, "client c0") {
		t.Errorf("after it was rotated cannot_end is %s", told)
	}
}

func TestAClientIsMintedWith(t *testing.T) {
	t.Parallel()
	m := newPool(t, 0, map[string]any{"clients": "c0"})
	clientID := m.stock("team", "vault-team", map[string]any{"allowed_roles": "team", "purpose": "mint"})
	m.Must(logical.UpdateOperation, "roles/team", map[string]any{"scopes": leasedScope, "client": "team"})
	lease := m.Must(logical.ReadOperation, "creds/team", nil)
	if lease.Data["client_id"] != clientID {
		t.Errorf("the token is of client %v", lease.Data["client_id"])
	}
	m.Must(logical.UpdateOperation, "roles/other", map[string]any{"scopes": leasedScope, "client": "team"})
	if status, text := m.Refused(logical.ReadOperation, "creds/other", nil); status != 403 ||
		!strings.Contains(text, "allowed_roles") {
		t.Errorf("a role that the client does not allow: %d %s", status, text)
	}
	m.Must(logical.UpdateOperation, "roles/wide", map[string]any{"scopes": "funding:read_profile", "client": "team"})
	m.Must(logical.PatchOperation, "clients/team", map[string]any{"allowed_roles": "*"})
	if status, text := m.Refused(logical.ReadOperation, "creds/wide", nil); status != 400 ||
		!strings.Contains(text, "funding:read_profile") {
		t.Errorf("a role beyond its client: %d %s", status, text)
	}
	if status, text := m.Refused(logical.DeleteOperation, "clients/team", nil); status != 400 ||
		!strings.Contains(text, "needed to revoke valid tokens") {
		t.Errorf("deleting a client with a live token: %d %s", status, text)
	}
	m.rotateStocked("team", clientID)
	if !m.Paxos.Alive(backendtest.Token(lease)) {
		t.Error("the rotation took the token from its reader") // at the stand-in a new secret leaves tokens alone
	}
	m.Must(logical.PatchOperation, "clients/team", map[string]any{"disabled": true})
	if m.Paxos.Alive(backendtest.Token(lease)) {
		t.Error("a token of a disabled client is valid")
	}
	if status, _ := m.Refused(logical.ReadOperation, "creds/team", nil); status != 403 {
		t.Errorf("a disabled client mints: %d", status)
	}
	m.Must(logical.DeleteOperation, "clients/team", nil)
	if status, text := m.Refused(logical.ReadOperation, "creds/team", nil); status != 400 ||
		!strings.Contains(text, "does not exist") {
		t.Errorf("a client that is gone mints: %d %s", status, text)
	}
}

func TestALostClientIsNotLeased(t *testing.T) {
	t.Parallel()
	m := newPool(t, 3, nil)
	ids := map[string]string{}
	for _, name := range []string{"c0", "c1", "c2"} {
		ids[name] = m.Must(logical.ReadOperation, "clients/"+name, nil).Data["client_id"].(string)
	}
	if err := m.Paxos.DisableCredential(ids["c0"]); err != nil {
		t.Fatal(err)
	}
	if err := m.Paxos.DeleteCredential(ids["c1"]); err != nil {
		t.Fatal(err)
	}
	for range 7 {
		m.Clock.Advance(10 * time.Minute)
		m.Tick()
	}
	if got := m.state("c0") + " " + m.state("c1") + " " + m.state("c2"); got != "lost lost available" {
		t.Errorf("the clients are %s", got)
	}
	if lease := m.leased("e1"); lease.Data["client_id"] != ids["c2"] {
		t.Error("a client that is gone was leased")
	}
}

// TestAClientThatHoldsMoreAtPaxosIsNotLeased widens and disables clients in the
// Dashboard: what Paxos listed counts, not what the operator said when it was stocked.
func TestAClientThatHoldsMoreAtPaxosIsNotLeased(t *testing.T) {
	t.Parallel()
	for what, role := range map[string]map[string]any{
		"has scopes that the guardrails forbid":  nil,
		"has scopes that the role does not have": {"scopes": leasedScope},
	} {
		m := newPool(t, 1, role)
		m.Must(logical.UpdateOperation, "config/guardrails", map[string]any{"allowed_scopes": "transfer:read_*"})
		m.EditClient(m.Must(logical.ReadOperation, "clients/c0", nil).Data["client_id"].(string),
			func(c *paxostest.Credential) {
				c.Scopes = append(c.Scopes, "transfer:write_crypto_withdrawal")
			})
		m.compare()
		if _, err := m.lease("e1", "r1"); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("want %q: %v", what, err)
		}
	}
}
