package input

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Limits on the scopes that a role or a request may name. Paxos documents far fewer and far shorter
// ones.
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
		return fmt.Errorf("scopes holds %s, which is not a scope: a scope looks like funding:read_profile, in "+
			"lower case, at most %d bytes",
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
		return fmt.Errorf("scopes names %d scopes; at most %d are allowed", len(scopes), MaximumScopes)
	}
	return nil
}

// NarrowScopes judges the scopes that a reader asks for instead of all those of the role: some of
// them, each named once. It refuses everything unclear, because that must never be taken for all of
// them.
func NarrowScopes(asked, allowed []string) ([]string, error) {
	if len(asked) == 0 {
		return nil, errors.New("scopes is empty: leave it out to get all the role's scopes, or name some of them")
	}
	has := map[string]bool{}
	for _, scope := range allowed {
		has[scope] = true
	}
	seen := map[string]bool{}
	for _, scope := range asked {
		switch {
		case scope == "" || strings.ContainsFunc(scope, isSpace):
			return nil, errors.New("scopes has an element that is empty or holds white space: give an array, " +
				"or a string with commas and nothing else between the scopes")
		case CheckScope(scope) != nil:
			return nil, CheckScope(scope)
		case seen[scope]:
			return nil, fmt.Errorf("scopes names %s more than once", scope)
		case !has[scope]:
			return nil, fmt.Errorf("scopes names %s, which the role does not hold; it holds: %s", scope,
				strings.Join(allowed, ", "))
		}
		seen[scope] = true
	}
	return asked, nil
}

// StrictElements splits a list as it was sent. The SDK would drop empty elements and trim the
// others, and then NarrowScopes could not refuse them. Check has found it to be a list of strings.
func StrictElements(sent any) []string {
	var all []string
	switch list := sent.(type) {
	case string:
		if list != "" {
			all = strings.Split(list, ",")
		}
	case []string:
		all = list
	case []any:
		for _, element := range list {
			text, _ := element.(string)
			all = append(all, text)
		}
	}
	return all
}

// isSpace reports the white space and control characters of ASCII, and the white space of Latin 1.
func isSpace(r rune) bool { return r <= ' ' || r == 0x7f || r == 0x85 || r == 0xa0 }
