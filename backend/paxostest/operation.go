package paxostest

import (
	"net/http"

	"vault-plugin-secrets-paxos/backend/catalog"
)

// patternOf returns the pattern of http.ServeMux for an operation.
func patternOf(o catalog.Operation) string { return o.Method + " " + o.Path }

// operate returns the handler of an operation. It makes the checks that all operations have in common,
// and then does the work of this one.
func (s *Server) operate(o catalog.Operation) http.HandlerFunc {
	work := s.workOf(o)
	return func(w http.ResponseWriter, r *http.Request) {
		who, p, ok := s.authorize(r, o)
		if !ok {
			p.write(w)
			return
		}
		if work == nil {
			s.execute(w, r, o, who)
			return
		}
		work(w, r)
	}
}

// workOf returns what an operation does after the checks; nil if it is executed. Most operations that
// only read answer an empty object.
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
	}
	if o.Method != http.MethodGet {
		return nil
	}
	return func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, struct{}{}) }
}
