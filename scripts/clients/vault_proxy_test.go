package clients

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
)

// A vaultProxy is between an example and the Vault server. It counts requests, and can answer in place of
// the server as a server does that fails over.
type vaultProxy struct {
	*httptest.Server
	forward *httputil.ReverseProxy

	mu       sync.Mutex
	failing  int             // how many requests are still answered with 503; negative: all
	refused  int             // how many were answered so
	requests map[string]int  // by method and path, such as "GET paxos/token/mint-role"
	tokens   map[string]bool // the Vault tokens that were used
}

// newVaultProxy starts a proxy of the server. It ends with the test.
func newVaultProxy(m *mount) *vaultProxy {
	m.Helper()
	target, err := url.Parse(m.server.Address)
	if err != nil {
		m.Fatal(err)
	}
	p := &vaultProxy{forward: &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }},
		requests: map[string]int{}, tokens: map[string]bool{}}
	p.Server = httptest.NewServer(http.HandlerFunc(p.serve))
	m.Cleanup(p.Close)
	return p
}

// serve answers a request, or has the server answer it.
func (p *vaultProxy) serve(w http.ResponseWriter, r *http.Request) {
	if !p.admit(r) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte(`{"errors":["Vault is sealed"]}`))
		return
	}
	p.forward.ServeHTTP(w, r)
}

// admit counts a request, and reports whether the server may answer it.
func (p *vaultProxy) admit(r *http.Request) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tokens[r.Header.Get("X-Vault-Token")] = true
	if p.failing != 0 {
		p.failing--
		p.refused++
		return false
	}
	method := r.Method
	if method == http.MethodPut {
		method = http.MethodPost // Vault does the same for both
	}
	p.requests[method+" "+strings.TrimPrefix(r.URL.Path, "/v1/")]++
	return true
}

// fail makes the next requests fail; -1: all of them, and 0: none.
func (p *vaultProxy) fail(count int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failing, p.refused = count, 0
}

// failed returns how many requests have failed since fail was called.
func (p *vaultProxy) failed() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.refused
}

// count returns how many requests the server has got.
func (p *vaultProxy) count(methodAndPath string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.requests[methodAndPath]
}

// guardTokens makes the test search for the Vault tokens that were used.
func (p *vaultProxy) guardTokens(m *mount) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for token := range p.tokens {
		if token != "" {
			m.guard(token)
		}
	}
}
