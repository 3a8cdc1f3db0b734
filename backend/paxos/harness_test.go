package paxos_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// noon is the time at which every test runs. It is fixed, so that tests can name dates.
var noon = time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)

// atNoon is a clock that always shows noon.
func atNoon() time.Time { return noon }

// A harness is a stand-in Paxos with one credential, and a client with that credential.
type harness struct {
	*paxostest.Server
	connection *paxos.Connection
	client     *paxos.Client
	credential paxostest.Credential
	secret     string
}

// newHarness starts a stand-in Paxos that has one client, with these scopes.
func newHarness(t *testing.T, scopes ...string) *harness {
	t.Helper()
	server := startPaxos(t, paxostest.Options{TokenLimit: -1})
	credential, secret := createCredential(t, server, paxostest.Credential{Scopes: scopes})
	connection := connect(t, paxos.Settings{Endpoints: endpoints(server.URL())})
	return &harness{
		Server: server, connection: connection, credential: credential, secret: secret,
		client: connection.Client(credential.ClientID, paxos.Hide(secret)),
	}
}

// bearer requests a token and fails the test if there is none.
func (h *harness) bearer(t *testing.T, scopes ...string) paxos.Secret {
	t.Helper()
	grant, err := h.client.RequestToken(t.Context(), scopes)
	if err != nil {
		t.Fatalf("minting: %v", err)
	}
	return grant.AccessToken
}

// carrying is a request's bearer with this token, no matter which client it was issued to.
func carrying(token string) paxos.Bearer { return paxos.Bearer{Token: paxos.Hide(token)} }

// startPaxos starts a stand-in Paxos and stops it when the test ends.
func startPaxos(t *testing.T, options paxostest.Options) *paxostest.Server {
	t.Helper()
	if options.Now == nil {
		options.Now = atNoon
	}
	server, err := paxostest.Start(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	return server
}

// createCredential creates a credential as the Dashboard does.
func createCredential(t *testing.T, server *paxostest.Server,
	wanted paxostest.Credential) (paxostest.Credential, string) {
	t.Helper()
	credential, secret, err := server.CreateCredential(wanted)
	if err != nil {
		t.Fatal(err)
	}
	return credential, secret
}

// endpoints returns the endpoints of a Paxos that serves all of them under one root.
func endpoints(root string) paxos.Endpoints {
	return paxos.Endpoints{TokenURL: root + "/oauth2/token", RevokeURL: root + "/oauth2/revoke", APIURL: root + "/v2"}
}

// connect makes a connection and closes it when the test ends.
func connect(t *testing.T, settings paxos.Settings) *paxos.Connection {
	t.Helper()
	connection, err := paxos.Connect(settings, atNoon)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(connection.Close)
	return connection
}

// asError returns err as an *Error, and fails the test if it is not one.
func asError(t *testing.T, err error) *paxos.Error {
	t.Helper()
	var failure *paxos.Error
	if !errors.As(err, &failure) {
		t.Fatalf("got %T %v, want a *paxos.Error", err, err)
	}
	return failure
}

// A seen request is what arrived over the network.
type seen struct {
	method, uri, authorization, contentType, accept string
	form                                            url.Values
}

// A recorder is a proxy that forwards every request to a Paxos and remembers it.
type recorder struct {
	*httptest.Server
	mu   sync.Mutex
	seen []seen
}

// record starts a recorder for the Paxos at root, and returns it.
func record(t *testing.T, root string) *recorder {
	t.Helper()
	target, err := url.Parse(root)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{} // http.DefaultTransport would use the proxies of the environment
	proxy := &httputil.ReverseProxy{Transport: transport, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	r := &recorder{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.note(req)
		proxy.ServeHTTP(w, req)
	}))
	t.Cleanup(func() {
		r.Close()
		transport.CloseIdleConnections()
	})
	return r
}

// note remembers a request, whose body can be read again afterwards.
func (r *recorder) note(req *http.Request) {
	form := readForm(req)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen = append(r.seen, seen{
		method: req.Method, uri: req.RequestURI, form: form, authorization: req.Header.Get("Authorization"),
		contentType: req.Header.Get("Content-Type"), accept: req.Header.Get("Accept"),
	})
}

// requests returns the requests that arrived so far.
func (r *recorder) requests() []seen {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.seen
}

// atOnce is a Pacer that does not wait.
func atOnce(ctx context.Context, call func(context.Context) error) error { return call(ctx) }
