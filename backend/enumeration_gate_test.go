package backend_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"vault-plugin-secrets-paxos/backend/paxostest"
)

// A gate stands before the stand-in Paxos. It sees every call and lets it go wrong.
type gate struct {
	*httptest.Server
	paxos     *paxostest.Server
	tap       *tap
	onward    http.Transport
	life      atomic.Pointer[life] // the process that calls now
	elsewhere *httptest.Server     // a host that nothing is to be sent to
	strays    atomic.Int64         // connections that it got

	mu      sync.Mutex
	tokens  []string        // every token that was granted
	orphans map[string]bool // fingerprints of those that nobody can know of
}

// ofLife is the key of the process that opened a connection.
type ofLife struct{}

// newGate opens a gate.
func newGate(paxos *paxostest.Server, t *tap) *gate {
	g := &gate{paxos: paxos, tap: t, orphans: map[string]bool{}}
	g.Server = httptest.NewUnstartedServer(g)
	g.Config.ConnContext = func(ctx context.Context, _ net.Conn) context.Context {
		return context.WithValue(ctx, ofLife{}, g.life.Load())
	}
	g.Start()
	g.elsewhere = httptest.NewUnstartedServer(http.NotFoundHandler())
	g.elsewhere.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			g.strays.Add(1)
		}
	}
	g.elsewhere.Start()
	return g
}

// Close closes both servers.
func (g *gate) Close() {
	g.Server.Close()
	g.elsewhere.Close()
	g.onward.CloseIdleConnections()
}

// address is where a URL of the stand-in leads by way of the gate.
func (g *gate) address(url string) string { return strings.Replace(url, g.paxos.URL(), g.URL, 1) }

// ServeHTTP lets a call through, or go wrong.
func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	caller := r.Context().Value(ofLife{}).(*life)
	if caller.ended() {
		<-caller.thaw
		panic(http.ErrAbortHandler)
	}
	body, err := io.ReadAll(r.Body) // only then does net/http notice that the caller has left
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	endpoint := endpointOf(r)
	how := g.tap.next(step{atPaxos, string(endpoint), true})
	switch how {
	case fails, breaks, severs:
		panic(http.ErrAbortHandler)
	case hangs:
		_ = g.tap.hang(r.Context())
		panic(http.ErrAbortHandler)
	case crashes:
		caller.end(g.tap)
		panic(http.ErrAbortHandler)
	case overtaken:
		g.tap.overtake()
	}
	if fault, ok := answers(how, g.elsewhere.URL); ok {
		g.paxos.FailNext(endpoint, fault)
	}
	status, header, answer := g.forward(r, body)
	token := g.granted(endpoint, answer)
	switch how {
	case failsAfter:
		g.lose(token)
		panic(http.ErrAbortHandler)
	case hangsAfter:
		g.lose(token)
		_ = g.tap.hang(r.Context())
		panic(http.ErrAbortHandler)
	case crashesAfter:
		g.lose(token)
		caller.end(g.tap)
		panic(http.ErrAbortHandler)
	case truncates:
		g.lose(token)
		header.Set("Content-Length", strconv.Itoa(len(answer)+1))
		answer = answer[:len(answer)/2]
	case cancels:
		g.tap.leave()
	}
	for name, values := range header {
		w.Header()[name] = values
	}
	w.WriteHeader(status)
	_, _ = w.Write(answer) // whoever called may have left
}

// forward does the call at the stand-in, whether or not the caller waits for it.
func (g *gate) forward(r *http.Request, body []byte) (int, http.Header, []byte) {
	onward := r.Clone(context.WithoutCancel(r.Context()))
	onward.Body = io.NopCloser(bytes.NewReader(body))
	onward.URL.Scheme, onward.URL.Host, onward.Host = "http", strings.TrimPrefix(g.paxos.URL(), "http://"), ""
	resp, err := g.onward.RoundTrip(onward)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	return resp.StatusCode, resp.Header, answer
}

// granted finds the token in an answer of the token endpoint and keeps it.
func (g *gate) granted(endpoint paxostest.Endpoint, answer []byte) string {
	var grant struct {
		AccessToken string `json:"access_token"`
	}
	if endpoint != paxostest.TokenEndpoint || json.Unmarshal(answer, &grant) != nil || grant.AccessToken == "" {
		return ""
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.tokens = append(g.tokens, grant.AccessToken)
	return grant.AccessToken
}

// lose takes note of a token whose grant did not arrive.
func (g *gate) lose(token string) {
	if token != "" {
		g.orphan(paxostest.Fingerprint(token))
	}
}

// orphan excuses a token that lives until it expires.
func (g *gate) orphan(fingerprint string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.orphans[fingerprint] = true
}

// known returns the tokens that were granted and the fingerprints of those that
// nobody can know of.
func (g *gate) known() (tokens []string, orphans map[string]bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	copied := map[string]bool{}
	for fingerprint := range g.orphans {
		copied[fingerprint] = true
	}
	return append(tokens, g.tokens...), copied
}

// endpointOf is the stand-in's endpoint that a call is for.
func endpointOf(r *http.Request) paxostest.Endpoint {
	credentials := strings.HasPrefix(r.URL.Path, "/v2/api-creds/credentials")
	switch {
	case r.URL.Path == "/oauth2/token":
		return paxostest.TokenEndpoint
	case r.URL.Path == "/oauth2/revoke":
		return paxostest.Revoke
	case strings.HasPrefix(r.URL.Path, "/.well-known/"):
		return paxostest.Discovery
	case credentials && r.Method == http.MethodGet:
		return paxostest.ListCredentials
	case credentials && r.Method == http.MethodDelete:
		return paxostest.DeleteCredentials
	}
	return paxostest.Operations
}
