package input

import (
	"fmt"
	"regexp"
	"unicode/utf8"
)

// Bounds on what a role or a request may name.
const (
	MaximumScopes    = 256 // Paxos documents 67
	MaximumScopeSize = 128 // bytes
)

// scopeGrammar is the form of every scope that Paxos documents. A scope of another
// form is a mistake: a missing comma, a quote, a stray bracket.
var scopeGrammar = regexp.MustCompile(`^[a-z0-9_.-]+:[a-z0-9_.-]+$`)

// CheckScopes checks the elements of a scope list.
func CheckScopes(scopes []string) error {
	for _, scope := range scopes {
		if err := CheckScope(scope); err != nil {
			return err
		}
	}
	if len(scopes) > MaximumScopes {
		return fmt.Errorf("scopes names %d scopes; at most %d are allowed", len(scopes), MaximumScopes)
	}
	return nil
}

// CheckScope judges one scope. What is repeated in the error is safe to print.
func CheckScope(scope string) error {
	if len(scope) > MaximumScopeSize || !utf8.ValidString(scope) || !scopeGrammar.MatchString(scope) {
		return fmt.Errorf("scopes holds %s, which is not a scope: a scope looks like funding:read_profile, in "+
			"lower case, at most %d bytes",
			Excerpt(scope), MaximumScopeSize)
	}
	return nil
}
