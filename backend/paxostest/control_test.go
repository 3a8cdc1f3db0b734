package paxostest

import (
	"net/http"
	"strings"
	"testing"
)

// TestControlCredentials creates, changes, rotates and deletes a credential with the control API.
func TestControlCredentials(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	const path = "/sandbox/credentials"
	made := h.call("", http.MethodPost, path,
		`{"nickname":"demo","scopes":["funding:read_profile"],"ip_allowlist":["127.0.0.1"]}`)
	h.wantStatus(made, http.StatusOK)
	id, secret := made.object(t)["client_id"].(string), made.object(t)["client_secret"].(string)
	accessToken := h.requestToken(id, secret, "funding:read_profile")
	h.wantStatus(h.call(accessToken, http.MethodGet, "/v2/profiles", ""), http.StatusOK)

	edited := h.call("", http.MethodPost, path+"/"+id, `{"scopes":["a:b"]}`)
	h.wantStatus(edited, http.StatusOK)
	if object := edited.object(t); object["nickname"] != "demo" || len(object["ip_allowlist"].([]any)) != 1 {
		t.Errorf("edited %s: what was left out has changed", edited.body)
	}
	rotated := h.call("", http.MethodPost, path+"/"+id+"/rotate", "")
	h.wantStatus(rotated, http.StatusOK)
	h.wantStatus(h.send(h.form("/oauth2/token", tokenForm(id, secret))), http.StatusUnauthorized)
	h.requestToken(id, rotated.object(t)["client_secret"].(string), "a:b")

	list := h.call("", http.MethodGet, path, "")
	if !strings.Contains(list.body, id) || strings.Contains(list.body, rotated.object(t)["client_secret"].(string)) {
		t.Errorf("list %s", list.body)
	}
	h.wantStatus(h.call("", http.MethodDelete, path+"/"+id, ""), http.StatusOK)
	h.wantAlive(accessToken, false)
}

// TestControlRefusals checks the requests that the control API refuses.
func TestControlRefusals(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	id, _ := h.newCredential()
	for _, test := range []struct {
		method, path, body string
		status             int
	}{
		{"POST", "/sandbox/credentials", `{"name":"misspelt"}`, 400},
		{"POST", "/sandbox/credentials", ``, 400},
		{"POST", "/sandbox/credentials", `{"auth_method":"none"}`, 400},
		{"POST", "/sandbox/credentials", `{"client_id":"` + id + `"}`, 409},
		{"POST", "/sandbox/credentials/" + id, `{"client_id":"other"}`, 400},
		{"POST", "/sandbox/credentials/" + id, `{"status":"GONE"}`, 400},
		{"POST", "/sandbox/credentials/nobody", `{}`, 404},
		{"POST", "/sandbox/credentials/nobody/rotate", ``, 404},
		{"DELETE", "/sandbox/credentials/nobody", ``, 404},
		{"GET", "/sandbox/tokens/none", ``, 404},
		{"GET", "/sandbox/", ``, 404},
		{"POST", "/sandbox/faults", `{"endpoint":"tokens","status":500}`, 400},
		{"POST", "/sandbox/faults", `{"endpoint":"token","status":99}`, 400},
		{"POST", "/sandbox/faults", `{"endpoint":"token","times":-1}`, 400},
		{"POST", "/sandbox/faults", `{"endpoint":"token","delay":"soon"}`, 400},
		{"POST", "/sandbox/faults", `{"endpoint":"token","drip":"-1s"}`, 400},
		{"POST", "/sandbox/credentials", strings.Repeat(" ", maxBody+1), 413},
	} {
		if a := h.call("", test.method, test.path, test.body); a.status != test.status {
			t.Errorf("%s %s %.60s: %d %s, want %d", test.method, test.path, test.body, a.status, a.body, test.status)
		}
	}
}

