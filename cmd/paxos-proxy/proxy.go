package main

import (
	"bytes"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"sync/atomic"
	"time"

	"vault-plugin-secrets-paxos/backend/signing"
	"vault-plugin-secrets-paxos/backend/signing/transport"
)

// healthPath is not a path of Paxos, all of which begin with /v2.
const healthPath = "/health"

// A proxy sends requests to Paxos with a token and a signature.
type proxy struct {
	paxos    *transport.Transport
	role     string
	signer   string
	hosts    []string    // the values of Host that are answered; nil on a Unix socket
	differed atomic.Bool // the last signature was of another client than the token, which was logged
	log      *slog.Logger
}

// newProxy returns the handler of all requests. The last argument sends them to Paxos.
func newProxy(vault *engine, wanted settings, hosts []string, log *slog.Logger, base http.RoundTripper) *proxy {
	p := &proxy{role: wanted.role, signer: wanted.signer, hosts: hosts, log: log, paxos: &transport.Transport{
		Tokens: transport.Cached(vault.token), SignReads: wanted.signReads, Base: base}}
	if wanted.signer != "" {
		p.paxos.Sign = vault.sign
	}
	return p
}

// ServeHTTP answers a request.
func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	wanted, said := signing.Request{}, judgeOrigin(r, p.hosts)
	if said == nil && r.URL.Path == healthPath {
		p.serveHealth(w, r)
		return
	}
	if said == nil {
		wanted, said = judgeRequest(r)
	}
	var body []byte
	if said == nil {
		body, said = readBody(w, r, p.signs(r.Method), p.hosts != nil)
	}
	var answer *http.Response
	if said == nil {
		answer, said = p.forward(r, wanted, body) //nolint:bodyclose // pass closes it
	}
	attributes := []any{"operation", wanted.Operation.ID}
	var broken error
	if said != nil {
		said.write(w)
		attributes = append(attributes, "status", said.Status, "refused", said.Type)
	} else {
		broken = pass(w, answer)
		attributes = append(attributes, "status", answer.StatusCode)
	}
	p.log.Info("request", append(attributes, "took", time.Since(began).Round(time.Microsecond))...)
	if broken != nil {
		// The connection of the caller is broken too, who would take the answer for whole otherwise.
		panic(http.ErrAbortHandler)
	}
}

// signs reports whether requests of a method are signed.
func (p *proxy) signs(method string) bool {
	return p.paxos.Sign != nil && (p.paxos.SignReads || method != http.MethodGet)
}

// forward sends a request to Paxos, and returns the answer or why there is none.
func (p *proxy) forward(r *http.Request, wanted signing.Request, body []byte) (*http.Response, *problem) {
	out, err := http.NewRequestWithContext(r.Context(), r.Method, wanted.Target(), bytes.NewReader(body))
	if err != nil { // a path that signing.NewRequest lets pass is one of a URL
		return nil, newProblem(http.StatusBadRequest, "not-a-path", "The request must have a path.")
	}
	out.Header = forwarded(r.Header)
	answer, err := p.paxos.RoundTrip(out)
	if err != nil {
		return nil, p.explain(err)
	}
	if p.signs(r.Method) {
		p.differed.Store(false)
	}
	return answer, nil
}

// pass passes an answer of Paxos on. The error says that it broke off, on either side.
func pass(w http.ResponseWriter, answer *http.Response) error {
	defer answer.Body.Close()
	maps.Copy(w.Header(), answered(answer.Header))
	w.WriteHeader(answer.StatusCode)
	_, err := io.Copy(w, answer.Body)
	return err
}

// serveHealth answers whether the proxy has an access token.
func (p *proxy) serveHealth(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		newProblem(http.StatusMethodNotAllowed, "method", "/health accepts GET only.").write(w)
		return
	}
	if _, err := p.paxos.Tokens(r.Context(), transport.Question{}); err != nil {
		newProblem(http.StatusServiceUnavailable, "no-token", "Vault does not issue an access token. Operators: see "+
			"the log of paxos-proxy.").write(w)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"status":"ok"}`+"\n") // if it fails, the caller has gone
}
