package paxostest

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"runtime/pprof"
	"strings"
	"testing"
	"time"
)

// TestAddress checks that the server listens on loopback unless the options say otherwise.
func TestAddress(t *testing.T) {
	t.Parallel()
	for address, remote := range map[string]bool{"": false, "127.0.0.1:0": false, "[::1]:0": false,
		"0.0.0.0:0": true, ":0": true} {
		if server, err := Start(Options{Address: address}); remote {
			if err == nil {
				server.Close()
				t.Errorf("%q was accepted without AllowRemote", address)
			}
		} else if err == nil {
			server.Close()
		} else if !strings.Contains(address, "::1") { // the machine may have no IPv6
			t.Errorf("%q: %v", address, err)
		}
	}
	h := newHarness(t, Options{Address: "0.0.0.0:0", AllowRemote: true})
	if !strings.HasPrefix(h.URL(), "http://127.0.0.1:") {
		t.Errorf("URL %s", h.URL())
	}
	if _, err := Start(Options{Address: "nonsense"}); err == nil {
		t.Error("an address without a port was accepted")
	}
	if _, err := Start(Options{Address: strings.TrimPrefix(h.URL(), "http://")}); err == nil {
		t.Error("a taken port was accepted")
	}
}

// TestTLS checks that a client trusts the server only if it trusts the authority.
func TestTLS(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{TLS: true})
	if _, err := h.try(h.request(http.MethodGet, "/v2/profiles", "")); err == nil {
		t.Fatal("the certificate is trusted without its authority")
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(h.CACertificate())) {
		t.Fatalf("certificate %q", h.CACertificate())
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
	t.Cleanup(transport.CloseIdleConnections)
	h.client.Transport = transport
	h.wantStatus(h.call("", http.MethodGet, "/v2/profiles", ""), http.StatusUnauthorized)
	if !strings.HasPrefix(h.TokenURL(), "https://") || h.APIURL() != h.URL()+"/v2" ||
		(newHarness(t, Options{})).CACertificate() != "" {
		t.Errorf("token URL %s", h.TokenURL())
	}
}

// TestDiscovery checks that the document names the endpoints of the server and Paxos's three scopes.
func TestDiscovery(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	a := h.call("", http.MethodGet, "/.well-known/openid-configuration", "")
	object := a.object(t)
	if object["issuer"] != h.URL()+"/" || object["token_endpoint"] != h.TokenURL() ||
		object["revocation_endpoint"] != h.RevokeURL() {
		t.Errorf("endpoints %s", a.body)
	}
	if !strings.Contains(a.body, `"scopes_supported":["offline_access","offline","openid"]`) ||
		strings.Contains(a.body, "introspection") {
		t.Errorf("document %s", a.body)
	}
}

// TestBodyCap checks that a very large body is refused.
func TestBodyCap(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	for _, path := range []string{"/oauth2/token", "/oauth2/revoke", "/v2/transfer/crypto-withdrawals"} {
		h.wantStatus(h.call("", http.MethodPost, path, strings.Repeat("x", maxBody+1)),
			http.StatusRequestEntityTooLarge)
	}
	if h.Calls(TokenEndpoint) != 1 {
		t.Errorf("%d calls counted, want 1", h.Calls(TokenEndpoint))
	}
}

// TestCloseLeavesNothing checks that no goroutine remains after Close, although there are idle, hung,
// delayed, held and dripping connections. The goroutines of the server inherit a profiler label from
// the one that starts it, so that the test can find them.
func TestCloseLeavesNothing(t *testing.T) {
	t.Parallel()
	const label = "close-leaves-nothing"
	var h *harness
	pprof.Do(context.Background(), pprof.Labels("test", label), func(context.Context) { h = newHarness(t, Options{}) })
	faults := []Fault{
		{Hang: true},
		{Delay: time.Hour},
		{Hold: make(chan struct{})},
		{Status: 200, Body: "slowly", Drip: time.Hour},
	}
	h.FailNext(Discovery, faults...)
	ended := make(chan error)
	for range faults {
		go func() {
			_, err := h.try(h.request(http.MethodGet, "/.well-known/openid-configuration", ""))
			ended <- err
		}()
	}
	h.await("the requests", func() bool { return h.Calls(Discovery) == len(faults) })
	h.call("", http.MethodGet, "/sandbox/calls", "") // it leaves an idle connection
	if !labelled(t, label) {
		t.Fatal("the label finds no goroutine, so this test proves nothing")
	}

	h.Close()
	h.Close()
	for range faults {
		if err := <-ended; err == nil {
			t.Error("a waiting request was answered")
		}
	}
	h.await("the server's goroutines to end", func() bool { return !labelled(t, label) })
}

// labelled reports whether any goroutine has the profiler label.
func labelled(t *testing.T, label string) bool {
	t.Helper()
	var profile bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&profile, 1); err != nil {
		t.Fatal(err)
	}
	return strings.Contains(profile.String(), label)
}
