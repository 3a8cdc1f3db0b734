package paxostest

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"time"
)

// controlPrefix is where the control API lives. It knows no credentials: whoever reaches it owns
// the sandbox.
const controlPrefix = "/sandbox/"

// newControl lays out the control API, which is the dashboard and the state for people and scripts.
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
	mux.HandleFunc("POST /sandbox/faults", s.controlFault)
	mux.HandleFunc("DELETE /sandbox/faults", s.controlHeal)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		newProblem(http.StatusNotFound, "no such control endpoint").write(w)
	})
	return mux
}

// serveControl handles a request to the control API, unless it may come from a web page that
// somebody is looking at.
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

// ownHost says whether the host header names this server by an address that cannot be rebound in DNS.
func (s *Server) ownHost(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback() || slices.Contains(s.hosts(), host)
}

// A tokenView is a Token in the control API.
type tokenView struct {
	Fingerprint string     `json:"fingerprint"`
	ClientID    string     `json:"client_id"`
	Scopes      []string   `json:"scopes"`
	Alive       bool       `json:"alive"`
	MintedAt    time.Time  `json:"minted_at"`
	ExpiresAt   time.Time  `json:"expires_at"`
	RevokedAt   *time.Time `json:"revoked_at,omitempty"`
}

// newTokenView shows a token.
func newTokenView(t Token) tokenView {
	view := tokenView{
		Fingerprint: t.Fingerprint,
		ClientID:    t.ClientID,
		Scopes:      append([]string{}, t.Scopes...),
		Alive:       t.Alive,
		MintedAt:    t.MintedAt.UTC(),
		ExpiresAt:   t.ExpiresAt.UTC(),
	}
	if !t.RevokedAt.IsZero() {
		revoked := t.RevokedAt.UTC()
		view.RevokedAt = &revoked
	}
	return view
}

// controlTokens lists every token ever minted.
func (s *Server) controlTokens(w http.ResponseWriter, _ *http.Request) {
	views := []tokenView{}
	for _, t := range s.Tokens() {
		views = append(views, newTokenView(t))
	}
	writeJSON(w, http.StatusOK, map[string]any{"tokens": views})
}

// controlToken shows one token.
func (s *Server) controlToken(w http.ResponseWriter, r *http.Request) {
	t, ok := s.token(r.PathValue("fingerprint"))
	if !ok {
		newProblem(http.StatusNotFound, "no token of that fingerprint was minted here").write(w)
		return
	}
	writeJSON(w, http.StatusOK, newTokenView(t))
}

// controlCalls shows the counters and who is banned.
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

// decodeControl reads the JSON body of a control request, or answers 400. Members it does not know
// are refused, so that a misspelt one is not taken for done.
func decodeControl(w http.ResponseWriter, r *http.Request, into any) bool {
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		newProblem(http.StatusBadRequest, fmt.Sprintf("request body: %v", err)).write(w)
		return false
	}
	return true
}
