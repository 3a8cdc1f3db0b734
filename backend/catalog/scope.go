package catalog

import (
	"slices"
	"strings"
)

// scopeColumns are the columns of scopes.tsv.
var scopeColumns = []string{"scope", "risk", "description", "operations"}

// A Scope is a permission that Paxos gives to a client and a token.
type Scope struct {
	Name        string // such as funding:read_profile
	Risk        Risk
	Description string // see the package comment for where it is from
}

// Scopes lists all scopes in order of name.
func Scopes() []Scope { return slices.Clone(known().scopes) }

// LookupScope finds a scope by its name.
func LookupScope(name string) (Scope, bool) {
	s, ok := known().scopeByName[name]
	return s, ok
}

// readScope reads a line of scopes.tsv. The number of operations in it is for people; a test
// compares it.
func readScope(row []string) (Scope, error) {
	risk, err := ParseRisk(row[1])
	return Scope{Name: row[0], Risk: risk, Description: row[2]}, err
}

// openAPI is the address of Paxos's OpenAPI document.
const openAPI = "https://developer.paxos.com/docs/paxos-v2.openapi.json"

// Documents lists the addresses of the pages that name the scope: the OpenAPI document, unless only
// the guides know the scope, and the sources of the use cases that ask for it.
func (s Scope) Documents() []string {
	var pages []string
	if !strings.HasPrefix(s.Description, "(docs") || len(OpenedBy(s.Name)) > 0 {
		pages = append(pages, openAPI)
	}
	for _, set := range sets {
		if slices.Contains(set.Scopes, s.Name) && !slices.Contains(pages, set.Source) {
			pages = append(pages, set.Source)
		}
	}
	return pages
}
