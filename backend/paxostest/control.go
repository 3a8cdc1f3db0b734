package paxostest

import (
	"net"
	"net/http"
	"slices"
	"time"
)

// controlPrefix is the path of the control API. It asks for no credentials: everyone who can reach it
// controls the sandbox.
const controlPrefix = "/sandbox/"

// newControl returns the handler of the control API, through which people and scripts use the
// dashboard and read the state.
func (s *Server) newControl() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /sandbox/tokens", s.controlTokens)
	mux.HandleFunc("GET /sandbox/tokens/{fingerprint}", s.controlToken)
	mux.HandleFunc("GET /sandbox/calls", s.controlCalls)
	mux.HandleFunc("GET /sandbox/credentials", s.controlCredentials)
	mux.HandleFunc("POST /sandbox/credentials", s.controlCreate)
	mux.HandleFunc("POST /sandbox/credentials/{client_id}", s.controlEdit)
	mux.HandleFunc("DELETE /sandbox/credentials/{client_id}", s.controlDelete)
	mux.HandleFunc("POST /sandbox/credentials/{client_id}/rotate", s.controlRotate)
	mux.HandleFunc("POST /sandbox/credentials/{client_id}/keys", s.controlRegister)
	mux.HandleFunc("POST /sandbox/credentials/{client_id}/keys/{key_id}/deactivate", s.controlDeactivate)
	mux.HandleFunc("DELETE /sandbox/credentials/{client_id}/keys/{key_id}", s.controlRemove)
	mux.HandleFunc("GET /sandbox/signatures", s.controlEnforcement)
	mux.HandleFunc("PUT /sandbox/signatures", s.controlEnforce)
	mux.HandleFunc("GET /sandbox/executed", s.controlExecuted)
	mux.HandleFunc("POST /sandbox/faults", s.controlFault)
	mux.HandleFunc("DELETE /sandbox/faults", s.controlHeal)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		newProblem(http.StatusNotFound, "no such control endpoint").write(w)
	})
	return mux
}

// serveControl handles a request to the control API. It refuses one that a web page in somebody's
// browser may have sent, unless remote access is allowed anyway.
func (s *Server) serveControl(w http.ResponseWriter, r *http.Request) {
	if !s.options.AllowRemote && (r.Header.Get("Origin") != "" || !s.ownHost(r.Host)) {
		newProblem(http.StatusForbidden,
			"the control API takes no request from a web page or for a foreign host name").write(w)
		return
	}
	if readBody(w, r) {
		s.control.ServeHTTP(w, r)
	}
}

// ownHost reports whether a Host header names this server by an address, or by a name that an attacker
// cannot point at it in DNS (DNS rebinding).
func (s *Server) ownHost(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback() || slices.Contains(s.hosts(), host)
}

// A tokenView is a Token as the control API shows it.
type tokenView struct {
	Fingerprint string     `json:"fingerprint"`
	ClientID    string     `json:"client_id"`
	Scopes      []string   `json:"scopes"`
	Alive       bool       `json:"alive"`
	MintedAt    time.Time  `json:"minted_at"`
	ExpiresAt   time.Time  `json:"expires_at"`
	RevokedAt   *time.Time `json:"revoked_at,omitempty"`
}

// newTokenView returns a token as the control API shows it.
func newTokenView(t Token) tokenView {
	view := tokenView{
		Fingerprint: t.Fingerprint,
		ClientID:    t.ClientID,
		Scopes:      append([]string{}, t.Scopes...),
		Alive:       t.Alive,
		MintedAt:    t.IssuedAt.UTC(),
		ExpiresAt:   t.ExpiresAt.UTC(),
	}
	if !t.RevokedAt.IsZero() {
		revoked := t.RevokedAt.UTC()
		view.RevokedAt = &revoked
	}
	return view
}

// controlTokens answers every token that was ever issued.
func (s *Server) controlTokens(w http.ResponseWriter, _ *http.Request) {
	views := []tokenView{}
	for _, t := range s.Tokens() {
		views = append(views, newTokenView(t))
	}
	writeJSON(w, http.StatusOK, map[string]any{"tokens": views})
}

// controlToken answers one token.
func (s *Server) controlToken(w http.ResponseWriter, r *http.Request) {
	t, ok := s.token(r.PathValue("fingerprint"))
	if !ok {
		newProblem(http.StatusNotFound, "no token of that fingerprint was minted here").write(w)
		return
	}
	writeJSON(w, http.StatusOK, newTokenView(t))
}

// controlCalls answers the counters and the IP addresses that are banned.
func (s *Server) controlCalls(w http.ResponseWriter, _ *http.Request) {
	total, by := s.calls.snapshot()
	delete(by, "") // requests to unknown paths count in the total only
	writeJSON(w, http.StatusOK, map[string]any{
		"total":          total,
		"endpoints":      by,
		"most_in_window": s.throttle.mostInWindow(),
		"banned_until":   s.throttle.bans(s.now()),
	})
}
