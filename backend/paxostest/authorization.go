package paxostest

import (
	"fmt"
	"net/http"
	"strings"

	"vault-plugin-secrets-paxos/backend/catalog"
)

// A caller is who sent a request that is allowed. The zero value is the caller of a public operation.
type caller struct {
	clientID string
	keyID    string // of the signature; empty if none was demanded
}

// authorize returns the caller of a request for the operation, or the problem with which Paxos refuses
// it and false. It checks the bearer token (RFC 6750, section 2.1), the IP allow-list, the scopes, and
// last the signature if one is demanded.
func (s *Server) authorize(r *http.Request, o catalog.Operation) (caller, problem, bool) {
	if o.Access == catalog.Public {
		return caller{}, problem{}, true
	}
	client, p, ok := s.authenticate(r, o)
	if !ok {
		return caller{}, p, false
	}
	enforcement := s.Enforcement()
	if !enforcement.demands(client, o) {
		return caller{clientID: client.ClientID}, problem{}, true
	}
	keyID, err := s.checkSignature(r, client.ClientID)
	if err != nil {
		return caller{}, newProblem(enforcement.Status, err.Error()), false
	}
	return caller{client.ClientID, keyID}, problem{}, true
}

// authenticate returns the credential whose token the request has, if the token allows the operation.
func (s *Server) authenticate(r *http.Request, o catalog.Operation) (Credential, problem, bool) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return Credential{}, newProblem(http.StatusUnauthorized, "no authorization header set"), false
	}
	scheme, accessToken, _ := strings.Cut(header, " ")
	t, known := s.token(Fingerprint(accessToken))
	if !strings.EqualFold(scheme, "Bearer") || !known || !t.Alive {
		return Credential{}, newProblem(http.StatusUnauthorized, "invalid or expired token"), false
	}
	client, known := s.credential(t.ClientID)
	if !known || !client.allows(clientIP(r)) {
		return Credential{}, newProblem(http.StatusForbidden, "IP address not allowed"), false
	}
	if !o.AllowedBy(t.Scopes) {
		detail := fmt.Sprintf("insufficient scopes: found '%s', required one of '%s'", strings.Join(t.Scopes, " "),
			o.Scopes)
		return Credential{}, newProblem(http.StatusForbidden, detail), false
	}
	return client, problem{}, true
}
