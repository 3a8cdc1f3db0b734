package catalog

import (
	"strings"
	"testing"
)

// How many scopes Paxos is known to have, and how many operations its OpenAPI document has. The
// numbers stand only here, so that a row that is lost or added by mistake is noticed.
const (
	documentedScopes     = 67
	documentedOperations = 125
)

// TestTables checks that the embedded tables are well formed, because the program panics on tables
// that are not, and that no row is missing.
func TestTables(t *testing.T) {
	t.Parallel()
	c, err := readCatalogue(scopeTable, operationTable)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.scopes) != documentedScopes || len(c.operations) != documentedOperations {
		t.Errorf("%d scopes and %d operations, want %d and %d", len(c.scopes), len(c.operations), documentedScopes,
			documentedOperations)
	}
	if len(Scopes()) != documentedScopes || len(Operations()) != documentedOperations {
		t.Errorf("the package lists %d scopes and %d operations", len(Scopes()), len(Operations()))
	}
}

// The lines from which the tests below build their tables.
const (
	scopeHeader     = "scope\trisk\tdescription\n"
	operationHeader = "operationId\tmethod\tpath\tscopes\ttag\tsummary\tauth\tmatch\tdeprecated\n"
	goodScope       = "a:b\tread\tText\n"
	goodOperation   = "Get\tGET\t/a\ta:b\tTag\tText\tscope\tall\tfalse\n"
)

// TestBrokenTables checks that a broken table is refused, and that the error names the mistake.
func TestBrokenTables(t *testing.T) {
	t.Parallel()
	if _, err := readCatalogue(scopeHeader+goodScope, operationHeader+goodOperation); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ scopes, operations, says string }{
		"empty":         {"", operationHeader, "first line"},
		"no header":     {goodScope, operationHeader, "first line"},
		"a column less": {scopeHeader + "a:b\tread\n", operationHeader, "wrong number of fields"},
		"unknown risk":  {scopeHeader + "a:b\trisky\tText\n", operationHeader, `a:b: "risky" is not a risk`},
		"a scope twice": {scopeHeader + goodScope + goodScope, operationHeader, "a:b is there twice"},
		"an operation twice": {scopeHeader + goodScope, operationHeader + goodOperation + goodOperation,
			"Get is there twice"},
		"unknown auth": {scopeHeader,
			operationHeader + strings.Replace(goodOperation, "\tscope\t", "\tmagic\t", 1), `Get: auth "magic"`},
		"public with scopes": {scopeHeader,
			operationHeader + strings.Replace(goodOperation, "\tscope\t", "\tnone\t", 1), "does not go with scopes"},
		"scope without scopes": {scopeHeader,
			operationHeader + strings.Replace(goodOperation, "\ta:b\t", "\t\t", 1), "does not go with scopes"},
		"unknown match": {scopeHeader,
			operationHeader + strings.Replace(goodOperation, "\tall\t", "\tsome\t", 1), `match "some"`},
		"unknown deprecated": {scopeHeader,
			operationHeader + strings.Replace(goodOperation, "\tfalse\n", "\tno\n", 1), `deprecated "no"`},
	} {
		if _, err := readCatalogue(test.scopes, test.operations); err == nil ||
			!strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v, want %q", name, err, test.says)
		}
	}
}

// FuzzTables reads arbitrary tables. Each is either refused or indexed completely, without a panic.
func FuzzTables(f *testing.F) {
	f.Add(scopeHeader+goodScope, operationHeader+goodOperation)
	f.Add(scopeTable, operationTable)
	f.Add(scopeHeader+"\"\t\"\t\"\n", operationHeader+"\t\t\t,\t\t\tnone\t\ttrue\n")
	f.Fuzz(func(t *testing.T, scopes, operations string) {
		c, err := readCatalogue(scopes, operations)
		if err != nil {
			return
		}
		if len(c.scopeByName) != len(c.scopes) || len(c.operationByID) != len(c.operations) {
			t.Errorf("%d of %d scopes and %d of %d operations are indexed", len(c.scopeByName), len(c.scopes),
				len(c.operationByID), len(c.operations))
		}
	})
}
