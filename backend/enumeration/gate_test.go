package enumeration

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
type paxosProxy struct {
	*httptest.Server
	paxos            *paxostest.Server
	injector         *injector
	transport        http.Transport
	process          atomic.Pointer[process] // the process that calls now
	otherHost        *httptest.Server        // a host that nothing is to be sent to
	strayConnections atomic.Int64            // connections that it got

	mu      sync.Mutex
	tokens  []string        // every token that was granted
	excused map[string]bool // fingerprints of those that nobody can know of
}

// ofLife is the key of the process that opened a connection.
type processKey struct{}

// newGate opens a gate.
func newPaxosProxy(paxos *paxostest.Server, t *injector) *paxosProxy {
	g := &paxosProxy{paxos: paxos, injector: t, excused: map[string]bool{}}
	g.Server = httptest.NewUnstartedServer(g)
	g.Config.ConnContext = func(ctx context.Context, _ net.Conn) context.Context {
		return context.WithValue(ctx, processKey{}, g.process.Load())
	}
	g.Start()
	g.otherHost = httptest.NewUnstartedServer(http.NotFoundHandler())
	g.otherHost.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			g.strayConnections.Add(1)
		}
	}
	g.otherHost.Start()
	return g
}

// Close closes both servers.
func (g *paxosProxy) Close() {
	g.Server.Close()
	g.otherHost.Close()
	g.transport.CloseIdleConnections()
}

// address is where a URL of the stand-in leads by way of the gate.
func (g *paxosProxy) address(url string) string { return strings.Replace(url, g.paxos.URL(), g.URL, 1) }

// ServeHTTP lets a call through, or go wrong.
func (g *paxosProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	caller := r.Context().Value(processKey{}).(*process)
	if caller.crashed() {
		<-caller.testOver
		panic(http.ErrAbortHandler)
	}
	body, err := io.ReadAll(r.Body) // only then does net/http notice that the caller has left
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	endpoint := endpointOf(r)
	how := g.injector.next(step{atPaxos, string(endpoint), true})
	switch how {
	case fails, staysDown, allStayDown:
		panic(http.ErrAbortHandler)
	case hangs:
		_ = g.injector.hang(r.Context())
		panic(http.ErrAbortHandler)
	case crashes:
		caller.crash(g.injector)
		panic(http.ErrAbortHandler)
	case overtaken:
		g.injector.overtake()
	}
	if fault, ok := paxosFault(how, g.otherHost.URL); ok {
		g.paxos.FailNext(endpoint, fault)
	}
	status, header, answer := g.forward(r, body)
	token := g.recordGrant(endpoint, answer)
	switch how {
	case failsAfter:
		g.answerLost(token)
		panic(http.ErrAbortHandler)
	case hangsAfter:
		g.answerLost(token)
		_ = g.injector.hang(r.Context())
		panic(http.ErrAbortHandler)
	case crashesAfter:
		g.answerLost(token)
		caller.crash(g.injector)
		panic(http.ErrAbortHandler)
	case truncates:
		g.answerLost(token)
		header.Set("Content-Length", strconv.Itoa(len(answer)+1))
		answer = answer[:len(answer)/2]
	case cancels:
		g.injector.leave()
	}
	for name, values := range header {
		w.Header()[name] = values
	}
	w.WriteHeader(status)
	_, _ = w.Write(answer) // whoever called may have left
}

// forward does the call at the stand-in, whether or not the caller waits for it.
func (g *paxosProxy) forward(r *http.Request, body []byte) (int, http.Header, []byte) {
	onward := r.Clone(context.WithoutCancel(r.Context()))
	onward.Body = io.NopCloser(bytes.NewReader(body))
	onward.URL.Scheme, onward.URL.Host, onward.Host = "http", strings.TrimPrefix(g.paxos.URL(), "http://"), ""
	resp, err := g.transport.RoundTrip(onward)
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
func (g *paxosProxy) recordGrant(endpoint paxostest.Endpoint, answer []byte) string {
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
func (g *paxosProxy) answerLost(token string) {
	if token != "" {
		g.excuse(paxostest.Fingerprint(token))
	}
}

// orphan excuses a token that lives until it expires.
func (g *paxosProxy) excuse(fingerprint string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.excused[fingerprint] = true
}

// known returns the tokens that were granted and the fingerprints of those that
// nobody can know of.
func (g *paxosProxy) grants() (tokens []string, orphans map[string]bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	copied := map[string]bool{}
	for fingerprint := range g.excused {
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
