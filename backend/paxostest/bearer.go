package paxostest

import (
	"fmt"
	"net/http"
	"strings"

	"vault-plugin-secrets-paxos/backend/catalog"
)

// refusal says, in Paxos's words, why the request may not do the operation, or true if it may.
func (s *Server) refusal(r *http.Request, o catalog.Operation) (problem, bool) {
	if o.Access == catalog.Public {
		return problem{}, true
	}
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
	if !o.AllowedBy(t.Scopes) {
		detail := fmt.Sprintf("insufficient scopes: found '%s', required one of '%s'", strings.Join(t.Scopes, " "),
			o.Scopes)
		return newProblem(http.StatusForbidden, detail), false
	}
	return problem{}, true
}
