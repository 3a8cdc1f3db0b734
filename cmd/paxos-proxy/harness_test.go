package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	golog "log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/vault/api"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend"
	"vault-plugin-secrets-paxos/backend/limits"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

const (
	payments = "/v2/transfer/crypto-withdrawals"
	profiles = "/v2/profiles"
	treasury = "42bb1a2e-a68e-44d7-b5f1-59ccc5c13e91"
	vendor   = "0x00000000000000000000000000000000000000aa"
)

// A road is all that lies between an application and Paxos: the engine with as much of Vault's HTTP API
// as the proxy needs, and a stand-in Paxos that demands signatures of withdrawals, behind a gateway
// that sees what arrives.
type road struct {
	*testing.T
	engine  logical.Backend
	storage logical.Storage
	paxos   *paxostest.Server
	root    paxostest.Credential
	vault   *httptest.Server
	gateway *httptest.Server

	mu       sync.Mutex
	accepted string                              // the Vault token that Vault accepts
	denied   func()                              // called when Vault has refused a token
	down     bool                                // Vault breaks every connection
	rewrite  func(path string, d map[string]any) // changes the answers of the engine
	asked    []question
	arrived  []arrival
	listen   chan struct{} // gets a value for each arrival, if there is room
}

// A question is a request to Vault.
type question struct {
	path string
	data map[string]any
}

// An arrival is a request as the gateway gets it.
type arrival struct {
	method, target, host string
	header, trailer      http.Header
	encoding             []string
	body                 string
}

// newRoad returns a road with a role "payer" and a signer "payouts" that pays up to 100 USDC to one
// address, and reads profiles.
func newRoad(t *testing.T, options paxostest.Options) *road {
	t.Helper()
	r := &road{T: t, storage: &logical.InmemStorage{}, accepted: "vault-token", listen: make(chan struct{}, 16)}
	options.TokenLimit = -1
	var err error
	if r.paxos, err = paxostest.Start(options); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.paxos.Close)
	var secret string
	if r.root, secret, err = r.paxos.CreateCredential(paxostest.Credential{Nickname: "root", Scopes: []string{
		"funding:read_profile", "transfer:write_crypto_withdrawal"}}); err != nil {
		t.Fatal(err)
	}
	if r.engine, err = backend.NewFactory(backend.Options{Limits: limits.New(limits.DefaultBudget)})(
		t.Context(), &logical.BackendConfig{StorageView: r.storage, BackendUUID: "mount",
			System: &logical.StaticSystemView{DefaultLeaseTTLVal: time.Hour, MaxLeaseTTLVal: time.Hour,
				ReplicationStateVal: consts.ReplicationPerformanceDisabled | consts.ReplicationDRDisabled},
		}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.engine.Cleanup(context.Background()) })
	r.vault = httptest.NewServer(http.HandlerFunc(r.serveVault))
	t.Cleanup(r.vault.Close)
	paxos, err := url.Parse(r.paxos.URL())
	if err != nil {
		t.Fatal(err)
	}
	through := httputil.NewSingleHostReverseProxy(paxos)
	through.FlushInterval = -1 // what Paxos has sent when it breaks off arrives
	through.ErrorLog = golog.New(io.Discard, "", 0)
	through.ErrorHandler = func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }
	r.gateway = httptest.NewServer(r.watch(through))
	t.Cleanup(r.gateway.Close)
	apiURL := r.gateway.URL + "/v2"
	connection := map[string]any{"token_url": r.paxos.TokenURL(), "revoke_url": r.paxos.RevokeURL(), "api_url": apiURL}
	if options.TLS {
		connection["api_url"], connection["override_trusted_ca"] = r.paxos.APIURL(), r.paxos.CACertificate()
	}
	r.must("config/connection", connection)
	r.must("config", map[string]any{"environment": "custom", "client_id": r.root.ClientID, "client_secret": secret})
	r.must("roles/payer", map[string]any{"scopes": r.root.Scopes})
	r.must("keys/payments", nil)
	r.registerKey(r.root.ClientID)
	r.must("signers/payouts", map[string]any{"key": "payments", "operations": "CreateCryptoWithdrawal,ListProfiles",
		"sources": treasury, "destinations": "crypto:ETHEREUM:" + vendor, "limits": map[string]any{"USDC": "100"}})
	if err := r.paxos.EnforceSignatures(paxostest.Enforcement{
		Operations: []string{"CreateCryptoWithdrawal"}}); err != nil {
		t.Fatal(err)
	}
	r.arrivals() // those of the engine
	return r
}

