package input_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"vault-plugin-secrets-paxos/backend/input"
)

func TestScopesAreChecked(t *testing.T) {
	t.Parallel()
	for scope, want := range map[string]bool{
		"funding:read_profile": true, "a.b-c_9:d": true, strings.Repeat("a", 126) + ":b": true,
		"": false, "funding": false, "a:b:c": false, ":b": false, "a:": false, "A:b": false, "a:b\n": false,
		"a:b,c:d": false,
		`"a:b"`:   false, "a:\x80": false, "*": false, strings.Repeat("a", 127) + ":b": false,
	} {
		if err := input.CheckScopes([]string{"a:b", scope}); (err == nil) != want {
			t.Errorf("%q: %v", scope, err)
		}
	}
	most := slices.Repeat([]string{"a:b"}, input.MaximumScopes)
	if err := input.CheckScopes(most); err != nil {
		t.Error(err)
	}
	if err := input.CheckScopes(append(most, "a:b")); fmt.Sprint(err) != "scopes has 257 scopes; at most "+
		"256 are allowed" {
		t.Errorf("of too many scopes the error is %v", err)
	}
}

// TestNarrowingIsStrict sends scopes in each form that a request may have. What is unclear is refused
// and never taken for all the role's scopes.
func TestNarrowingIsStrict(t *testing.T) {
	t.Parallel()
	allowed := []string{"a:b", "c:d"}
	for name, test := range map[string]struct {
		sent any
		says string // "" if what is asked for is given
	}{
		"one":                     {"a:b", ""},
		"all, as text":            {"c:d,a:b", ""},
		"all, as an array":        {[]any{"a:b", "c:d"}, ""},
		"all, as strings":         {[]string{"a:b", "c:d"}, ""},
		"an empty text":           {"", "scopes is empty"},
		"an empty array":          {[]any{}, "scopes is empty"},
		"another type":            {1, "scopes is empty"},
		"an empty element":        {[]any{""}, "scopes has an element that is empty or contains white space"},
		"a comma too many":        {"a:b,", "scopes has an element that is empty or contains white space"},
		"white space":             {"a:b, c:d", "scopes has an element that is empty or contains white space"},
		"white space of Latin 1":  {"a:b\u00a0c:d", "scopes has an element that is empty or contains white space"},
		"an element of no text":   {[]any{"a:b", 1}, "scopes has an element that is empty or contains white space"},
		"no scope":                {"*", `scopes contains "*", which is not a scope`},
		"the same twice":          {"a:b,a:b", "scopes names a:b more than once"},
		"one that the role lacks": {"a:b,e:f", "scopes names e:f, which the role does not have. It has: a:b, c:d"},
	} {
		asked := input.StrictElements(test.sent)
		got, err := input.NarrowScopes(asked, allowed)
		if test.says == "" && (err != nil || !slices.Equal(got, asked) || len(got) == 0) ||
			test.says != "" && (err == nil || got != nil || !strings.HasPrefix(err.Error(), test.says)) {
			t.Errorf("%s: given are %v, %v; want %q", name, got, err, test.says)
		}
	}
}
