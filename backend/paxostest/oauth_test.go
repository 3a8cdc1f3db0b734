package paxostest

import (
	"bytes"
	"maps"
	"mime/multipart"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestTokenReply compares the reply to a token request with the samples that Paxos publishes.
func TestTokenReply(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	id, secret := h.newCredential("funding:read_profile", "transfer:read_transfer")

	a := h.send(h.form("/oauth2/token", tokenForm(id, secret, "transfer:read_transfer", "funding:read_profile")))
	h.wantStatus(a, http.StatusOK)
	object := a.object(t)
	keys := slices.Sorted(maps.Keys(object))
	if want := []string{"access_token", "expires_in", "scope", "token_type"}; !slices.Equal(keys, want) {
		t.Errorf("keys %q, want %q", keys, want)
	}
	if shape := regexp.MustCompile(`^[\w-]{43}\.[\w-]{43}$`); !shape.MatchString(object["access_token"].(string)) {
		t.Errorf("access_token %q is not of the shape %s", object["access_token"], shape)
	}
	if object["expires_in"] != 3599.0 {
		t.Errorf("expires_in %v, want 3599", object["expires_in"])
	}
	if object["scope"] != "transfer:read_transfer funding:read_profile" {
		t.Errorf("scope %q is not what was asked for, in that order", object["scope"])
	}
	if object["token_type"] != "bearer" {
		t.Errorf("token_type %q, want bearer", object["token_type"])
	}
	if a.header.Get(sandboxHeader) == "" {
		t.Error("the reply does not say that it is a stand-in's")
	}
	h.wantAlive(object["access_token"].(string), true)
}

// TestTokenRefusals checks refused token requests, with their status and the code of RFC 6749.
func TestTokenRefusals(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	id, secret := h.newCredential("funding:read_profile")
	disabled, disabledSecret := h.newCredential("funding:read_profile")
	if err := h.DisableCredential(disabled); err != nil {
		t.Fatal(err)
	}
	basic := h.form("/oauth2/token", map[string][]string{"grant_type": {"client_credentials"}})
	basic.SetBasicAuth(id, secret)
	otherGrant := tokenForm(id, secret)
	otherGrant.Set("grant_type", "password")

	for name, test := range map[string]struct {
		request *http.Request
		status  int
		code    string
	}{
		"one bad scope among good ones": {h.form("/oauth2/token",
			tokenForm(id, secret, "funding:read_profile", "funding:write_profile")), 400, "invalid_scope"},
		"a scope that contains a held one": {h.form("/oauth2/token",
			tokenForm(id, secret, "funding:read_profile.x")), 400, "invalid_scope"},
		"wrong secret": {h.form("/oauth2/token", tokenForm(id, "wrong", "funding:read_profile")),
			401, "invalid_client"},
		"unknown client": {h.form("/oauth2/token", tokenForm(newUUID(), secret)), 401,
			"invalid_client"},
		"disabled client": {h.form("/oauth2/token", tokenForm(disabled, disabledSecret)), 401,
			"invalid_client"},
		"HTTP Basic":         {basic, 401, "invalid_client"},
		"another grant type": {h.form("/oauth2/token", otherGrant), 400, "invalid_request"},
		"empty body":         {h.form("/oauth2/token", nil), 400, "invalid_request"},
	} {
		a := h.send(test.request)
		if got := a.object(t)["error"]; a.status != test.status || got != test.code {
			t.Errorf("%s: %d %v, want %d %s", name, a.status, got, test.status, test.code)
		}
	}
	if issued := h.Tokens(); len(issued) != 0 {
		t.Errorf("%d tokens were issued to requests that were refused", len(issued))
	}
}

// TestTokenWithoutScope checks that a token without scopes opens no operation that needs one.
func TestTokenWithoutScope(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	id, secret := h.newCredential("funding:read_profile")
	a := h.send(h.form("/oauth2/token", tokenForm(id, secret)))
	h.wantStatus(a, http.StatusOK)
	if scope := a.object(t)["scope"]; scope != "" {
		t.Errorf("scope %q, want it empty", scope)
	}
	h.wantStatus(h.call(a.object(t)["access_token"].(string), http.MethodGet, "/v2/profiles", ""), http.StatusForbidden)
}

// TestMultipartTokenRequest sends the form as multipart data, as a guide of Paxos does.
func TestMultipartTokenRequest(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	id, secret := h.newCredential("funding:read_profile")
	var body bytes.Buffer
	writer := multipart.NewWriter(&body)
	for name, values := range tokenForm(id, secret, "funding:read_profile") {
		if err := writer.WriteField(name, values[0]); err != nil {
			t.Fatal(err)
		}
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	request := h.request(http.MethodPost, "/oauth2/token", body.String())
	request.Header.Set("Content-Type", writer.FormDataContentType())
	h.wantStatus(h.send(request), http.StatusOK)
}

// TestBasicClient checks that a client whose method is client_secret_basic must use it.
func TestBasicClient(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	created, secret, err := h.CreateCredential(Credential{AuthMethod: "client_secret_basic"})
	if err != nil {
		t.Fatal(err)
	}
	request := h.form("/oauth2/token", map[string][]string{"grant_type": {"client_credentials"}})
	request.SetBasicAuth(created.ClientID, secret)
	h.wantStatus(h.send(request), http.StatusOK)
	h.wantStatus(h.send(h.form("/oauth2/token", tokenForm(created.ClientID, secret))), http.StatusUnauthorized)
}

// TestRevocation checks that every revocation by an authenticated client is answered with 200, and that
// only tokens of this client are revoked.
func TestRevocation(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	id, secret := h.newCredential("funding:read_profile")
	otherID, otherSecret := h.newCredential("funding:read_profile")
	mine := h.requestToken(id, secret, "funding:read_profile")
	second := h.requestToken(id, secret, "funding:read_profile")

	h.wantStatus(h.revoke(otherID, otherSecret, mine), http.StatusOK)
	h.wantAlive(mine, true)
	h.wantStatus(h.revoke(id, secret, "unknown.token"), http.StatusOK)
	h.wantStatus(h.revoke(id, "wrong", mine), http.StatusUnauthorized)
	h.wantAlive(mine, true)

	h.wantStatus(h.revoke(id, secret, mine), http.StatusOK)
	h.wantAlive(mine, false)
	h.wantAlive(second, true)
	h.wantStatus(h.call(mine, http.MethodGet, "/v2/profiles", ""), http.StatusUnauthorized)
	h.wantStatus(h.revoke(id, secret, mine), http.StatusOK)
	if revoked := h.Tokens()[0].RevokedAt; !revoked.Equal(h.clock.Now()) {
		t.Errorf("revoked at %s, want the injected time", revoked)
	}
}

// TestTokenLifetime checks that the option decides the lifetime, in the reply and in the table.
func TestTokenLifetime(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{TokenLifetime: 90 * time.Second})
	id, secret := h.newCredential()
	a := h.send(h.form("/oauth2/token", tokenForm(id, secret)))
	if got := a.object(t)["expires_in"]; got != 89.0 {
		t.Errorf("expires_in %v, want 89", got)
	}
	if got := h.Tokens()[0]; got.ExpiresAt.Sub(got.IssuedAt) != 90*time.Second {
		t.Errorf("the table has a lifetime of %s", got.ExpiresAt.Sub(got.IssuedAt))
	}
}

// TestConcurrentTokens requests, uses and revokes tokens from many goroutines, to be run with the race
// detector.
func TestConcurrentTokens(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{TokenLimit: -1})
	id, secret := h.newCredential("funding:read_profile")
	const workers, each = 8, 25
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for i := range each {
				a, err := h.try(h.form("/oauth2/token", tokenForm(id, secret, "funding:read_profile")))
				if err != nil || a.status != http.StatusOK {
					t.Errorf("requesting a token: %d %v", a.status, err)
					return
				}
				accessToken, _, _ := strings.Cut(strings.TrimPrefix(a.body, `{"access_token":"`), `"`)
				if i%2 == 0 {
					h.revoke(id, secret, accessToken)
				}
				_ = h.LiveTokens()
			}
		})
	}
	group.Wait()
	distinct := map[string]bool{}
	for _, issued := range h.Tokens() {
		distinct[issued.Fingerprint] = true
	}
	if len(distinct) != workers*each {
		t.Errorf("%d distinct tokens, want %d", len(distinct), workers*each)
	}
	if live, want := len(h.LiveTokens()), workers*(each/2); live != want {
		t.Errorf("%d tokens live, want %d", live, want)
	}
	if h.MostTokenRequestsInWindow() != workers*each || h.Calls(TokenEndpoint) != workers*each {
		t.Errorf("%d calls in a window of %d, want %d", h.MostTokenRequestsInWindow(), h.Calls(TokenEndpoint),
			workers*each)
	}
}
