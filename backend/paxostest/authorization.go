package paxostest

import (
	"fmt"
	"net/http"
	"strings"

	"vault-plugin-secrets-paxos/backend/catalog"
)

// refusal returns the problem with which Paxos refuses a request for the operation, or true if the
// request is allowed. It checks the bearer token (RFC 6750, section 2.1), the IP allow-list and the
// scopes.
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
