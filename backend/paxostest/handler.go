package paxostest

import (
	"net/http"
	"strings"
	"time"

	"vault-plugin-secrets-paxos/backend/catalog"
)

// sandboxHeader is a header of every reply, so that no reply is mistaken for one of Paxos.
const sandboxHeader = "X-Paxos-Sandbox"

// sandboxNotice is the value of that header.
const sandboxNotice = "this is a stand-in, not Paxos"

// newAPI returns the handler of everything that clients of Paxos use: the OAuth host and the API.
func (s *Server) newAPI() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc(discoveryPattern, s.discover)
	mux.HandleFunc(tokenPattern, postOnly(s.issueToken))
	mux.HandleFunc(revokePattern, postOnly(s.revokeToken))
	for _, o := range catalog.Operations() {
		mux.HandleFunc(patternOf(o), s.operate(o))
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		newProblem(http.StatusNotFound, "no such endpoint").write(w)
	})
	return mux
}

// serve handles every request: it counts the request, applies the rate limit and then the fault that
// is set for it, and does the work.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set(sandboxHeader, sandboxNotice)
	w.Header().Set("Date", s.now().UTC().Format(http.TimeFormat))
	if strings.HasPrefix(r.URL.Path, controlPrefix) {
		s.serveControl(w, r)
		return
	}
	endpoint := s.endpointOf(r)
	admitted := s.throttle.admit(clientIP(r), endpoint, s.now())
	var f Fault
	if admitted {
		f = s.faults.take(endpoint)
	}
	// After it has its fault: a test that sees the request in the count may send the next one, which
	// must not take the fault.
	s.calls.add(endpoint)
	if !admitted {
		tooManyRequests().write(w)
		return
	}
	if readBody(w, r) {
		s.serveFaulty(w, r, endpoint, f)
	}
}

// serveFaulty does the work of a request as far as the fault allows. To close the connection it panics
// with http.ErrAbortHandler, as net/http requires.
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

// waitOut waits as the fault says, and reports whether to continue with the request.
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

// sendBody sends as much of the body as the fault allows, and as fast.
func (s *Server) sendBody(w http.ResponseWriter, r *http.Request, body []byte, f Fault) {
	if f.Truncate {
		body = body[:len(body)/2]
	}
	if f.Drip > 0 {
		s.drip(w, r, body, f.Drip)
	} else {
		_, _ = w.Write(body) // it fails only if the client has gone
	}
	if f.Truncate {
		_ = http.NewResponseController(w).Flush() // as above
		panic(http.ErrAbortHandler)
	}
}

// drip sends the body byte by byte, to keep a client waiting.
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
