package backend_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// erase is a role whose clients are deleted when their lease ends.
var erase = map[string]any{"on_revoke": "delete"}

// settled waits until what a lease's end began in the background is over, and ticks.
func (m *mount) settled() {
	m.T.Helper()
	m.Tick()
	m.Clock.Advance(time.Second)
	m.Tick()
}

func TestAClientIsDeletedWithItsLease(t *testing.T) {
	t.Parallel()
	m := newPool(t, 2, erase)
	lease := m.leased("e1")
	m.end(lease)
	m.settled()
	if got, at := m.state("c0"), m.atPaxos(lease.Data["client_id"].(string)); got != "gone" ||
		at != "DISABLED" && at != "gone" {
		t.Errorf("after its lease the client is %s in Vault and %s at Paxos", got, at)
	}
	if got := m.Paxos.Calls(paxostest.DeleteCredentials); got != 1 {
		t.Errorf("%d deletions", got)
	}
	if second := m.leased("e2"); second.Data["client_id"] == lease.Data["client_id"] {
		t.Error("a deleted client was leased")
	}
	if live := m.Paxos.LiveTokens(); len(live) != 0 {
		t.Errorf("the engine's own tokens live: %v", live)
	}
}

// TestWhatForbidsADeletion breaks one rule at a time. Nothing is deleted then, and the
// client is quarantined with the reason.
func TestWhatForbidsADeletion(t *testing.T) {
	t.Parallel()
	for what, rule := range map[string]struct {
		role   map[string]any
		label  string
		stock  map[string]any
		before func(m *mount, clientID string)
		says   string
	}{
		"never proved": {label: "vault-x", stock: map[string]any{"verify_connection": false},
			says: "never verified"},
		"another label": {label: "payments", says: `does not begin with "vault-"`},
		"label changed": {label: "vault-x", before: relabel("payments"), says: "does not begin"},
		"prefix changed": {label: "vault-x", before: guard(map[string]any{"deletable_label_prefix": "lease-"}),
			says: `"lease-"`},
		"no deletions a day": {label: "vault-x", role: map[string]any{"on_revoke": "delete", "delete_limit": 0},
			says: "delete_limit"},
		"the root may not delete": {label: "vault-x", says: "lacks", before: func(m *mount, _ string) {
			if err := m.Paxos.EditCredential(m.Client.ClientID, func(c *paxostest.Credential) {
				c.Scopes = backendtest.RootScopes
			}); err != nil {
				m.T.Fatal(err)
			}
		}},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			role := map[string]any{"on_revoke": "delete", "clients": "x"}
			for name, value := range rule.role {
				role[name] = value
			}
			m := newPool(t, 0, role)
			clientID := m.stock("x", rule.label, rule.stock)
			lease := m.leased("e1")
			if rule.before != nil {
				rule.before(m, clientID)
			}
			m.end(lease)
			m.settled()
			read := m.Must(logical.ReadOperation, "clients/x", nil)
			if read == nil || read.Data["state"] != "quarantined" ||
				!strings.Contains(fmt.Sprint(read.Data["state_reason"]), rule.says) {
				t.Errorf("the client is %v", read)
			}
			if m.Paxos.Calls(paxostest.DeleteCredentials) != 0 || m.atPaxos(clientID) != "APPROVED" {
				t.Error("the client was deleted at Paxos")
			}
		})
	}
}

func relabel(label string) func(*mount, string) {
	return func(m *mount, clientID string) {
		if err := m.Paxos.EditCredential(clientID, func(c *paxostest.Credential) { c.Nickname = label }); err != nil {
			m.T.Fatal(err)
		}
	}
}

func guard(settings map[string]any) func(*mount, string) {
	return func(m *mount, _ string) { m.Must(logical.UpdateOperation, "config/guardrails", settings) }
}

func TestNoMoreDeletionsThanADayAllows(t *testing.T) {
	t.Parallel()
	m := newPool(t, 4, map[string]any{"on_revoke": "delete", "delete_limit": 2, "max_leases_per_entity": 9})
	for range 3 {
		resp, err := m.lease("e1", fmt.Sprint(m.Clock.Now().UnixNano()))
		if err != nil {
			t.Fatal(err)
		}
		m.end(resp)
		m.settled()
		m.Clock.Advance(time.Minute)
	}
	if got := fmt.Sprintf("%s %s %s %d", m.state("c0"), m.state("c1"), m.state("c2"),
		m.Paxos.Calls(paxostest.DeleteCredentials)); got != "gone gone quarantined 2" {
		t.Errorf("after three leases: %s", got)
	}
}