// registerKey registers the key "payments" at Paxos.
func (r *road) registerKey(clientID string) {
	r.Helper()
	versions, _ := r.do(logical.ReadOperation, "keys/payments", nil).Data["versions"].(map[string]any)
	first, _ := versions["1"].(map[string]any)
	public, _ := first["public_key"].(string)
	registered, err := r.paxos.RegisterPublicKey(clientID, "vault", public)
	if err != nil {
		r.Fatal(err)
	}
	r.must("keys/payments/kid", map[string]any{"kid": registered.ID})
}

// must writes to the engine.
func (r *road) must(path string, data map[string]any) {
	r.Helper()
	request := &logical.Request{Path: path, Storage: r.storage}
	var operation logical.Operation = logical.UpdateOperation
	if checked, exists, err := r.engine.HandleExistenceCheck(r.Context(), request); err == nil && checked && !exists {
		operation = logical.CreateOperation
	}
	r.do(operation, path, data)
}

// do sends a request to the engine, and fails the test if the engine refuses.
func (r *road) do(operation logical.Operation, path string, data map[string]any) *logical.Response {
	r.Helper()
	answer, err := r.engine.HandleRequest(r.Context(), &logical.Request{Operation: operation, Path: path, Data: data,
		Storage: r.storage, MountPoint: "paxos/"})
	if err != nil || answer.IsError() {
		r.Fatalf("%s: %v %v", path, answer, err)
	}
	return answer
}

// serveVault answers a read or a write as Vault does.
func (r *road) serveVault(w http.ResponseWriter, request *http.Request) {
	path := strings.TrimPrefix(request.URL.Path, "/v1/paxos/")
	asked := &logical.Request{Operation: logical.ReadOperation, Path: path, Storage: r.storage, MountPoint: "paxos/",
		Data: map[string]any{}}
	if request.Method != http.MethodGet {
		asked.Operation = logical.UpdateOperation
		_ = json.NewDecoder(request.Body).Decode(&asked.Data) // what cannot be read is missed in the data
	}
	r.mu.Lock()
	accepted, down, denied, rewrite := r.accepted, r.down, r.denied, r.rewrite
	r.asked = append(r.asked, question{path, asked.Data})
	r.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	answer := func(status int, body any) {
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(body) // if it fails, the proxy gets no answer and the test fails
	}
	switch {
	case down:
		panic(http.ErrAbortHandler)
	case request.Header.Get("X-Vault-Token") != accepted:
		if denied != nil {
			denied()
		}
		answer(http.StatusForbidden, map[string]any{"errors": []string{"permission denied"}})
		return
	}
	said, err := r.engine.HandleRequest(request.Context(), asked)
	status, err := logical.RespondErrorCommon(asked, said, err)
	if err != nil {
		logical.AdjustErrorStatusCode(&status, err)
		answer(status, map[string]any{"errors": []string{err.Error()}})
		return
	}
	if rewrite != nil {
		rewrite(path, said.Data)
	}
	answer(http.StatusOK, map[string]any{"data": said.Data, "warnings": said.Warnings})
}

// watch notes what arrives, and passes it on.
func (r *road) watch(on http.Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, request *http.Request) {
		body, _ := io.ReadAll(request.Body) // a body that breaks off is noted as far as it came
		request.Body = io.NopCloser(bytes.NewReader(body))
		r.mu.Lock()
		r.arrived = append(r.arrived, arrival{request.Method, request.RequestURI, request.Host, request.Header.Clone(),
			request.Trailer, request.TransferEncoding, string(body)})
		r.mu.Unlock()
		select {
		case r.listen <- struct{}{}:
		default:
		}
		on.ServeHTTP(w, request)
	}
}

// arrivals returns what has arrived, and forgets it.
func (r *road) arrivals() []arrival {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.arrived
	r.arrived = nil
	return all
}

// questions returns what Vault was asked at a path, and forgets it.
func (r *road) questions(path string) (all []map[string]any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, each := range r.asked {
		if each.path == path {
			all = append(all, each.data)
		}
	}
	r.asked = nil
	return all
}

// change changes how Vault answers.
func (r *road) change(how func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	how()
}

// moveAPI makes the engine answer that Paxos's API is elsewhere.
func (r *road) moveAPI(address string) {
	r.change(func() {
		r.rewrite = func(path string, data map[string]any) {
			if path == "token/payer" {
				data["api_url"] = address + "/v2"
			}
		}
	})
}

// payment is the body of a withdrawal.
func payment(refID, amount string) string {
	return `{"ref_id":"` + refID + `","profile_id":"` + treasury + `","amount":"` + amount + `","asset":"USDC",` +
		`"crypto_network":"ETHEREUM","destination_address":"` + vendor + `"}`
}

