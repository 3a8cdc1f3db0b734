package catalog

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// operationColumns are the columns of operations.tsv.
var operationColumns = []string{"operationId", "method", "path", "scopes", "tag", "summary", "auth", "match",
	"deprecated"}

// Access says what an operation requires of its caller.
type Access string

// The kinds of access, spelled as in operations.tsv.
const (
	Public    Access = "none"  // no token
	AnyToken  Access = "token" // a live token with any scopes
	WithScope Access = "scope" // a live token with the operation's scopes
)

// An Operation is one method of one endpoint of the API.
type Operation struct {
	ID         string // Paxos's operationId, such as GetTransfer
	Method     string // GET, POST, PUT or DELETE
	Path       string // with /v2 and placeholders, such as /v2/transfer/transfers/{id}
	Access     Access
	Scopes     []string // empty unless Access is WithScope
	AnyScope   bool     // any one of Scopes is enough; if false, all are needed
	Tag        string   // Paxos's group of endpoints, such as Transfers
	Summary    string   // Paxos's words; may be empty
	Deprecated bool
}

// Operations returns all operations in the order of Paxos's OpenAPI document.
func Operations() []Operation { return copies(known().operations) }

// LookupOperation finds an operation by its id, in Paxos's spelling and case, and reports whether
// there is one.
func LookupOperation(id string) (Operation, bool) {
	o, ok := known().operationByID[id]
	return o.copy(), ok
}

// OpenedBy returns the operations that need a scope and that a token with these scopes may call, in
// the order of Operations.
func OpenedBy(scopes ...string) []Operation { return copies(known().openedBy(scopes)) }

// Beyond returns the operations that the scopes open in addition to those that were asked for, in
// the order of Operations. The second argument holds the ids of the operations asked for.
func Beyond(scopes, asked []string) []Operation {
	return slices.DeleteFunc(OpenedBy(scopes...), func(o Operation) bool { return slices.Contains(asked, o.ID) })
}

// AllowedBy reports whether a live token with these scopes may call the operation.
func (o Operation) AllowedBy(scopes []string) bool {
	holds := func(scope string) bool { return slices.Contains(scopes, scope) }
	if o.AnyScope {
		return slices.ContainsFunc(o.Scopes, holds)
	}
	return !slices.ContainsFunc(o.Scopes, func(scope string) bool { return !holds(scope) })
}

// Risk returns the greatest risk among the scopes that a caller needs at least. An operation that
// needs no scope has the risk Read.
func (o Operation) Risk() Risk {
	if o.Access != WithScope {
		return Read
	}
	risks := make([]Risk, len(o.Scopes))
	for i, scope := range o.Scopes {
		risks[i] = RiskOf(scope)
	}
	if o.AnyScope {
		return slices.Min(risks)
	}
	return slices.Max(risks)
}

// MovesMoney reports whether a call may move money or decide where money goes: its method is not GET,
// and it needs a scope with the risk MovesMoney. It also reports true for some calls that do neither,
// such as a cancellation.
func (o Operation) MovesMoney() bool { return o.Method != http.MethodGet && o.Risk() == MovesMoney }

// openedBy is OpenedBy in this catalogue.
func (c *catalogue) openedBy(scopes []string) []Operation {
	var opened []Operation
	for _, o := range c.operations {
		if o.Access == WithScope && o.AllowedBy(scopes) {
			opened = append(opened, o)
		}
	}
	return opened
}

// copy returns a deep copy, so that callers cannot change the catalogue.
func (o Operation) copy() Operation {
	o.Scopes = slices.Clone(o.Scopes)
	return o
}

// copies returns deep copies of the operations.
func copies(operations []Operation) []Operation {
	all := make([]Operation, len(operations))
	for i, o := range operations {
		all[i] = o.copy()
	}
	return all
}

// readOperation reads a line of operations.tsv. It refuses values that contradict each other, such as
// an operation that needs a scope and names none.
func readOperation(row []string) (Operation, error) {
	o := Operation{
		ID: row[0], Method: row[1], Path: "/v2" + row[2], Tag: row[4], Summary: row[5],
		Access:     Access(row[6]),
		Scopes:     strings.FieldsFunc(row[3], func(r rune) bool { return r == ',' }),
		AnyScope:   row[7] == "any",
		Deprecated: row[8] == "true",
	}
	switch {
	case o.Access != Public && o.Access != AnyToken && o.Access != WithScope:
		return o, fmt.Errorf("auth %q is none of none, token, scope", row[6])
	case (o.Access == WithScope) != (len(o.Scopes) > 0):
		return o, fmt.Errorf("auth %q does not go with scopes %q", row[6], row[3])
	case (o.Access == WithScope) != (row[7] == "any" || row[7] == "all"):
		return o, fmt.Errorf("match %q does not go with auth %q", row[7], row[6])
	case row[8] != "true" && row[8] != "false":
		return o, fmt.Errorf("deprecated %q is neither true nor false", row[8])
	}
	return o, nil
}