// TestEndsOfLeasesLeaveTheRootItsProofs ends more leases than there are proofs, and then
// gives the root its new secret, for which the Dashboard has ended the old one.
func TestEndsOfLeasesLeaveTheRootItsProofs(t *testing.T) {
	t.Parallel()
	m := newPool(t, 0, map[string]any{"on_revoke": "delete", "clients": "c0"})
	var names []string
	for i := range 14 {
		names = append(names, fmt.Sprint("c", i))
		m.stock(names[i], "payments", map[string]any{"verify_connection": false})
	}
	m.Must(logical.PatchOperation, "roles/vendor", map[string]any{"clients": names, "max_leases_per_entity": 20})
	for i := range names {
		lease, err := m.lease("e1", fmt.Sprint("r", i))
		if err != nil {
			t.Fatal(err)
		}
		m.end(lease)
		m.Tick()
	}
	secret, err := m.Paxos.RotateCredential(m.Client.ClientID)
	if err != nil {
		t.Fatal(err)
	}
	m.Must(logical.UpdateOperation, "config/rotate-root", map[string]any{"client_secret": secret})
}

func TestADeletionThatPaxosCannotTakeIsTriedAgain(t *testing.T) {
	t.Parallel()
	m := newPool(t, 1, erase)
	lease := m.leased("e1")
	m.Paxos.FailAll(paxostest.DeleteCredentials, paxostest.Fault{Status: 503})
	m.end(lease)
	m.settled()
	if got := m.state("c0"); got != "revoking" {
		t.Errorf("while Paxos is unwell the client is %s", got)
	}
	if status, text := m.Refused(logical.UpdateOperation, "clients/c0/rotate",
		map[string]any{"client_secret": "new"}); status != 400 || !strings.Contains(text, "being deleted") {
		t.Errorf("rotating a client that is being deleted: %d %s", status, text)
	}
	m.Paxos.Heal()
	m.Restart()
	m.Clock.Advance(3 * time.Minute)
	m.settled()
	if got := m.state("c0"); got != "gone" {
		t.Errorf("afterwards the client is %s", got)
	}
}

// TestARestoredCopyDeletesNothing lets the mount pause for hours, as a snapshot does
// that is restored for a drill.
func TestARestoredCopyDeletesNothing(t *testing.T) {
	t.Parallel()
	m := newPool(t, 2, erase)
	lease := m.leased("e1")
	m.Clock.Advance(3 * time.Hour)
	m.Tick()
	m.end(lease)
	m.settled()
	if got := m.state("c0"); got != "revoking" || m.Paxos.Calls(paxostest.DeleteCredentials) != 0 {
		t.Errorf("on a restored copy the client is %s, after %d deletions", got,
			m.Paxos.Calls(paxostest.DeleteCredentials))
	}
	if status, text := m.Refused(logical.UpdateOperation, "config/promote-standby", nil); status != 400 ||
		!strings.Contains(text, "config/resume") {
		t.Errorf("a promotion on a restored copy: %d %s", status, text)
	}
	if status := m.Must(logical.ReadOperation, "status", nil); status.Data["stopped_since"] == "" {
		t.Errorf("status says %v", status.Data)
	}
	if resp := m.Must(logical.UpdateOperation, "config/resume", nil); resp.Data["stopped_since"] == "" {
		t.Error("resume does not say what it lifted")
	}
	m.settled()
	if got := m.state("c0"); got != "gone" {
		t.Errorf("after the operator's word the client is %s", got)
	}
	if resp := m.Must(logical.UpdateOperation, "config/resume", nil); resp.Data["stopped_since"] != "" {
		t.Error("resume lifted what was not there")
	}
}

// TestAnotherMountsClientIsNotDeleted has one process serve two mounts.
func TestAnotherMountsClientIsNotDeleted(t *testing.T) {
	t.Parallel()
	m := newPool(t, 0, map[string]any{"on_revoke": "delete", "clients": "x"})
	other := m.neighbor()
	clientID := m.stock("x", "vault-x", nil)
	secret, err := m.Paxos.RotateCredential(clientID)
	if err != nil {
		t.Fatal(err)
	}
	m.Must(logical.UpdateOperation, "clients/x/rotate", map[string]any{"client_secret": secret})
	other.Must(logical.UpdateOperation, "config/connection", m.Connection())
	other.Must(logical.UpdateOperation, "config",
		map[string]any{"environment": "custom", "client_id": clientID, "client_secret": secret,
			"verify_connection": false})
	m.end(m.leased("e1"))
	m.settled()
	if got := m.state("x"); got != "quarantined" || m.Paxos.Calls(paxostest.DeleteCredentials) != 0 {
		t.Errorf("the client is %s, after %d deletions", got, m.Paxos.Calls(paxostest.DeleteCredentials))
	}
}

