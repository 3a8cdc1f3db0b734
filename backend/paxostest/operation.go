package paxostest

import (
	"net/http"

	"vault-plugin-secrets-paxos/backend/catalog"
)

// The patterns of the API Credentials API, whose requests are counted on their own.
const (
	listCredentialsPattern   = "GET /v2/api-creds/credentials"
	deleteCredentialsPattern = "DELETE /v2/api-creds/credentials/{client_id}"
)

// patternOf is where an operation is served.
func patternOf(o catalog.Operation) string { return o.Method + " " + o.Path }

// operate returns the handler of an operation: the checks that all have in common, then its own work.
func (s *Server) operate(o catalog.Operation) http.HandlerFunc {
	work := s.workOf(o)
	return func(w http.ResponseWriter, r *http.Request) {
		if refusal, ok := s.refusal(r, o); !ok {
			refusal.write(w)
			return
		}
		work(w, r)
	}
}

// workOf finds what an operation does. One without work of its own answers an empty object.
func (s *Server) workOf(o catalog.Operation) http.HandlerFunc {
	switch o.ID {
	case "ListApiCredentials":
		return s.listCredentials
	case "DeleteApiCredentials":
		return s.deleteCredentials
	case "ListProfiles":
		return s.listProfiles
	case "GetTransfer":
		return s.getTransfer
	case "CreateCryptoWithdrawal":
		return s.createCryptoWithdrawal
	}
	return func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, struct{}{}) }
}
