package paxostest

import (
	"net/http"
	"testing"

	"vault-plugin-secrets-paxos/backend/catalog"
)

// TestCountedPatterns compares the patterns of the two endpoints in the API with the catalogue.
func TestCountedPatterns(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{"ListApiCredentials": listCredentialsPattern,
		"DeleteApiCredentials": deleteCredentialsPattern} {
		if o, _ := catalog.LookupOperation(id); patternOf(o) != want {
			t.Errorf("%s is served at %q and counted at %q", id, patternOf(o), want)
		}
	}
}

// TestBearer checks the refusals of a bearer token, in the words of Paxos.
func TestBearer(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	id, secret := h.newCredential("funding:read_profile", "transfer:read_transfer", "a:b")
	narrow := h.requestToken(id, secret, "transfer:read_transfer", "a:b")
	good := h.requestToken(id, secret, "funding:read_profile")

	for name, test := range map[string]struct {
		header, detail string
		status         int
	}{
		"no header":    {"", "no authorization header set", 401},
		"no token":     {"Bearer", "invalid or expired token", 401},
		"not a bearer": {"Basic " + good, "invalid or expired token", 401},
		"unknown":      {"Bearer " + good + "x", "invalid or expired token", 401},
		"narrow": {"Bearer " + narrow,
			"insufficient scopes: found 'transfer:read_transfer a:b', required one of '[funding:read_profile]'", 403},
	} {
		request := h.request(http.MethodGet, "/v2/profiles", "")
		if test.header != "" {
			request.Header.Set("Authorization", test.header)
		}
		a := h.send(request)
		object := a.object(t)
		if a.status != test.status || object["detail"] != test.detail || object["type"] != "about:blank" ||
			object["status"] != float64(test.status) {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
		if got := a.header.Get("Content-Type"); got != "application/problem+json" {
			t.Errorf("%s: content type %q", name, got)
		}
	}
	request := h.request(http.MethodGet, "/v2/profiles", "")
	request.Header.Set("Authorization", "bearer "+good) // in the spelling of token_type in the reply
	h.wantStatus(h.send(request), http.StatusOK)
}

// TestAllowList checks that a change of the allow-list applies at once, also to tokens issued before.
func TestAllowList(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	id, secret := h.newCredential("funding:read_profile")
	accessToken := h.requestToken(id, secret, "funding:read_profile")
	for _, test := range []struct {
		entries []string
		status  int
	}{
		{[]string{"10.0.0.0/8"}, http.StatusForbidden},
		{[]string{"10.0.0.0/8", "127.0.0.1"}, http.StatusOK},
		{[]string{"127.0.0.0/8"}, http.StatusOK},
		{[]string{"127.0.0.2"}, http.StatusForbidden},
		{nil, http.StatusOK},
	} {
		if err := h.EditCredential(id, func(c *Credential) { c.IPAllowlist = test.entries }); err != nil {
			t.Fatal(err)
		}
		if a := h.call(accessToken, http.MethodGet, "/v2/profiles", ""); a.status != test.status {
			t.Errorf("%q: %d %s", test.entries, a.status, a.body)
		}
	}
}

// TestUnknownPath checks that a request to an unknown path counts in the total only.
func TestUnknownPath(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	h.wantStatus(h.call("", http.MethodGet, "/v2/nothing", ""), http.StatusNotFound)
	h.wantStatus(h.call("", http.MethodGet, "/v2/profiles", ""), http.StatusUnauthorized)
	h.wantStatus(h.call("", http.MethodGet, "/sandbox/calls", ""), http.StatusOK)
	if h.TotalCalls() != 2 || h.Calls(Operations) != 1 {
		t.Errorf("%d calls, %d of them to operations; want 2 and 1", h.TotalCalls(), h.Calls(Operations))
	}
}
