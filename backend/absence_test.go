package backend_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/paxostest"
)

// settings is what the mount keeps of what people and Paxos said: everything stored but tokens, the
// pulse, and when something was last tried.
func (m *mount) settings() string {
	m.T.Helper()
	var kept []string
	for line := range strings.Lines(m.Stored()) {
		key, _, _ := strings.Cut(line, "=")
		if strings.TrimSpace(line) != "" && !strings.HasPrefix(key, "ledger/") &&
			!strings.HasPrefix(key, "bans/") && !strings.HasPrefix(key, "usage") &&
			key != "pulse" && key != "drift" && key != "deletions" {
			kept = append(kept, line)
		}
	}
	slices.Sort(kept)
	return strings.Join(kept, "")
}

// items edits the items of a list.
func items(edit func([]any) []any) paxostest.Fault {
	return paxostest.Fault{Rewrite: func(page map[string]any) {
		list, _ := page["items"].([]any)
		page["items"] = edit(list)
	}}
}

// without leaves out the credentials of these Client IDs.
func without(clientIDs ...string) paxostest.Fault {
	return items(func(list []any) []any {
		return slices.DeleteFunc(list, func(item any) bool {
			return slices.Contains(clientIDs, fmt.Sprint(item.(map[string]any)["client_id"]))
		})
	})
}

// wrongShapes are answers of status 200 that are not what any path of the API documents.
func wrongShapes() map[string]paxostest.Fault {
	return map[string]paxostest.Fault{
		"an empty object":      {Body: `{}`},
		"null":                 {Body: `null`},
		"a list":               {Body: `[]`},
		"a string":             {Body: `"items"`},
		"no items":             {Body: `{"items":null,"next_page_cursor":""}`},
		"items of no list":     {Body: `{"items":{},"access_token":{},"credentials":[]}`},
		"items that are null":  {Body: `{"items":[null],"credentials":null}`},
		"items of other names": {Body: `{"items":[{"clientId":"x"}],"credentials":{"clientId":"x"}}`},
		"numbers for text":     {Body: `{"items":[{"client_id":7,"id":7}],"access_token":7,"credentials":{"client_id":7}}`},
		"HTML": {Body: `<html><title>Maintenance</title></html>`,
			Header: map[string][]string{"Content-Type": {"text/html"}}},
		"a problem":     {Body: `{"type":"about:blank","title":"maintenance","status":200}`},
		"two documents": {Body: `{"items":[],"credentials":{}} {"items":[]}`},
		"half of it":    {Truncate: true},
	}
}

// TestAListThatProvesNothingChangesNothing answers the list of credentials in every wrong way,
// while one client is available, one in quarantine, and one is to be deleted.
func TestAListThatProvesNothingChangesNothing(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]func(m *mount) paxostest.Fault{
		"nothing at all":   func(*mount) paxostest.Fault { return items(func([]any) []any { return []any{} }) },
		"all but the root": func(m *mount) paxostest.Fault { return without(m.Client.ClientID) },
		"one of them twice": func(*mount) paxostest.Fault {
			return items(func(l []any) []any { return append(l, l[0]) })
		},
		"a page without an id": func(*mount) paxostest.Fault {
			return items(func(l []any) []any { delete(l[0].(map[string]any), "client_id"); return l })
		},
		"a page that repeats": func(*mount) paxostest.Fault {
			return paxostest.Fault{Rewrite: func(page map[string]any) {
				page["next_page_cursor"] = ""
				page["items"] = append(page["items"].([]any), page["items"].([]any)...)
			}}
		},
		"a cursor for ever": func(*mount) paxostest.Fault {
			return paxostest.Fault{Body: `{"items":[],"next_page_cursor":"MQ"}`}
		},
		"another Entity's page": func(*mount) paxostest.Fault {
			return items(func(l []any) []any {
				for _, item := range l {
					item.(map[string]any)["customer_id"] = "of-somebody-else"
				}
				return l
			})
		},
		"a page of two Entities": func(*mount) paxostest.Fault {
			return items(func(l []any) []any { l[0].(map[string]any)["customer_id"] = "of-somebody-else"; return l })
		},
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); listProvesNothing(t, name, edit) })
	}
	for name, fault := range wrongShapes() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			listProvesNothing(t, name, func(*mount) paxostest.Fault { return fault })
		})
	}
}

