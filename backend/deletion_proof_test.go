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

// TestADeletionIsBelievedOnlyFromPaxos answers the DELETE in every wrong way.
func TestADeletionIsBelievedOnlyFromPaxos(t *testing.T) {
	t.Parallel()
	cases := wrongShapes()
	cases["another's deletion"] = paxostest.Fault{Body: `{"credentials":{"client_id":"another"}}`}
	for name, fault := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newPool(t, 1, erase)
			lease := m.leased("e1")
			id := lease.Data["client_id"].(string)
			m.Paxos.FailAll(paxostest.DeleteCredentials, fault)
			m.end(lease)
			m.Tick()
			if state, at := m.state("c0"), m.atPaxos(id); at == "APPROVED" && state != "revoking" {
				t.Errorf("the client works at Paxos and is %s here", state)
			}
			m.Paxos.Heal()
			m.Clock.Advance(time.Minute)
			m.settled()
			if state, at := m.state("c0"), m.atPaxos(id); at != "DISABLED" || state != "gone" {
				t.Errorf("the client is %s at Paxos and %s here", at, state)
			}
		})
	}
}

// TestA404IsBelievedIfPaxosHasItNoMore answers a DELETE with 404 while Paxos has the client and
// while it does not.
func TestA404IsBelievedIfPaxosHasItNoMore(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		byID  func(m *mount, id string) paxostest.Fault
		state string
	}{
		"Paxos has it":           {func(*mount, string) paxostest.Fault { return paxostest.Fault{} }, "quarantined"},
		"Paxos does not have it": {func(_ *mount, id string) paxostest.Fault { return without(id) }, "gone"},
		"an answer without root": {func(m *mount, id string) paxostest.Fault {
			return without(id, m.Client.ClientID)
		}, "revoking"},
		"no answer": {func(*mount, string) paxostest.Fault {
			return paxostest.Fault{Status: 503}
		}, "revoking"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newPool(t, 1, erase)
			lease := m.leased("e1")
			id := lease.Data["client_id"].(string)
			m.Paxos.FailAll(paxostest.DeleteCredentials, paxostest.Fault{Status: 404})
			m.Paxos.FailAll(paxostest.ListCredentials, test.byID(m, id))
			// the list itself is as it should be
			m.Paxos.FailNext(paxostest.ListCredentials, paxostest.Fault{Delay: time.Millisecond})
			m.end(lease)
			m.Tick()
			if m.Paxos.Calls(paxostest.DeleteCredentials) == 0 {
				t.Error("no DELETE was sent")
			}
			if got := m.state("c0"); got != test.state {
				t.Errorf("the client is %s, want %s", got, test.state)
			}
		})
	}
}

// TestAClientThatPaxosNeverHadIsNotDeletedHere has a client that is to be deleted vanish from every
// list.
func TestAClientThatPaxosNeverHadIsNotDeletedHere(t *testing.T) {
	t.Parallel()
	m := newPool(t, 1, erase)
	lease := m.leased("e1")
	id := lease.Data["client_id"].(string)
	m.Paxos.FailAll(paxostest.ListCredentials, without(id))
	m.end(lease)
	m.settled()
	if got := m.state("c0"); got != "lost" || m.Paxos.Calls(paxostest.DeleteCredentials) != 0 ||
		strings.Contains(m.Log.String(), "was deleted at Paxos") {
		t.Errorf("the client is %s after %d deletions", got, m.Paxos.Calls(paxostest.DeleteCredentials))
	}
	m.Paxos.Heal()
	m.compare()
	m.settled()
	if got := m.state("c0"); got != "gone" || m.atPaxos(id) != "DISABLED" {
		t.Errorf("listed again, the client is %s, and %s at Paxos", got, m.atPaxos(id))
	}
}

// TestWrongShapesStoreNoClient answers token requests and the list of profiles in every wrong way
// while clients and roots are stored.
func TestWrongShapesStoreNoClient(t *testing.T) {
	t.Parallel()
	for name, fault := range wrongShapes() {
		for _, endpoint := range []paxostest.Endpoint{paxostest.TokenEndpoint, paxostest.Operations} {
			t.Run(fmt.Sprint(name, " from ", endpoint), func(t *testing.T) {
				t.Parallel()
				m := newConfiguredMount(t)
				id, secret := m.another(backendtest.RootScopes...)
				m.standby("s1", backendtest.RootScopes, nil)
				before := m.settings()
				m.Paxos.FailAll(endpoint, fault)
				for path, data := range map[string]map[string]any{
					"clients/x": {"client_id": id, "client_secret": secret, "scopes": backendtest.RootScopes,
						"purpose": "mint"},
					"config/replace-root": {"client_id": id, "client_secret": secret},
					"config":              {"client_secret": secret},
				} {
					if status, text := m.Refused(logical.UpdateOperation, path, data); status < 400 ||
						strings.Contains(text, secret) || strings.Contains(text, "Maintenance") {
						t.Errorf("%s: %d %s", path, status, text)
					}
				}
				if m.settings() != before {
					t.Errorf("storage was\n%s\nand is\n%s", before, m.settings())
				}
			})
		}
	}
}
