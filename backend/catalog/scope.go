package catalog

import (
	"slices"
	"strings"
)

// scopeColumns are the columns of scopes.tsv.
var scopeColumns = []string{"scope", "risk", "description"}

// A Scope is a permission that a Paxos client and its tokens can have.
type Scope struct {
	Name        string // such as funding:read_profile
	Risk        Risk
	Description string // from the source that the package comment names
}

// Scopes returns all scopes, sorted by name.
func Scopes() []Scope { return slices.Clone(known().scopes) }

// LookupScope finds a scope by its name, and reports whether the catalogue has it.
func LookupScope(name string) (Scope, bool) {
	s, ok := known().scopeByName[name]
	return s, ok
}

// RiskOf returns the risk of a scope. A scope that the catalogue lacks counts as MovesMoney, because
// it may open anything.
func RiskOf(scope string) Risk { return known().riskOf(scope) }

// riskOf is RiskOf in this catalogue.
func (c *catalogue) riskOf(scope string) Risk {
	if s, ok := c.scopeByName[scope]; ok {
		return s.Risk
	}
	return MovesMoney
}

// Without returns the names that are not among the others, in their order; nil if there are none.
// The names are those of scopes, or of anything else that is compared by name.
func Without(names, others []string) []string {
	var rest []string
	for _, name := range names {
		if !slices.Contains(others, name) {
			rest = append(rest, name)
		}
	}
	return rest
}

// readScope reads a line of scopes.tsv.
func readScope(row []string) (Scope, error) {
	risk, err := ParseRisk(row[1])
	return Scope{Name: row[0], Risk: risk, Description: row[2]}, err
}

// Documents returns the addresses of the pages that name the scope: the OpenAPI document, unless
// only the guides know the scope, and the source of each use case that needs it.
func (s Scope) Documents() []string {
	var pages []string
	if !strings.HasPrefix(s.Description, "(docs") || len(OpenedBy(s.Name)) > 0 {
		pages = append(pages, openAPIDocument)
	}
	for _, set := range sets {
		if slices.Contains(set.Scopes, s.Name) && !slices.Contains(pages, set.Source) {
			pages = append(pages, set.Source)
		}
	}
	return pages
}