func listProvesNothing(t *testing.T, name string, fault func(m *mount) paxostest.Fault) {
	m := newPool(t, 3, map[string]any{"max_leases_per_entity": 3})
	m.end(m.leased("e1")) // c0 is in quarantine
	m.Must(logical.PatchOperation, "roles/vendor", map[string]any{"on_revoke": "delete"})
	lease := m.leased("e2")
	m.Paxos.FailAll(paxostest.ListCredentials, paxostest.Fault{Status: 503})
	m.end(lease) // c1 is to be deleted
	m.settled()
	m.Paxos.Heal()
	m.Clock.Advance(5 * time.Minute)
	states := m.state("c0") + " " + m.state("c1") + " " + m.state("c2")
	if states != "quarantined revoking available" {
		t.Fatal(states)
	}
	before := m.settings()
	m.Paxos.FailAll(paxostest.ListCredentials, fault(m))
	m.Clock.Advance(time.Minute)
	status, text := m.Refused(logical.ReadOperation, "report/drift", map[string]any{"refresh": true})
	if status != 502 || (!strings.Contains(text, "listing API credentials") ||
		!strings.Contains(text, "nothing was changed")) {
		t.Errorf("a reader is told %d %s", status, text)
	}
	onlyPresence := name == "all but the root" // what it lists is there all the same, so that c1 is deleted
	for range 3 {
		m.Clock.Advance(2 * time.Hour / 3)
		m.Must(logical.UpdateOperation, "config/resume", nil)
		m.Tick()
	}
	if !onlyPresence {
		if m.settings() != before {
			t.Errorf("storage was\n%s\nand is\n%s", before, m.settings())
		}
		if m.Paxos.Calls(paxostest.DeleteCredentials) != 0 {
			t.Error("a client was deleted")
		}
	}
	m.Paxos.Heal()
	m.Clock.Advance(time.Hour)
	m.settled()
	if got := m.state("c0") + " " + m.state("c1") + " " + m.state("c2"); got != "quarantined gone available" ||
		m.atPaxos(lease.Data["client_id"].(string)) != "DISABLED" {
		t.Errorf("when Paxos lists again they are %s, and %s there", got, m.atPaxos(lease.Data["client_id"].(string)))
	}
}

// TestAMissingClientIsAskedAfter leaves clients out of the list that Paxos has, does not have, or
// says neither of.
func TestAMissingClientIsAskedAfter(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		byID  func(m *mount, id string) paxostest.Fault // the answer when it is asked after
		state string
	}{
		"Paxos has it":           {func(*mount, string) paxostest.Fault { return paxostest.Fault{} }, "available"},
		"Paxos does not have it": {func(_ *mount, id string) paxostest.Fault { return without(id) }, "lost"},
		"no answer": {func(*mount, string) paxostest.Fault {
			return paxostest.Fault{Status: 503}
		}, "available"},
		"an answer without root": {func(m *mount, id string) paxostest.Fault {
			return without(id, m.Client.ClientID)
		}, "available"},
		"an empty answer": {func(*mount, string) paxostest.Fault {
			return paxostest.Fault{Body: `{"items":[]}`}
		}, "available"},
		"one not asked for": {func(_ *mount, id string) paxostest.Fault {
			return items(func(l []any) []any { return append(l[:1:1], map[string]any{"client_id": "another"}) })
		}, "available"},
		"disabled when asked for": {func(_ *mount, id string) paxostest.Fault {
			return items(func(l []any) []any { l[0].(map[string]any)["status"] = "DISABLED"; return l })
		}, "lost"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newPool(t, 1, nil)
			id := fmt.Sprint(m.Must(logical.ReadOperation, "clients/c0", nil).Data["client_id"])
			m.Clock.Advance(time.Hour)
			m.Paxos.FailNext(paxostest.ListCredentials, without(id), test.byID(m, id))
			m.Tick()
			if got := m.state("c0"); got != test.state {
				t.Errorf("the client is %s, want %s", got, test.state)
			}
			m.Paxos.Heal()
			m.compare()
			if got := m.state("c0"); got != "available" {
				t.Errorf("listed as approved again, the client is %s", got)
			}
			m.leased("e1")
		})
	}
}

