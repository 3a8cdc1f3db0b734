package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"time"

	"vault-plugin-secrets-paxos/backend/signing"
	"vault-plugin-secrets-paxos/backend/signing/transport"
)

// healthPath is not a path of Paxos, all of which begin with /v2.
const healthPath = "/health"

// A proxy sends requests to Paxos with a token and a signature.
type proxy struct {
	paxos  *transport.Transport
	health transport.TokenSource
	hosts  []string // the values of Host that are answered; nil on a Unix socket
	log    *slog.Logger
}

// newProxy returns the handler of all requests.
func newProxy(vault *engine, wanted settings, hosts []string, log *slog.Logger) *proxy {
	tokens := transport.Cached(vault.token)
	p := &proxy{health: tokens, hosts: hosts, log: log, paxos: &transport.Transport{
		// no Proxy: that of the environment is ignored
		Tokens: tokens, SignReads: wanted.signReads, Base: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
			TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: time.Minute,
			// Before Paxos closes an idle connection, so that no request is lost on one that is
			// being closed.
			IdleConnTimeout:     30 * time.Second,
			MaxIdleConnsPerHost: 64, MaxResponseHeaderBytes: 64 << 10,
			DisableCompression: true, ForceAttemptHTTP2: true,
			TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12},
		}}}
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
		body, said = readBody(w, r, p.hosts != nil)
	}
	var answer *http.Response
	if said == nil {
		answer, said = p.forward(r, wanted, body)
	}
	status := 0
	if said != nil {
		status = said.Status
		said.write(w)
	} else {
		status = answer.StatusCode
		defer answer.Body.Close()
		defer p.pass(w, answer)
	}
	attributes := []any{"operation", wanted.Operation.ID, "status", status, "took",
		time.Since(began).Round(time.Microsecond)}
	if said != nil {
		attributes = append(attributes, "refused", said.Type)
	}
	p.log.Info("request", attributes...)
}

// forward sends a request to Paxos, and returns the answer or why there is none.
func (p *proxy) forward(r *http.Request, wanted signing.Request, body []byte) (*http.Response, *problem) {
	out, err := http.NewRequestWithContext(r.Context(), r.Method, wanted.Target(), bytes.NewReader(body))
	if err != nil { // a path that signing.NewRequest lets pass is one of a URL
		return nil, newProblem(http.StatusBadRequest, "not-a-path", "The request must name a path.")
	}
	out.Header = forwarded(r.Header)
	answer, err := p.paxos.RoundTrip(out)
	if err == nil {
		return answer, nil
	}
	return nil, p.explain(err)
}

// explain returns the problem of a request that had no answer of Paxos.
func (p *proxy) explain(err error) *problem {
	var no *refusal
	var none *unavailable
	var dial *net.OpError
	var timeout net.Error
	switch {
	case errors.As(err, &no) && no.status == http.StatusTooManyRequests:
		return newProblem(no.status, "refused-by-vault", no.words)
	case errors.As(err, &no):
		return newProblem(http.StatusForbidden, "refused-by-vault", no.words)
	case errors.As(err, &none):
		p.log.Warn("Vault is unavailable", "reason", none.why)
		return errNoVault
	case errors.Is(err, transport.ErrTooLarge):
		return newProblem(http.StatusRequestEntityTooLarge, "too-large",
			"A body that is signed must have at most 8 KiB.")
	case errors.Is(err, transport.ErrNotText):
		return newProblem(http.StatusBadRequest, "body", "A body that is signed must be UTF-8.")
	case errors.Is(err, transport.ErrElsewhere):
		return newProblem(http.StatusNotFound, "no-operation", "The request is no operation of Paxos's API.")
	}
	p.log.Warn("Paxos gave no answer", "reason", cause(err))
	switch {
	case errors.As(err, &dial) && dial.Op == "dial":
		return errNoConnection
	case errors.As(err, &timeout) && timeout.Timeout():
		return errTimeout
	}
	return errBroken
}

// cause returns why there was no answer. Other errors than these may quote what was sent or received,
// which must not be logged.
func cause(err error) string {
	var network *net.OpError
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var certificate x509.CertificateInvalidError
	var timeout net.Error
	switch {
	case errors.As(err, &network):
		return network.Error()
	case errors.As(err, &unknown):
		return unknown.Error()
	case errors.As(err, &name):
		return name.Error()
	case errors.As(err, &certificate):
		return certificate.Error()
	case errors.Is(err, context.Canceled):
		return "the caller has gone"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "timeout"
	}
	return "the connection broke, or the answer was no HTTP"
}

// pass passes an answer of Paxos on. If it breaks off, so does the connection of the caller, who would
// take it for whole otherwise.
func (p *proxy) pass(w http.ResponseWriter, answer *http.Response) {
	maps.Copy(w.Header(), answered(answer.Header))
	w.WriteHeader(answer.StatusCode)
	if _, err := io.Copy(w, answer.Body); err != nil {
		panic(http.ErrAbortHandler)
	}
}

// serveHealth answers whether the proxy has an access token.
func (p *proxy) serveHealth(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		newProblem(http.StatusMethodNotAllowed, "method", "The health path takes GET only.").write(w)
		return
	}
	if _, err := p.health(r.Context(), ""); err != nil {
		newProblem(http.StatusServiceUnavailable, "no-token", "Vault gives no access token. Operators: see the log of "+
			"paxos-proxy.").write(w)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"status":"ok"}`+"\n") // if it fails, the caller has gone
}
