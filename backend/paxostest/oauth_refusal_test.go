package paxostest

import (
	"net/http"
	"strings"
	"testing"
)

// TestOtherMethods checks that the OAuth endpoints answer 405 as text to methods other than POST, and
// that such requests count.
func TestOtherMethods(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	methods := []string{"GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"}
	for _, path := range []string{"/oauth2/token", "/oauth2/revoke"} {
		for _, method := range methods {
			a := h.send(h.request(method, path, ""))
			want := "Method Not Allowed\n"
			if method == http.MethodHead {
				want = ""
			}
			if a.status != http.StatusMethodNotAllowed || a.body != want ||
				!strings.HasPrefix(a.header.Get("Content-Type"), "text/plain") ||
				!strings.Contains(a.header.Get("Allow"), "POST") {
				t.Errorf("%s %s: %d %q %v", method, path, a.status, a.body, a.header)
			}
		}
	}
	if h.Calls(TokenEndpoint) != len(methods) || h.Calls(Revoke) != len(methods) {
		t.Errorf("%d and %d calls, want %d each", h.Calls(TokenEndpoint), h.Calls(Revoke), len(methods))
	}
}

// TestFormOfRefusals compares whole refusals of both OAuth endpoints with those of Hydra 1.8.
func TestFormOfRefusals(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	id, secret := h.newCredential("a:b")
	const (
		badClient = "Client authentication failed (e.g., unknown client, no client authentication included, or " +
			"unsupported authentication method)."
		badRequest = "The request is missing a required parameter, includes an invalid parameter value, includes a " +
			"parameter more than once, or is otherwise malformed."
		badScope = "The requested scope is invalid, unknown, or malformed."
	)
	for name, test := range map[string]struct {
		answer              answer
		status              int
		code, verbose, hint string
	}{
		"revocation with a wrong secret": {h.revoke(id, "wrong", "x.y"), 401, "invalid_client", badClient, ""},
		"revocation by an unknown client": {h.revoke(newUUID(), secret, "x.y"), 401, "invalid_client", badClient,
			""},
		"empty revocation": {h.send(h.form("/oauth2/revoke", nil)), 400, "invalid_request", badRequest,
			"Make sure that the various parameters are correct"},
		"empty token request": {h.send(h.form("/oauth2/token", nil)), 400, "invalid_request", badRequest,
			"The POST body can not be empty."},
		"scope that the client lacks": {h.send(h.form("/oauth2/token", tokenForm(id, secret, "c:d"))), 400,
			"invalid_scope", badScope, `The OAuth 2.0 Client is not allowed to request scope 'c:d'.`},
	} {
		object := test.answer.object(t)
		hint, _ := object["error_hint"].(string)
		description := test.verbose
		if hint != "" {
			description += "\n\n" + hint
		}
		if test.answer.status != test.status || object["status_code"] != float64(test.status) ||
			object["error"] != test.code || object["error_verbose"] != test.verbose ||
			object["error_description"] != description || !strings.HasPrefix(hint, test.hint) ||
			(hint == "") != (test.hint == "") {
			t.Errorf("%s: %d %s", name, test.answer.status, test.answer.body)
		}
	}
}
