package paxos_test

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"vault-plugin-secrets-paxos/backend/catalog"
	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// The scopes that the credentials API needs.
const (
	readCredentials   = "api_creds:read_credentials"
	deleteCredentials = "api_creds:delete_credentials"
)

// TestListCredentials reads a list of several pages, in which every credential has as many scopes as
// one can have.
func TestListCredentials(t *testing.T) {
	t.Parallel()
	h := newHarness(t, readCredentials)
	var scopes []string
	for _, s := range catalog.Scopes() {
		scopes = append(scopes, s.Name)
	}
	for i := range 120 {
		created, _ := createCredential(t, h.Server, paxostest.Credential{
			Nickname: fmt.Sprintf("vault-%d", i), Scopes: scopes, IPAllowlist: []string{"192.0.2.0/24"},
			EnforceRequestSigning: i%2 == 0,
		})
		if i%3 == 0 {
			if err := h.DisableCredential(created.ClientID); err != nil {
				t.Fatal(err)
			}
		}
	}
	bearer := carrying(h.bearer(t, readCredentials).Reveal())
	for name, test := range map[string]struct {
		statuses []string
		want     func(paxostest.Credential) bool
	}{
		"all by default": {want: func(paxostest.Credential) bool { return true }},
		"the approved": {statuses: []string{paxos.StatusApproved}, want: func(c paxostest.Credential) bool {
			return c.Status == paxos.StatusApproved
		}},
		"the disabled": {statuses: []string{paxos.StatusDisabled}, want: func(c paxostest.Credential) bool {
			return c.Status == paxos.StatusDisabled
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			listed, err := h.connection.ListCredentials(t.Context(), bearer, atOnce, test.statuses...)
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]paxos.Credential{}
			for _, credential := range listed {
				got[credential.ID] = credential
			}
			want := slices.DeleteFunc(h.Credentials(), func(c paxostest.Credential) bool { return !test.want(c) })
			if len(listed) != len(want) || len(got) != len(want) {
				t.Fatalf("%d were listed, %d of them different, want %d", len(listed), len(got), len(want))
			}
			for _, c := range want {
				same := paxos.Credential{
					ID: c.ID, CustomerID: c.CustomerID, ClientID: c.ClientID, Label: c.Nickname, Status: c.Status,
					Scopes: c.Scopes, IPAllowlist: append([]string{},
						c.IPAllowlist...), EnforceRequestSigning: c.EnforceRequestSigning,
					PublicKeys: []paxos.PublicKey{}, CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt,
				}
				if !reflect.DeepEqual(got[c.ID], same) {
					t.Errorf("got %+v, want %+v", got[c.ID], same)
				}
			}
		})
	}
}

// TestEndlessList checks that reading a list ends although every page names a next one, and that a page
// which repeats another is an error at once.
func TestEndlessList(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		repeats bool
		says    string
		most    int
	}{
		"new items on each page": {false, "the list does not end", 200},
		"the same page again":    {true, "the list has a credential twice", 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t, readCredentials)
			bearer := carrying(h.bearer(t, readCredentials).Reveal())
			page := 0
			h.FailAll(paxostest.ListCredentials, paxostest.Fault{Rewrite: func(reply map[string]any) {
				if !test.repeats {
					page++
				}
				reply["items"] = []any{map[string]any{"client_id": fmt.Sprint("client-", page)}}
				reply["next_page_cursor"] = base64.RawURLEncoding.EncodeToString([]byte(h.Credentials()[0].ID))
			}})
			_, err := h.connection.ListCredentials(t.Context(), bearer, atOnce)
			if failure := asError(t, err); failure.Reason != test.says || !failure.Malformed {
				t.Errorf("got %v", failure)
			}
			if calls := h.Calls(paxostest.ListCredentials); calls > test.most {
				t.Errorf("%d calls were made", calls)
			}
		})
	}
}