// TestControlTokens checks that the control API shows which tokens are alive, and no token itself.
func TestControlTokens(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	id, secret := h.newCredential("funding:read_profile")
	first, second := h.requestToken(id, secret, "funding:read_profile"), h.requestToken(id, secret)
	h.revoke(id, secret, first)

	all := h.call("", http.MethodGet, "/sandbox/tokens", "")
	if listed, _ := all.object(t)["tokens"].([]any); len(listed) != 2 || strings.Contains(all.body, first) ||
		strings.Contains(all.body, second) {
		t.Errorf("tokens %s", all.body)
	}
	dead := h.call("", http.MethodGet, "/sandbox/tokens/"+Fingerprint(first), "").object(t)
	if dead["alive"] != false || dead["revoked_at"] == nil || dead["client_id"] != id {
		t.Errorf("revoked token %v", dead)
	}
	live := h.call("", http.MethodGet, "/sandbox/tokens/"+Fingerprint(second), "").object(t)
	if live["alive"] != true || live["revoked_at"] != nil || live["expires_at"] != "2026-03-01T13:00:00Z" {
		t.Errorf("live token %v", live)
	}
}

// TestControlFaults injects a fault for some requests, then for all, and then heals.
func TestControlFaults(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	id, secret := h.newCredential()
	status := func() int { return h.send(h.form("/oauth2/token", tokenForm(id, secret))).status }
	inject := func(body string) {
		t.Helper()
		h.wantStatus(h.call("", http.MethodPost, "/sandbox/faults", body), http.StatusNoContent)
	}
	inject(`{"endpoint":"token","times":2,"status":503,"delay":"1ms","headers":{"Retry-After":"1"}}`)
	for _, want := range []int{503, 503, 200} {
		if got := status(); got != want {
			t.Errorf("status %d, want %d", got, want)
		}
	}
	inject(`{"endpoint":"token","status":500}`)
	for range 3 {
		if got := status(); got != 500 {
			t.Errorf("status %d, want 500", got)
		}
	}
	h.wantStatus(h.call("", http.MethodDelete, "/sandbox/faults", ""), http.StatusNoContent)
	inject(`{"endpoint":"token","times":1,"set":{"scope":"other","expires_in":null}}`)
	object := h.send(h.form("/oauth2/token", tokenForm(id, secret))).object(t)
	if _, has := object["expires_in"]; has || object["scope"] != "other" {
		t.Errorf("rewritten to %v", object)
	}
}

// TestControlCalls checks that the control API shows the counters and the ban, also during a ban.
func TestControlCalls(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{TokenLimit: 2})
	id, secret := h.newCredential()
	for range 4 {
		h.send(h.form("/oauth2/token", tokenForm(id, secret)))
	}
	h.call("", http.MethodGet, "/nowhere", "")
	a := h.call("", http.MethodGet, "/sandbox/calls", "")
	want := `{"banned_until":{"127.0.0.1":"2026-03-01T12:05:00Z"},"endpoints":{"token":4},"most_in_window":4,"total":5}`
	if a.body != want {
		t.Errorf("calls %s, want %s", a.body, want)
	}
}

// TestControlKeepsWebPagesOut checks that requests from web pages and for foreign host names are
// refused, unless remote access is allowed anyway.
func TestControlKeepsWebPagesOut(t *testing.T) {
	t.Parallel()
	closed, open := newHarness(t, Options{}), newHarness(t, Options{AllowRemote: true})
	for name, test := range map[string]struct {
		origin, host string
		status       int
	}{
		"plain":               {"", "", 200},
		"localhost":           {"", "localhost:8300", 200},
		"loopback address":    {"", "127.9.9.9", 200},
		"IPv6":                {"", "[::1]:8300", 200},
		"rebound name":        {"", "attacker.example:8300", 403},
		"private address":     {"", "10.0.0.1:8300", 403},
		"page of its own":     {"http://127.0.0.1:8300", "", 403},
		"page of somebody":    {"https://attacker.example", "", 403},
		"page without origin": {"null", "", 403},
	} {
		for _, h := range []*harness{closed, open} {
			request := h.request(http.MethodGet, "/sandbox/calls", "")
			if test.origin != "" {
				request.Header.Set("Origin", test.origin)
			}
			if test.host != "" {
				request.Host = test.host
			}
			want := test.status
			if h == open {
				want = 200
			}
			if a := h.send(request); a.status != want {
				t.Errorf("%s: %d, want %d", name, a.status, want)
			}
		}
	}
}