func TestPromotion(t *testing.T) {
	t.Parallel()
	m := newPool(t, 1, nil)
	if status, text := m.Refused(logical.UpdateOperation, "config/promote-standby", nil); status != 400 ||
		!strings.Contains(text, "Store one under paxos/clients/ with purpose=standby") {
		t.Errorf("without standbys: %d %s", status, text)
	}
	all := append([]string{"api_creds:read_credentials"}, backendtest.RootScopes...)
	for i, name := range []string{"s1", "s2"} {
		made, secret, err := m.Paxos.CreateCredential(paxostest.Credential{Nickname: name, Scopes: all})
		if err != nil {
			t.Fatal(err)
		}
		m.Must(logical.UpdateOperation, "clients/"+name,
			map[string]any{"client_id": made.ClientID, "client_secret": secret, "scopes": all, "disabled": i == 0,
				"allowed_roles": "*", "purpose": "standby"})
	}
	m.Must(logical.UpdateOperation, "roles/mint", map[string]any{"scopes": "funding:read_profile"})
	// the root need not hold these
	m.Must(logical.UpdateOperation, "roles/team", map[string]any{"scopes": "orders:read_order", "client": "later"})
	if status, text := m.Refused(logical.PatchOperation, "roles/vendor",
		map[string]any{"clients": "s2"}); status != 400 || !strings.Contains(text, "purpose=standby, not lease") {
		t.Errorf("a role that would lease a standby: %d %s", status, text)
	}
	before := m.Must(logical.ReadOperation, "creds/mint", nil)
	resp := m.Must(logical.UpdateOperation, "config/promote-standby", nil)
	if resp.Data["client_id"] == m.Client.ClientID ||
		resp.Data["draining"] != float64(1) && resp.Data["draining"] != 1 {
		t.Errorf("the promotion answers %v", resp.Data)
	}
	if got := m.state("s2"); got != "gone" {
		t.Errorf("the promoted client is still stocked: %s", got)
	}
	if again := m.Must(logical.ReadOperation, "creds/mint",
		nil); backendtest.Token(again) != backendtest.Token(before) {
		t.Error("the promotion took the token from its readers")
	}
	if status, text := m.Refused(logical.UpdateOperation, "config/promote-standby", nil); status != 400 ||
		!strings.Contains(text, "s1 is disabled") {
		t.Errorf("with no standby left: %d %s", status, text)
	}
	m.Must(logical.PatchOperation, "clients/s1", map[string]any{"disabled": false})
	if status, text := m.Refused(logical.UpdateOperation, "config/promote-standby", nil); status != 400 ||
		!strings.Contains(text, "tokens of the previous root client are still valid until") {
		t.Errorf("while the old root drains: %d %s", status, text)
	}
	m.Must(logical.UpdateOperation, "roles/mint/rotate", nil)
	m.Must(logical.UpdateOperation, "config/promote-standby", map[string]any{"client": "s1"})
}

// TestAPromotionThatWasInterrupted leaves the promoted client among the stocked ones.
func TestAPromotionThatWasInterrupted(t *testing.T) {
	t.Parallel()
	m := newPool(t, 1, nil)
	clientID := m.stock("s1", "vault-standby", map[string]any{"purpose": "standby"})
	entry, err := m.Storage.Get(context.Background(), "clients/s1")
	if err != nil {
		t.Fatal(err)
	}
	m.compare() // shows that it is of the mount's Entity
	m.Must(logical.UpdateOperation, "config/promote-standby", nil)
	if err := m.Storage.Put(context.Background(), entry); err != nil {
		t.Fatal(err)
	}
	m.Restart()
	if got := m.Must(logical.ReadOperation, "config", nil).Data["client_id"]; got != clientID {
		t.Errorf("the root is %v", got)
	}
	m.Tick()
	if got := m.state("s1"); got != "gone" {
		t.Errorf("the promoted client is %s", got)
	}
}
