package paxostest

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// listed calls ListApiCredentials and returns the nicknames and the cursor of the next page.
func (h *harness) listed(accessToken string, query url.Values) (nicknames []string, next string) {
	h.t.Helper()
	a := h.call(accessToken, http.MethodGet, "/v2/api-creds/credentials?"+query.Encode(), "")
	h.wantStatus(a, http.StatusOK)
	items, _ := a.object(h.t)["items"].([]any)
	for _, item := range items {
		nicknames = append(nicknames, item.(map[string]any)["nickname"].(string))
	}
	next, _ = a.object(h.t)["next_page_cursor"].(string)
	return nicknames, next
}

// TestListFilters checks every parameter of the list.
func TestListFilters(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	var created []Credential
	for i := range 5 {
		c, _, err := h.CreateCredential(Credential{Nickname: fmt.Sprintf("c%d", i), Scopes: []string{"a:b"}})
		if err != nil {
			t.Fatal(err)
		}
		created = append(created, c)
	}
	if err := h.DeleteCredential(created[1].ClientID); err != nil {
		t.Fatal(err)
	}
	id, secret := h.newCredential("api_creds:read_credentials")
	accessToken := h.requestToken(id, secret, "api_creds:read_credentials")

	for query, want := range map[string]string{
		"":                              "test c4 c3 c2 c0",
		"order=ASC&order_by=CREATED_AT": "c0 c2 c3 c4 test",
		"statuses=DISABLED":             "c1",
		"statuses=DISABLED&statuses=APPROVED&order=ASC":  "c0 c1 c2 c3 c4 test",
		"ids=" + created[2].ID + "&ids=" + created[0].ID: "c2 c0",
		"client_ids=" + created[3].ClientID:              "c3",
		"client_ids=" + created[1].ClientID:              "",
		"client_ids=nobody":                              "",
		"limit=2":                                        "test c4",
		"limit=0":                                        "test c4 c3 c2 c0",
	} {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		got, _ := h.listed(accessToken, values)
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %q, want %q", query, got, want)
		}
	}
	for _, query := range []string{
		"order=UP", "order_by=NAME", "limit=-1", "limit=1001", "limit=x", "statuses=GONE", "ids=x",
		"page_cursor=%25", "page_cursor=eA",
		"page_cursor=MDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAw", strings.Repeat("client_ids=x&", 101),
	} {
		h.wantStatus(h.call(accessToken, http.MethodGet, "/v2/api-creds/credentials?"+query, ""), http.StatusBadRequest)
	}
}

// TestListPaging checks that the pages show every credential once, although one is deleted and one
// created in between.
func TestListPaging(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	id, secret := h.newCredential("api_creds:read_credentials")
	accessToken := h.requestToken(id, secret, "api_creds:read_credentials")
	var clients []string
	for i := range 6 {
		c, _, err := h.CreateCredential(Credential{Nickname: fmt.Sprintf("c%d", i)})
		if err != nil {
			t.Fatal(err)
		}
		clients = append(clients, c.ClientID)
	}
	query := url.Values{"limit": {"3"}}
	first, next := h.listed(accessToken, query)
	if err := h.DeleteCredential(clients[3]); err != nil { // the one that the cursor names
		t.Fatal(err)
	}
	h.newCredential()
	query.Set("page_cursor", next)
	second, next := h.listed(accessToken, query)
	query.Set("page_cursor", next)
	third, last := h.listed(accessToken, query)

	all := slices.Concat(first, second, third)
	if want := "c5 c4 c3 c2 c1 c0 test"; strings.Join(all, " ") != want {
		t.Errorf("pages %q, want %q", all, want)
	}
	if last != "" {
		t.Errorf("the last page has the cursor %q", last)
	}
}

// TestListShowsNoSecret checks the members of an item.
func TestListShowsNoSecret(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	id, secret := h.newCredential("api_creds:read_credentials")
	a := h.call(h.requestToken(id, secret, "api_creds:read_credentials"), http.MethodGet,
		"/v2/api-creds/credentials", "")
	if strings.Contains(a.body, secret) {
		t.Error("the list shows a secret")
	}
	for _, member := range []string{
		"id", "customer_id", "client_id", "nickname", "status", "client_scopes", "ip_allowlist",
		"enforce_request_signing",
		"client_public_keys", "created_at", "updated_at", "created_by",
	} {
		if !strings.Contains(a.body, `"`+member+`":`) {
			t.Errorf("an item lacks %s: %s", member, a.body)
		}
	}
}

// TestDeleteByAPI checks that a deletion ends the client and its tokens, that a second one finds
// nothing, and that a client can delete itself.
func TestDeleteByAPI(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	adminID, adminSecret := h.newCredential("api_creds:delete_credentials", "api_creds:read_credentials")
	admin := h.requestToken(adminID, adminSecret, "api_creds:delete_credentials")
	id, secret := h.newCredential("funding:read_profile")
	victim := h.requestToken(id, secret, "funding:read_profile")
	const path = "/v2/api-creds/credentials/"

	h.wantStatus(h.call(victim, http.MethodDelete, path+id, ""), http.StatusForbidden)
	h.wantAlive(victim, true)
	deleted := h.call(admin, http.MethodDelete, path+id, "")
	h.wantStatus(deleted, http.StatusOK)
	shown, _ := deleted.object(t)["credentials"].(map[string]any)
	if shown["client_id"] != id || shown["status"] != "DISABLED" {
		t.Errorf("deleted %s", deleted.body)
	}
	if err := h.EditCredential(id, func(c *Credential) { c.Status = statusApproved }); err != nil {
		t.Fatal(err)
	}
	h.wantAlive(victim, false) // the token has ended itself, not only its client
	h.wantStatus(h.call(admin, http.MethodDelete, path+id, ""), http.StatusOK)
	h.wantStatus(h.call(admin, http.MethodDelete, path+id, ""), http.StatusNotFound)
	h.wantStatus(h.call(admin, http.MethodDelete, path+newUUID(), ""), http.StatusNotFound)

	h.wantStatus(h.call(admin, http.MethodDelete, path+adminID, ""), http.StatusOK)
	h.wantAlive(admin, false)
	h.wantStatus(h.call(admin, http.MethodDelete, path+id, ""), http.StatusUnauthorized)
	if h.Calls(DeleteCredentials) != 7 || h.Calls(ListCredentials) != 0 || h.Calls(Operations) != 0 {
		t.Errorf("%d deletions counted, want 7", h.Calls(DeleteCredentials))
	}
}