// TestFindCredentials asks for clients in any status, some of which Paxos does not have.
func TestFindCredentials(t *testing.T) {
	t.Parallel()
	h := newHarness(t, readCredentials)
	var ids []string
	for i := range 60 {
		created, _ := createCredential(t, h.Server,
			paxostest.Credential{Nickname: fmt.Sprint("vault-", i), Scopes: []string{readCredentials}})
		if i%2 == 0 {
			if err := h.DisableCredential(created.ClientID); err != nil {
				t.Fatal(err)
			}
		}
		ids = append(ids, created.ClientID)
	}
	bearer := carrying(h.bearer(t, readCredentials).Reveal())
	found, err := h.connection.FindCredentials(t.Context(), bearer, atOnce, append(ids[:50:50], "nobody")...)
	if err != nil || len(found) != 50 {
		t.Errorf("%d were found: %v", len(found), err)
	}
	for _, count := range []int{0, 101} {
		if _, err := h.connection.FindCredentials(t.Context(), bearer, atOnce, make([]string, count)...); err == nil {
			t.Errorf("%d were looked up at once", count)
		}
	}
	h.FailNext(paxostest.ListCredentials, paxostest.Fault{Rewrite: func(reply map[string]any) {
		reply["items"] = []any{map[string]any{"client_id": ids[1]}}
	}})
	if found, err := h.connection.FindCredentials(t.Context(), bearer, atOnce, ids[0]); err == nil {
		t.Errorf("another was taken for the one that was asked for: %v", found)
	}
}

// TestRefusedList checks the errors of the credentials API, whose problem documents have no OAuth2
// code.
func TestRefusedList(t *testing.T) {
	t.Parallel()
	h := newHarness(t, "transfer:read")
	for name, test := range map[string]struct {
		bearer paxos.Secret
		status int
	}{
		"no such token":       {paxos.Hide("opaque"), 401},
		"a token too narrow":  {h.bearer(t, "transfer:read"), 403},
		"an empty bearer":     {paxos.Secret{}, 401},
		"a bearer with break": {paxos.Hide("a\r\nX-Injected: b"), 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := h.connection.ListCredentials(t.Context(), paxos.Bearer{Token: test.bearer}, atOnce)
			if failure := asError(t, err); failure.Status != test.status || failure.Code != "" {
				t.Errorf("got %v", failure)
			}
		})
	}
}

// TestDeleteHostileCredential deletes clients whose ids would change the path of the call if they were
// not escaped.
func TestDeleteHostileCredential(t *testing.T) {
	t.Parallel()
	for _, id := range []string{
		"ordinary", "../bystander", "a/../bystander", "bystander?x=", "bystander#x", "a%2F..%2Fbystander",
		"bystander/", "a b", "ü",
		"bystander\r\nX-Injected: 1", "%", "..;", "...", "bystander\x00",
	} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			server := startPaxos(t, paxostest.Options{})
			createCredential(t, server, paxostest.Credential{ClientID: "bystander"})
			createCredential(t, server, paxostest.Credential{ClientID: id})
			manager, secret := createCredential(t, server, paxostest.Credential{Scopes: []string{deleteCredentials}})
			wire := record(t, server.URL())
			connection := connect(t, paxos.Settings{Endpoints: endpoints(wire.URL)})
			grant, err := connection.Client(manager.ClientID, paxos.Hide(secret)).RequestToken(t.Context(),
				[]string{deleteCredentials})
			if err != nil {
				t.Fatal(err)
			}
			if err := connection.DeleteCredential(t.Context(), grant.Bearer(), id); err != nil {
				t.Fatal(err)
			}
			for _, credential := range server.Credentials() {
				if deleted := credential.Status == paxos.StatusDisabled; deleted != (credential.ClientID == id) {
					t.Errorf("%q is %s", credential.ClientID, credential.Status)
				}
			}
			requests := wire.requests()
			if got, want := requests[len(requests)-1].uri, "/v2/api-creds/credentials/"+
				url.PathEscape(id); len(requests) != 2 || got != want {
				t.Errorf("%d requests, the last for %s, want %s", len(requests), got, want)
			}
		})
	}
}

// TestDeleteNameless checks that an id which cannot stand in a path causes no call.
func TestDeleteNameless(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	for _, id := range []string{"", ".", ".."} {
		asError(t, h.connection.DeleteCredential(t.Context(), carrying("opaque"), id))
	}
	if calls := h.TotalCalls(); calls != 0 {
		t.Errorf("%d calls were made", calls)
	}
}

// TestDeleteUnknownCredential checks that an unknown client is an error that does not repeat its id.
func TestDeleteUnknownCredential(t *testing.T) {
	t.Parallel()
	h := newHarness(t, deleteCredentials)
	bearer := carrying(h.bearer(t, deleteCredentials).Reveal())
	failure := asError(t, h.connection.DeleteCredential(t.Context(), bearer, "nobody"))
	if failure.Status != 404 || strings.Contains(failure.Error(), "nobody") {
		t.Errorf("got %v", failure)
	}
}
