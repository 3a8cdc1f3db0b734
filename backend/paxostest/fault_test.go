package paxostest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// requestOrFail sends a token request, which a fault may make fail.
func (h *harness) requestOrFail(clientID, secret string) (answer, error) {
	return h.try(h.form("/oauth2/token", tokenForm(clientID, secret, "funding:read_profile")))
}

// TestFaultStatus checks that the error has the form of the endpoint, and that no work is done.
func TestFaultStatus(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	id, secret := h.newCredential("funding:read_profile")
	for name, test := range map[string]struct {
		fault  Fault
		status int
		body   string
	}{
		"oauth 500":     {Fault{Status: 500}, 500, `"error":"server_error"`},
		"oauth 503":     {Fault{Status: 503}, 503, `"error":"temporarily_unavailable"`},
		"oauth 401":     {Fault{Status: 401}, 401, `"error":"invalid_client"`},
		"rate limit":    {Fault{Status: 429}, 429, `"title":"Too Many Requests"`},
		"body":          {Fault{Status: 502, Body: "<html>bad gateway</html>"}, 502, "<html>bad gateway</html>"},
		"body alone":    {Fault{Body: "[]"}, 200, "[]"},
		"empty success": {Fault{Status: 200}, 200, ""},
	} {
		h.FailNext(TokenEndpoint, test.fault)
		a, err := h.requestOrFail(id, secret)
		if err != nil || a.status != test.status || !strings.Contains(a.body, test.body) {
			t.Errorf("%s: %d %s %v", name, a.status, a.body, err)
		}
	}
	if len(h.Tokens()) != 0 {
		t.Error("a made-up answer created a token")
	}
	h.FailNext(Operations, Fault{Status: 504})
	a := h.call("", http.MethodGet, "/v2/profiles", "")
	if a.status != 504 || a.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("operation: %d %s", a.status, a.body)
	}
}

// TestFaultQueue checks that queued faults apply to one request each and come before a permanent one,
// at their endpoint only, and that Heal removes them.
func TestFaultQueue(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	h.FailAll(Discovery, Fault{Status: 500})
	h.FailNext(Discovery, Fault{Status: 501}, Fault{Status: 502})
	h.FailNext(Discovery, Fault{}, Fault{Status: 503})
	for _, want := range []int{501, 502, 200, 503, 500, 500} {
		h.wantStatus(h.call("", http.MethodGet, "/.well-known/openid-configuration", ""), want)
	}
	h.wantStatus(h.call("", http.MethodGet, "/v2/profiles", ""), http.StatusUnauthorized)
	h.FailNext(Discovery, Fault{Status: 503})
	h.Heal()
	h.wantStatus(h.call("", http.MethodGet, "/.well-known/openid-configuration", ""), http.StatusOK)
	if h.Calls(Discovery) != 7 {
		t.Errorf("%d calls counted, want 7", h.Calls(Discovery))
	}
}

// TestFaultHeader checks that headers are added to made-up and to real answers.
func TestFaultHeader(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	header := http.Header{"retry-after": {"7"}}
	h.FailNext(Discovery, Fault{Status: 503, Header: header}, Fault{Header: header})
	for _, status := range []int{503, 200} {
		a := h.call("", http.MethodGet, "/.well-known/openid-configuration", "")
		if a.status != status || a.header.Get("Retry-After") != "7" || a.header.Get(sandboxHeader) == "" {
			t.Errorf("%d %v", a.status, a.header)
		}
	}
}

// TestFaultRedirect checks the answer that redirects to another URL.
func TestFaultRedirect(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	h.FailNext(TokenEndpoint, Fault{Redirect: "https://elsewhere.example/"},
		Fault{Redirect: "https://elsewhere.example/", Status: 303})
	for _, status := range []int{307, 303} {
		a := h.send(h.form("/oauth2/token", nil))
		if a.status != status || a.header.Get("Location") != "https://elsewhere.example/" {
			t.Errorf("%d %v", a.status, a.header)
		}
	}
}

// TestFaultDrop drops a connection before the work, so that there is no token, and after it, so that
// there is one.
func TestFaultDrop(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	id, secret := h.newCredential("funding:read_profile")
	h.FailNext(TokenEndpoint, Fault{Drop: true})
	if a, err := h.requestOrFail(id, secret); err == nil || len(h.Tokens()) != 0 {
		t.Errorf("dropped request: answered %d, %d tokens", a.status, len(h.Tokens()))
	}
	h.FailNext(TokenEndpoint, Fault{DropReply: true})
	if a, err := h.requestOrFail(id, secret); err == nil || len(h.LiveTokens()) != 1 {
		t.Errorf("dropped reply: answered %d, %d live tokens", a.status, len(h.LiveTokens()))
	}
	if h.Calls(TokenEndpoint) != 2 {
		t.Errorf("%d calls counted, want 2", h.Calls(TokenEndpoint))
	}
}

