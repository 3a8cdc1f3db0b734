package input

import (
	"fmt"
	"regexp"
	"unicode/utf8"
)

// Limits on a stored list of scopes: of a role, a scope set or a client. Paxos documents far fewer and far
// shorter ones. Narrowing needs no limit of its own, because it can only name scopes of a role.
const (
	MaximumScopes    = 256
	MaximumScopeSize = 128 // bytes
)

// scopeGrammar is the form of every scope that Paxos documents. A scope of another form is a
// mistake, such as a missing comma, a quote or a stray bracket.
var scopeGrammar = regexp.MustCompile(`^[a-z0-9_.-]+:[a-z0-9_.-]+$`)

// CheckScope judges one scope. Its error quotes the beginning of the scope, with control characters
// escaped.
func CheckScope(scope string) error {
	if len(scope) > MaximumScopeSize || !utf8.ValidString(scope) || !scopeGrammar.MatchString(scope) {
		return fmt.Errorf("scopes contains %s, which is not a scope. A scope looks like funding:read_profile: lower "+
			"case, at most %d bytes",
			Excerpt(scope), MaximumScopeSize)
	}
	return nil
}

// CheckScopes judges the elements of a list of scopes.
func CheckScopes(scopes []string) error {
	for _, scope := range scopes {
		if err := CheckScope(scope); err != nil {
			return err
		}
	}
	if len(scopes) > MaximumScopes {
		return fmt.Errorf("scopes has %d scopes; at most %d are allowed", len(scopes), MaximumScopes)
	}
	return nil
}
