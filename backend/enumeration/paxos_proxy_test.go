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

// A paxosProxy stands in front of the stand-in Paxos. It sees every call and can make it go wrong.
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

// processKey is the key, in the context of a connection, of the process that opened it.
type processKey struct{}

// newPaxosProxy starts a proxy.
func newPaxosProxy(paxos *paxostest.Server, in *injector) *paxosProxy {
	p := &paxosProxy{paxos: paxos, injector: in, excused: map[string]bool{}}
	p.Server = httptest.NewUnstartedServer(p)
	p.Config.ConnContext = func(ctx context.Context, _ net.Conn) context.Context {
		return context.WithValue(ctx, processKey{}, p.process.Load())
	}
	p.Start()
	p.otherHost = httptest.NewUnstartedServer(http.NotFoundHandler())
	p.otherHost.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			p.strayConnections.Add(1)
		}
	}
	// It has an address of its own where the system allows that. A port of the common address may
	// have been that of another run's server, which a client of that run still calls.
	if listener, err := net.Listen("tcp", "127.0.0.2:0"); err == nil {
		_ = p.otherHost.Listener.Close() // made by NewUnstartedServer
		p.otherHost.Listener = listener
	}
	p.otherHost.Start()
	return p
}

// Close closes both servers.
func (p *paxosProxy) Close() {
	p.Server.Close()
	p.otherHost.Close()
	p.transport.CloseIdleConnections()
}

// address is a URL of the stand-in Paxos by way of the proxy.
func (p *paxosProxy) address(url string) string { return strings.Replace(url, p.paxos.URL(), p.URL, 1) }

// ServeHTTP lets a call through, or makes it go wrong.
func (p *paxosProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
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
	how := p.injector.next(step{atPaxos, string(endpoint), true})
	switch how {
	case fails, staysDown, allStayDown:
		panic(http.ErrAbortHandler)
	case hangs:
		_ = p.injector.hang(r.Context())
		panic(http.ErrAbortHandler)
	case crashes:
		caller.crash(p.injector)
		panic(http.ErrAbortHandler)
	case overtaken:
		p.injector.overtake()
	}
	if fault, ok := paxosFault(how, p.otherHost.URL); ok {
		p.paxos.FailNext(endpoint, fault)
	}
	status, header, answer := p.forward(r, body)
	token := p.recordGrant(endpoint, answer)
	switch how {
	case failsAfter:
		p.answerLost(token)
		panic(http.ErrAbortHandler)
	case hangsAfter:
		p.answerLost(token)
		_ = p.injector.hang(r.Context())
		panic(http.ErrAbortHandler)
	case crashesAfter:
		p.answerLost(token)
		caller.crash(p.injector)
		panic(http.ErrAbortHandler)
	case truncates:
		p.answerLost(token)
		header.Set("Content-Length", strconv.Itoa(len(answer)+1))
		answer = answer[:len(answer)/2]
	case cancels:
		p.injector.leave()
	}
	for name, values := range header {
		w.Header()[name] = values
	}
	w.WriteHeader(status)
	_, _ = w.Write(answer) // the caller may have left
}

// forward makes the call to the stand-in Paxos, whether or not the caller waits for the answer.
func (p *paxosProxy) forward(r *http.Request, body []byte) (int, http.Header, []byte) {
	onward := r.Clone(context.WithoutCancel(r.Context()))
	onward.Body = io.NopCloser(bytes.NewReader(body))
	onward.URL.Scheme, onward.URL.Host, onward.Host = "http", strings.TrimPrefix(p.paxos.URL(), "http://"), ""
	resp, err := p.transport.RoundTrip(onward)
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

// recordGrant finds the token in an answer of the token endpoint and keeps it.
func (p *paxosProxy) recordGrant(endpoint paxostest.Endpoint, answer []byte) string {
	var grant struct {
		AccessToken string `json:"access_token"`
	}
	if endpoint != paxostest.TokenEndpoint || json.Unmarshal(answer, &grant) != nil || grant.AccessToken == "" {
		return ""
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tokens = append(p.tokens, grant.AccessToken)
	return grant.AccessToken
}

// answerLost notes that the grant of a token did not arrive.
func (p *paxosProxy) answerLost(token string) {
	if token != "" {
		p.excuse(paxostest.Fingerprint(token))
	}
}

// excuse lets a token stay alive until it expires.
func (p *paxosProxy) excuse(fingerprint string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.excused[fingerprint] = true
}

// grants returns the tokens that were granted, and the fingerprints of those that are excused.
func (p *paxosProxy) grants() (tokens []string, orphans map[string]bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	copied := map[string]bool{}
	for fingerprint := range p.excused {
		copied[fingerprint] = true
	}
	return append(tokens, p.tokens...), copied
}

// endpointOf is the endpoint that a call is for.
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
