package input

import (
	"errors"
	"fmt"
	"strings"
)

// NarrowScopes judges the scopes that a reader asks for instead of all those of the role: some of
// them, each named once. It refuses everything unclear, because that must never be taken for all of
// them.
func NarrowScopes(asked, allowed []string) ([]string, error) {
	if len(asked) == 0 {
		return nil, errors.New("scopes is empty. Leave it out to get all scopes of the role, or name some of them")
	}
	has := map[string]bool{}
	for _, scope := range allowed {
		has[scope] = true
	}
	seen := map[string]bool{}
	for _, scope := range asked {
		switch {
		case scope == "" || strings.ContainsFunc(scope, isSpace):
			return nil, errors.New("scopes has an element that is empty or contains white space. Give an array, " +
				"or a string with commas and no spaces between the scopes")
		case CheckScope(scope) != nil:
			return nil, CheckScope(scope)
		case seen[scope]:
			return nil, fmt.Errorf("scopes names %s more than once", scope)
		case !has[scope]:
			return nil, fmt.Errorf("scopes names %s, which the role does not have. It has: %s", scope,
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
