package input

import (
	"slices"
	"strings"
	"testing"
)

// FuzzScopes holds the two scope parsers against what they promise: what comes out
// is well-formed, without repetition, in the order given, and no narrowing ever
// yields what the role lacks or nothing at all.
func FuzzScopes(f *testing.F) {
	for _, seed := range []string{"a:b", "a:b,c:d", "a:b c:d", " a:b", "a:b,,c:d", "A:b", "*", "a:b,a:b",
		"a:b\tc:d", "a:b\u00a0c:d", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		allowed := []string{"a:b", "c:d", "e:f"}
		scopes := SplitList([]string{text})
		if CheckScopes(scopes) == nil {
			seen := map[string]bool{}
			for _, scope := range scopes {
				if !scopeGrammar.MatchString(scope) || seen[scope] {
					t.Errorf("%q gave %q", text, scopes)
				}
				seen[scope] = true
			}
		}
		narrow, err := NarrowScopes(StrictElements(text), allowed)
		if err != nil {
			return
		}
		if len(narrow) == 0 || strings.Join(narrow, ",") != text {
			t.Errorf("%q narrowed to %q", text, narrow)
		}
		for _, scope := range narrow {
			if !slices.Contains(allowed, scope) {
				t.Errorf("%q narrowed to %q, beyond %q", text, narrow, allowed)
			}
		}
	})
}
