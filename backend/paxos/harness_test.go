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

// noon is the time of every test: a fixed one, so that dates can be written out.
var noon = time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)

// atNoon is the clock of a test in which time does not pass.
func atNoon() time.Time { return noon }

// A harness is a stand-in Paxos with one credential, and the client that uses it.
type harness struct {
	*paxostest.Server
	connection *paxos.Connection
	client     *paxos.Client
	credential paxostest.Credential
	secret     string
}

// newHarness starts a Paxos that knows one client with these scopes.
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

// bearer mints a token and fails the test if that fails.
func (h *harness) bearer(t *testing.T, scopes ...string) paxos.Secret {
	t.Helper()
	grant, err := h.client.Mint(t.Context(), scopes)
	if err != nil {
		t.Fatalf("minting: %v", err)
	}
	return grant.AccessToken
}

// startPaxos starts a stand-in Paxos that ends with the test.
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

// createCredential makes a credential as the Dashboard does.
func createCredential(t *testing.T, server *paxostest.Server,
	wanted paxostest.Credential) (paxostest.Credential, string) {
	t.Helper()
	credential, secret, err := server.CreateCredential(wanted)
	if err != nil {
		t.Fatal(err)
	}
	return credential, secret
}

// endpoints are the addresses of a Paxos that serves everything under one root.
func endpoints(root string) paxos.Endpoints {
	return paxos.Endpoints{TokenURL: root + "/oauth2/token", RevokeURL: root + "/oauth2/revoke", APIURL: root + "/v2"}
}

// connect opens a connection that ends with the test.
func connect(t *testing.T, settings paxos.Settings) *paxos.Connection {
	t.Helper()
	connection, err := paxos.Connect(settings, atNoon)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(connection.Close)
	return connection
}

// asError returns err as the type that every failure must have.
func asError(t *testing.T, err error) *paxos.Error {
	t.Helper()
	var failure *paxos.Error
	if !errors.As(err, &failure) {
		t.Fatalf("got %T %v, want a *paxos.Error", err, err)
	}
	return failure
}

// A seen request is what arrived on the wire.
type seen struct {
	method, uri, authorization, contentType, accept string
	form                                            url.Values
}

// A recorder passes every request on to a Paxos and remembers it.
type recorder struct {
	*httptest.Server
	mu   sync.Mutex
	seen []seen
}

// record puts a recorder in front of the Paxos at root.
func record(t *testing.T, root string) *recorder {
	t.Helper()
	target, err := url.Parse(root)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{} // http.DefaultTransport would read the environment's proxies
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

// note remembers a request and leaves its body to be read once more.
func (r *recorder) note(req *http.Request) {
	form := readForm(req)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen = append(r.seen, seen{
		method: req.Method, uri: req.RequestURI, form: form, authorization: req.Header.Get("Authorization"),
		contentType: req.Header.Get("Content-Type"), accept: req.Header.Get("Accept"),
	})
}

// requests returns all that arrived so far.
func (r *recorder) requests() []seen {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.seen
}

// atOnce paces nothing.
func atOnce(ctx context.Context, call func(context.Context) error) error { return call(ctx) }