// TestALostClientComesBackAsItWas loses clients in other states than available.
func TestALostClientComesBackAsItWas(t *testing.T) {
	t.Parallel()
	m := newPool(t, 2, nil)
	lease := m.leased("e1")
	m.end(lease)
	for _, c := range m.Paxos.Credentials() {
		if c.ClientID != m.Client.ClientID {
			if err := m.Paxos.DisableCredential(c.ClientID); err != nil {
				t.Fatal(err)
			}
		}
	}
	m.compare()
	if got := m.state("c0") + " " + m.state("c1"); got != "lost lost" {
		t.Fatal(got)
	}
	for _, c := range m.Paxos.Credentials() {
		if err := m.Paxos.EditCredential(c.ClientID, func(c *paxostest.Credential) {
			c.Status = "APPROVED"
		}); err != nil {
			t.Fatal(err)
		}
	}
	m.compare()
	if got := m.state("c0") + " " + m.state("c1"); got != "quarantined available" {
		t.Errorf("they are %s", got)
	}
	// by an older version, which did not say what it was
	m.age("c1", func(stored map[string]any) { stored["state"] = "lost" })
	m.compare()
	if got := m.state("c1"); got != "quarantined" {
		t.Errorf("a client for leasing of which nobody knows what it was is %s", got)
	}
}

// TestListedScopesOutliveARotation widens a client in the Dashboard, and rotates its secret after
// the list.
func TestListedScopesOutliveARotation(t *testing.T) {
	t.Parallel()
	m := newPool(t, 1, map[string]any{"scopes": leasedScope})
	lease := m.leased("e1")
	id := lease.Data["client_id"].(string)
	m.end(lease)
	if err := m.Paxos.EditCredential(id, func(c *paxostest.Credential) {
		c.Scopes = append(c.Scopes, "transfer:write_crypto_withdrawal")
	}); err != nil {
		t.Fatal(err)
	}
	m.compare()
	m.Clock.Advance(time.Minute)
	m.rotateStocked("c0", id)
	if _, err := m.lease("e2", "r2"); err == nil ||
		!strings.Contains(err.Error(), "has scopes that the role does not have") {
		t.Errorf("a client that can move money was leased through a role that reads: %v", err)
	}
	if err := m.Paxos.EditCredential(id, func(c *paxostest.Credential) {
		c.Scopes = []string{leasedScope}
	}); err != nil {
		t.Fatal(err)
	}
	m.compare()
	m.leased("e2")
}

// TestTheEntityOfTheFirstListIsTheMounts shows lists of another Entity, also after the root was
// replaced and after config was made again.
func TestTheEntityOfTheFirstListIsTheMounts(t *testing.T) {
	t.Parallel()
	m := newPool(t, 1, nil)
	m.compare()
	others := items(func(list []any) []any {
		for _, item := range list {
			item.(map[string]any)["customer_id"] = "of-somebody-else"
		}
		return list
	})
	m.Paxos.FailAll(paxostest.ListCredentials, others)
	for _, change := range []func(){func() {}, func() { remakeConfig(m) }} {
		change()
		m.Clock.Advance(time.Minute)
		if status, text := m.Refused(logical.ReadOperation, "report/drift",
			map[string]any{"refresh": true}); status != 502 || !strings.Contains(text,
			"another Entity than this mount") {
			t.Errorf("%d %s", status, text)
		}
	}
	m.Must(logical.UpdateOperation, "config/guardrails", map[string]any{"require_entity_match": false})
	m.compare()
	m.Must(logical.UpdateOperation, "config/guardrails", map[string]any{"require_entity_match": true})
	m.compare()
}
