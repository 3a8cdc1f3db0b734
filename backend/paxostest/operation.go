package paxostest

import (
	_ "embed"
	"net/http"
	"strings"
)

// operationTable is Paxos's operations, one a line, in the columns operationId, method, path, scopes (with commas), tag, summary, auth
// (none, token or scope), match (all or any, of several scopes), deprecated. More of them are served by adding lines.
//
//go:embed operations.tsv
var operationTable string

// operations is what operationTable says.
var operations = parseOperations(operationTable)

// The patterns of the API Credentials API, whose requests are counted on their own.
const (
	listCredentialsPattern   = "GET /v2/api-creds/credentials"
	deleteCredentialsPattern = "DELETE /v2/api-creds/credentials/{client_id}"
)

// An operation is one line of the table.
type operation struct {
	id, method, path string
	open             bool // asks for no token
	requirement
}

// pattern is where the operation is served.
func (o operation) pattern() string { return o.method + " /v2" + o.path }

// parseOperations reads the table, whose first line names the columns.
func parseOperations(table string) []operation {
	var all []operation
	for _, line := range strings.Split(strings.TrimSpace(table), "\n")[1:] {
		column := strings.Split(line, "\t")
		all = append(all, operation{
			id:          column[0],
			method:      column[1],
			path:        column[2],
			open:        column[6] == "none",
			requirement: requirement{scopes: strings.FieldsFunc(column[3], func(r rune) bool { return r == ',' }), any: column[7] == "any"},
		})
	}
	return all
}

// operate returns the handler of an operation: the checks that all have in common, then its own work.
func (s *Server) operate(o operation) http.HandlerFunc {
	work := s.workOf(o)
	return func(w http.ResponseWriter, r *http.Request) {
		if o.open || s.authorize(w, r, o.requirement) {
			work(w, r)
		}
	}
}

// workOf finds what an operation does. One without work of its own answers an empty object.
func (s *Server) workOf(o operation) http.HandlerFunc {
	switch o.id {
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
