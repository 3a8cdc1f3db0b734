package paxostest

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// A clock shows a time that a test sets.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

// newClock returns a clock that shows a fixed time.
func newClock() *clock {
	return &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
}

// Now returns the time. The server reads it.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// advance moves the clock forward.
func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// A harness is a server, its clock, and an HTTP client that does not follow redirects.
type harness struct {
	*Server
	t      *testing.T
	clock  *clock
	client *http.Client
}

// newHarness starts a server with a clock that the test controls, and stops it when the test ends.
func newHarness(t *testing.T, options Options) *harness {
	t.Helper()
	clock := newClock()
	options.Now = clock.Now
	server, err := Start(options)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(func() {
		server.Close()
		transport.CloseIdleConnections()
	})
	return &harness{Server: server, t: t, clock: clock, client: &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// An answer is a response with its whole body.
type answer struct {
	status int
	header http.Header
	body   string
}

// object returns the body as a JSON object.
func (a answer) object(t *testing.T) map[string]any {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal([]byte(a.body), &object); err != nil {
		t.Fatalf("body %q: %v", a.body, err)
	}
	return object
}

// try sends a request and returns the answer, or an error if there was none.
func (h *harness) try(request *http.Request) (answer, error) {
	response, err := h.client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, string(body)}, err
}

// send is like try, and fails the test if there is no answer.
func (h *harness) send(request *http.Request) answer {
	h.t.Helper()
	a, err := h.try(request)
	if err != nil {
		h.t.Fatal(err)
	}
	return a
}

// request returns a request to a path of the server.
func (h *harness) request(method, path, body string) *http.Request {
	h.t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), method, h.URL()+path, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	return request
}

// call sends a request with a bearer token, or with none if it is empty.
func (h *harness) call(accessToken, method, path, body string) answer {
	h.t.Helper()
	request := h.request(method, path, body)
	if accessToken != "" {
		request.Header.Set("Authorization", "Bearer "+accessToken)
	}
	return h.send(request)
}

// form returns a POST request with a form.
func (h *harness) form(path string, values url.Values) *http.Request {
	h.t.Helper()
	request := h.request(http.MethodPost, path, values.Encode())
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return request
}

// newCredential creates a credential with the scopes.
func (h *harness) newCredential(scopes ...string) (clientID, secret string) {
	h.t.Helper()
	created, secret, err := h.CreateCredential(Credential{Nickname: "test", Scopes: scopes})
	if err != nil {
		h.t.Fatal(err)
	}
	return created.ClientID, secret
}

// tokenForm returns the form of a token request.
func tokenForm(clientID, secret string, scopes ...string) url.Values {
	return url.Values{
		"grant_type":    {"client_credentials"},
		"client_id":     {clientID},
		"client_secret": {secret},
		"scope":         {strings.Join(scopes, " ")},
	}
}

// requestToken requests a token and fails the test if there is none.
func (h *harness) requestToken(clientID, secret string, scopes ...string) string {
	h.t.Helper()
	a := h.send(h.form("/oauth2/token", tokenForm(clientID, secret, scopes...)))
	if a.status != http.StatusOK {
		h.t.Fatalf("requesting a token: %d %s", a.status, a.body)
	}
	accessToken, _ := a.object(h.t)["access_token"].(string)
	return accessToken
}

// revoke sends a request to revoke a token.
func (h *harness) revoke(clientID, secret, accessToken string) answer {
	h.t.Helper()
	return h.send(h.form("/oauth2/revoke",
		url.Values{"client_id": {clientID}, "client_secret": {secret}, "token": {accessToken}}))
}

// wantStatus fails the test unless the answer has the status.
func (h *harness) wantStatus(a answer, status int) {
	h.t.Helper()
	if a.status != status {
		h.t.Fatalf("answered %d %s, want %d", a.status, a.body, status)
	}
}

// wantAlive fails the test unless the token is alive, or has ended, as wanted.
func (h *harness) wantAlive(accessToken string, want bool) {
	h.t.Helper()
	if got := h.Alive(accessToken); got != want {
		h.t.Fatalf("token alive: %t, want %t", got, want)
	}
}

// await waits until done returns true, and fails the test after ten seconds of the real clock.
func (h *harness) await(what string, done func() bool) {
	h.t.Helper()
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for deadline := time.Now().Add(10 * time.Second); !done(); <-poll.C {
		if time.Now().After(deadline) {
			h.t.Fatalf("waited too long for %s", what)
		}
	}
}