// TestFaultTruncate checks that half of the body is sent with the full length.
func TestFaultTruncate(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	id, secret := h.newCredential("funding:read_profile")
	h.FailNext(TokenEndpoint, Fault{Truncate: true})
	a, err := h.requestOrFail(id, secret)
	if !errors.Is(err, io.ErrUnexpectedEOF) || a.status != http.StatusOK || len(a.body) == 0 ||
		strings.HasSuffix(a.body, "}") {
		t.Errorf("%d %q %v", a.status, a.body, err)
	}
	if len(h.LiveTokens()) != 1 {
		t.Error("the work was not done")
	}
}

// TestFaultRewrite checks that the real answer is changed.
func TestFaultRewrite(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	id, secret := h.newCredential("funding:read_profile")
	h.FailNext(TokenEndpoint, Fault{Rewrite: func(object map[string]any) {
		object["scope"] = "other"
		delete(object, "expires_in")
	}})
	a, err := h.requestOrFail(id, secret)
	if err != nil {
		t.Fatal(err)
	}
	object := a.object(t)
	if _, has := object["expires_in"]; has || object["scope"] != "other" {
		t.Errorf("body %s", a.body)
	}
	h.wantAlive(object["access_token"].(string), true)
}

// TestFaultHang checks that a request is not answered until its client closes the connection, and that
// no work is done.
func TestFaultHang(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	id, secret := h.newCredential("funding:read_profile")
	for name, fault := range map[string]Fault{"hang": {Hang: true}, "delay": {Delay: time.Hour}} {
		h.FailNext(TokenEndpoint, fault)
		before := h.Calls(TokenEndpoint)
		ctx, leave := context.WithCancel(t.Context())
		left := make(chan error)
		go func() {
			_, err := h.try(h.form("/oauth2/token", tokenForm(id, secret)).WithContext(ctx))
			left <- err
		}()
		h.await("the request", func() bool { return h.Calls(TokenEndpoint) > before })
		leave()
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
	h.Close() // it waits for the handlers
	if len(h.Tokens()) != 0 {
		t.Error("an abandoned request created a token")
	}
}

// TestFaultDelay checks that the request continues after the delay.
func TestFaultDelay(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	id, secret := h.newCredential("funding:read_profile")
	h.FailNext(TokenEndpoint, Fault{Delay: 20 * time.Millisecond})
	start := time.Now()
	if a, err := h.requestOrFail(id, secret); err != nil || a.status != http.StatusOK {
		t.Fatalf("%d %v", a.status, err)
	}
	if waited := time.Since(start); waited < 20*time.Millisecond {
		t.Errorf("answered after %s", waited)
	}
}

// TestFaultDrip checks that the whole body arrives.
func TestFaultDrip(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	h.FailNext(Discovery, Fault{Status: 200, Body: `{"a":1}`, Drip: time.Millisecond})
	if a := h.call("", http.MethodGet, "/.well-known/openid-configuration", ""); a.body != `{"a":1}` {
		t.Errorf("body %q", a.body)
	}
}

// TestFaultHold checks that requests wait until the channel is closed, and that their work is then done
// also for a client that has gone.
func TestFaultHold(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	id, secret := h.newCredential("funding:read_profile")
	hold := make(chan struct{})
	h.FailNext(TokenEndpoint, Fault{Hold: hold}, Fault{Hold: hold})
	answered := make(chan error)
	go func() {
		_, err := h.requestOrFail(id, secret)
		answered <- err
	}()
	ctx, leave := context.WithCancel(t.Context())
	left := make(chan error)
	go func() {
		_, err := h.try(h.form("/oauth2/token", tokenForm(id, secret)).WithContext(ctx))
		left <- err
	}()
	h.await("both requests", func() bool { return h.Calls(TokenEndpoint) == 2 })
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Fatalf("a held request was answered: %v", err)
	}
	if len(h.Tokens()) != 0 {
		t.Error("a held request did its work")
	}
	close(hold)
	if err := <-answered; err != nil {
		t.Fatal(err)
	}
	h.client.CloseIdleConnections()
	h.await("both tokens", func() bool { return len(h.Tokens()) == 2 })
}
