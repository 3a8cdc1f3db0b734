package paxostest

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"vault-plugin-secrets-paxos/backend/catalog"
)

// sandboxHeader is on every reply, so that nobody takes one for Paxos's.
const sandboxHeader = "X-Paxos-Sandbox"

// sandboxNotice is what that header says.
const sandboxNotice = "this is a stand-in, not Paxos"

// maxBody caps a request body. Nothing that Paxos takes is near it.
const maxBody = 1 << 20

// bodyTimeout bounds how long a client may take to send a body.
const bodyTimeout = 30 * time.Second

// newAPI lays out everything that a client of Paxos sees.
func (s *Server) newAPI() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc(discoveryPattern, s.discover)
	mux.HandleFunc(tokenPattern, s.mintToken)
	mux.HandleFunc(revokePattern, s.revokeToken)
	for _, o := range catalog.Operations() {
		mux.HandleFunc(patternOf(o), s.operate(o))
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		newProblem(http.StatusNotFound, "no such endpoint").write(w)
	})
	return mux
}

// The patterns of the OAuth host. They take every method, because fosite has its own answer to a
// wrong one.
const (
	discoveryPattern = "GET /.well-known/openid-configuration"
	tokenPattern     = "/oauth2/token"
	revokePattern    = "/oauth2/revoke"
)

// endpointOf says which endpoint a request is for; empty if it is for none.
func (s *Server) endpointOf(r *http.Request) Endpoint {
	switch _, pattern := s.api.Handler(r); pattern {
	case "", "/":
		return ""
	case discoveryPattern:
		return Discovery
	case tokenPattern:
		return TokenEndpoint
	case revokePattern:
		return Revoke
	case listCredentialsPattern:
		return ListCredentials
	case deleteCredentialsPattern:
		return DeleteCredentials
	}
	return Operations
}

// serve handles every request: it counts it, applies the rate limit, then the fault that awaits it,
// then does the work.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set(sandboxHeader, sandboxNotice)
	w.Header().Set("Date", s.now().UTC().Format(http.TimeFormat))
	if strings.HasPrefix(r.URL.Path, controlPrefix) {
		s.serveControl(w, r)
		return
	}
	endpoint := s.endpointOf(r)
	s.calls.add(endpoint)
	if !s.throttle.admit(clientIP(r), endpoint, s.now()) {
		tooManyRequests().write(w)
		return
	}
	if !readBody(w, r) {
		return
	}
	s.serveFaulty(w, r, endpoint, s.faults.take(endpoint))
}

// readBody takes the whole body off the connection, or answers 413. Only after that does net/http
// notice that a client has gone away, on which every waiting fault relies. The deadline is for the
// body alone: one of the whole connection would end a long wait as if the client had gone.
func readBody(w http.ResponseWriter, r *http.Request) bool {
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(bodyTimeout)) // net/http's connections all have deadlines
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	_ = control.SetReadDeadline(time.Time{})
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		newProblem(http.StatusRequestEntityTooLarge, "request body too large").write(w)
		return false
	}
	if err != nil {
		newProblem(http.StatusBadRequest, "request body cut short").write(w)
		return false
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return true
}

// serveFaulty does the work of a request as far as the fault lets it. To close a connection it
// panics with http.ErrAbortHandler, which is net/http's own way of saying so.
func (s *Server) serveFaulty(w http.ResponseWriter, r *http.Request, e Endpoint, f Fault) {
	if !s.waitOut(r, f) || f.Drop {
		panic(http.ErrAbortHandler)
	}
	answer := newReply()
	if f.invented() {
		answer = f.reply(e)
	} else {
		s.api.ServeHTTP(answer, r)
	}
	if f.Rewrite != nil {
		answer.rewrite(f.Rewrite)
	}
	if f.DropReply {
		panic(http.ErrAbortHandler)
	}
	for name, values := range f.Header {
		answer.header[http.CanonicalHeaderKey(name)] = values
	}
	answer.sendHead(w)
	s.sendBody(w, r, answer.body.Bytes(), f)
}

// waitOut goes through the waiting that the fault asks for, and says whether the request is to go on.
func (s *Server) waitOut(r *http.Request, f Fault) bool {
	if f.Delay > 0 && !s.wait(r.Context(), f.Delay) {
		return false
	}
	if f.Hang {
		return s.wait(r.Context(), 0)
	}
	if f.Hold != nil {
		select {
		case <-f.Hold:
		case <-s.closing:
			return false
		}
	}
	return true
}

// sendBody sends the body, or as much of it, as fast, as the fault lets through.
func (s *Server) sendBody(w http.ResponseWriter, r *http.Request, body []byte, f Fault) {
	if f.Truncate {
		body = body[:len(body)/2]
	}
	if f.Drip > 0 {
		s.drip(w, r, body, f.Drip)
	} else {
		_, _ = w.Write(body) // the client has gone; nobody is left to tell
	}
	if f.Truncate {
		_ = http.NewResponseController(w).Flush() // as above
		panic(http.ErrAbortHandler)
	}
}

// drip sends the body byte by byte, as a server does that wants to hold a client.
func (s *Server) drip(w http.ResponseWriter, r *http.Request, body []byte, pause time.Duration) {
	control := http.NewResponseController(w)
	for i := range body {
		if _, err := w.Write(body[i : i+1]); err != nil {
			return
		}
		if control.Flush() != nil || !s.wait(r.Context(), pause) {
			return
		}
	}
}
