package paxostest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// A requirement is what an operation asks of the bearer.
type requirement struct {
	scopes []string
	any    bool // one of the scopes is enough
}

// satisfied says whether the scopes found fulfil the requirement. An empty requirement asks for a live token only.
func (q requirement) satisfied(found []string) bool {
	has := func(scope string) bool { return slices.Contains(found, scope) }
	if q.any {
		return slices.ContainsFunc(q.scopes, has)
	}
	return !slices.ContainsFunc(q.scopes, func(scope string) bool { return !has(scope) })
}

// authorize finds out whether the request may do what the requirement is about, or answers it with Paxos's refusal.
func (s *Server) authorize(w http.ResponseWriter, r *http.Request, q requirement) bool {
	refusal, ok := s.refusal(r, q)
	if ok {
		return true
	}
	refusal.write(w)
	return false
}

// refusal says why the request may not do what the requirement is about, or true if it may.
func (s *Server) refusal(r *http.Request, q requirement) (problem, bool) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return newProblem(http.StatusUnauthorized, "no authorization header set"), false
	}
	scheme, accessToken, _ := strings.Cut(header, " ")
	t, known := s.token(Fingerprint(accessToken))
	if !strings.EqualFold(scheme, "Bearer") || !known || !t.Alive {
		return newProblem(http.StatusUnauthorized, "invalid or expired token"), false
	}
	client, known := s.credential(t.ClientID)
	if !known || !client.allows(clientIP(r)) {
		return newProblem(http.StatusForbidden, "IP address not allowed"), false
	}
	if !q.satisfied(t.Scopes) {
		detail := fmt.Sprintf("insufficient scopes: found '%s', required one of '%s'", strings.Join(t.Scopes, " "), q.scopes)
		return newProblem(http.StatusForbidden, detail), false
	}
	return problem{}, true
}
