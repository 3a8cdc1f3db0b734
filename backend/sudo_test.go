package backend_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"
)

// demandsSudo is how Vault's router (vault/router.go, RootPath) decides about a
// request's path: a pattern is exact unless it ends in a star.
func demandsSudo(patterns []string, path string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		prefix, isPrefix := strings.CutSuffix(pattern, "*")
		return pattern == path || isPrefix && strings.HasPrefix(path, prefix)
	})
}

// disguises are other spellings of a path.
func disguises(path string) []string {
	all := []string{
		path + "/", path + "//", "/" + path, "//" + path, "./" + path, path + "/.", path + "/..", path +
			"\n", path + " ", path + "\x00", path + "?", path + "%2f",
		strings.ToUpper(path), strings.ToTitle(path[:1]) + path[1:], strings.ReplaceAll(path, "k", "\u212a"),
	}
	for i, r := range path {
		switch r {
		case '/':
			for _, other := range []string{"//", "/./", "/../", "/x/../", "%2f", "\\", ""} {
				all = append(all, path[:i]+other+path[i+1:])
			}
		default:
			all = append(all, path[:i]+strings.ToUpper(string(r))+path[i+1:])
		}
	}
	return all
}

func TestNoSpellingOfASudoPathGoesWithoutSudo(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	patterns := m.Backend.SpecialPaths().Root
	if !demandsSudo(patterns, "exceptions/") || !demandsSudo(patterns, "exceptions/x") {
		t.Errorf("exceptions can be listed or written without sudo: %q", patterns)
	}
	// Vault adds the slash to what it takes for a list
	for _, operation := range []logical.Operation{logical.ListOperation, logical.ReadOperation} {
		if status, text := m.Refused(operation, "exceptions", nil); status != 404 {
			t.Errorf("%s of exceptions without a slash: %d %s", operation, status, text)
		}
	}
	if !slices.Contains(patterns, "config/guardrails") || !slices.Contains(patterns, "config/connection") {
		t.Errorf("sudo is demanded at %q only", patterns)
	}
	before, upstream := m.Stored(), m.Paxos.TotalCalls()
	for _, pattern := range patterns {
		path := pattern
		if prefix, ok := strings.CutSuffix(pattern, "/*"); ok { // all below it, and the list
			path = prefix + "/x"
		}
		if strings.ContainsAny(path, "*+$^(") || strings.HasSuffix(path, "/") {
			t.Errorf("%q is neither a path as it is asked for nor all below one; Vault takes it literally", pattern)
		}
		if _, err := m.Do(logical.ReadOperation, path, nil); err != nil &&
			!errors.Is(err, logical.ErrUnsupportedOperation) {
			t.Errorf("%q is no path of the engine: %v", path, err)
		}
		for _, other := range disguises(path) {
			for _, operation := range []logical.Operation{
				logical.ReadOperation, logical.CreateOperation, logical.UpdateOperation, logical.PatchOperation,
				logical.DeleteOperation, logical.ListOperation,
			} {
				if demandsSudo(patterns, other) {
					continue
				}
				if status, text := m.Refused(operation, other, nil); status != 404 &&
					!strings.Contains(text, "unsupported") {
					t.Errorf("%s %q gets past sudo: %d %s", operation, other, status, text)
				}
			}
		}
	}
	if m.Stored() != before || m.Paxos.TotalCalls() != upstream {
		t.Error("something was stored, or Paxos called")
	}
}