// A running proxy is one that serves until the test ends or stop is called.
type running struct {
	*road
	address string
	client  *http.Client
	log     *lockedBuffer
	stop    func() error // tells the proxy to end, and waits for that
	cancel  func()       // tells the proxy to end
}

// A lockedBuffer can be read while it is written.
type lockedBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write appends.
func (b *lockedBuffer) Write(text []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(text)
}

// String returns what was written.
func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// start starts a proxy on TCP, with these changes of its settings. At the end it checks that the proxy
// ends without an error, and that the log has nothing of the requests.
func (r *road) start(change func(*settings, *deadlines)) *running {
	r.Helper()
	p := r.launch(change)
	r.Cleanup(func() {
		if err := p.stop(); err != nil {
			r.Errorf("the proxy ended with %v", err)
		}
		p.expectCleanLog()
	})
	return p
}

// launch starts a proxy that the test stops.
func (r *road) launch(change func(*settings, *deadlines)) *running {
	r.Helper()
	wanted := settings{listen: "127.0.0.1:0", mount: "paxos", role: "payer", signer: "payouts", timeout: time.Minute}
	within := wanted.deadlines()
	if change != nil {
		change(&wanted, &within)
	}
	config := api.DefaultConfig()
	config.Address, config.MaxRetries = r.vault.URL, 0
	vault, err := api.NewClient(config)
	if err != nil {
		r.Fatal(err)
	}
	vault.SetToken("vault-token")
	p := &running{road: r, log: &lockedBuffer{}}
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	out, said := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := start(ctx, vault, wanted, within, said, slog.New(slog.NewTextHandler(p.log, nil)))
		ended <- err
		_ = said.CloseWithError(io.EOF)
	}()
	p.cancel = cancel
	p.stop = sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
	line := make([]byte, 256)
	n, err := out.Read(line)
	address, ok := strings.CutPrefix(strings.TrimSpace(string(line[:n])), "listening on ")
	if err != nil || !ok {
		r.Fatalf("the proxy said %q, %v: %v", line[:n], err, p.stop())
	}
	p.address = address
	p.client = &http.Client{Transport: &http.Transport{DialContext: p.dial},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r.Cleanup(p.client.CloseIdleConnections)
	return p
}

// dial connects to the proxy.
func (p *running) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	if socket, unix := strings.CutPrefix(p.address, "unix:"); unix {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}
	return (&net.Dialer{}).DialContext(ctx, "tcp", p.address)
}

// expectCleanLog checks that the log has no token, header or body.
func (p *running) expectCleanLog() {
	p.Helper()
	for _, secret := range []string{vendor, treasury, "canary", "Bearer", "vault-token", "eyJ"} {
		if strings.Contains(p.log.String(), secret) {
			p.Errorf("the log has %q:\n%s", secret, p.log)
		}
	}
}

// An answer is what an application gets.
type answer struct {
	status int
	header http.Header
	body   string
	err    error
}

// problem is the type of the problem that the answer is; empty if it is not one of the proxy's.
func (a answer) problem() string {
	var said problem
	if a.header.Get("Content-Type") != "application/problem+json" || json.Unmarshal([]byte(a.body), &said) != nil ||
		said.Status != a.status || said.Detail == "" {
		return ""
	}
	name, ours := strings.CutPrefix(said.Type, "urn:paxos-proxy:")
	if !ours {
		return ""
	}
	return name
}

// send sends a request as an application does.
func (p *running) send(method, path, body string, header http.Header) answer {
	p.Helper()
	host := p.address
	if strings.HasPrefix(host, "unix:") {
		host = "paxos"
	}
	r, err := http.NewRequestWithContext(p.Context(), method, "http://"+host+path, strings.NewReader(body))
	if err != nil {
		p.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for name, values := range header {
		r.Header[name] = values
	}
	response, err := p.client.Do(r)
	if err != nil {
		return answer{err: err}
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, string(text), err}
}

// pay sends a withdrawal.
func (p *running) pay(refID, amount string) answer {
	p.Helper()
	return p.send("POST", payments, payment(refID, amount), nil)
}

// expect checks the status and the problem of an answer.
func (p *running) expect(what string, got answer, status int, problem string) {
	p.Helper()
	if got.err != nil || got.status != status || got.problem() != problem {
		p.Errorf("%s: %d %s %v, want %d and the problem %q", what, got.status, got.body, got.err, status, problem)
	}
}

// secure makes the Vault of the road one with a certificate, and returns it.
func (r *road) secure() *httptest.Server {
	server := httptest.NewUnstartedServer(http.HandlerFunc(r.serveVault))
	server.Config.ErrorLog = golog.New(io.Discard, "", 0)
	server.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	server.StartTLS()
	r.Cleanup(server.Close)
	return server
}
