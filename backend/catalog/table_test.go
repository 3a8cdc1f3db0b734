package catalog

import (
	"strings"
	"testing"
)

// TestTables are well formed, so that the program cannot fail on them, and are as large as documented.
func TestTables(t *testing.T) {
	t.Parallel()
	c, err := readCatalogue(scopeTable, operationTable)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.scopes) != 67 || len(c.operations) != 125 {
		t.Errorf("%d scopes and %d operations, want 67 and 125", len(c.scopes), len(c.operations))
	}
	if len(Scopes()) != 67 || len(Operations()) != 125 {
		t.Errorf("the package lists %d scopes and %d operations", len(Scopes()), len(Operations()))
	}
}

// The lines that the tables of the tests below are made of.
const (
	scopeHeader     = "scope\trisk\tdescription\toperations\n"
	operationHeader = "operationId\tmethod\tpath\tscopes\ttag\tsummary\tauth\tmatch\tdeprecated\n"
	goodScope       = "a:b\tread\tText\t1\n"
	goodOperation   = "Get\tGET\t/a\ta:b\tTag\tText\tscope\tall\tfalse\n"
)

// TestBrokenTables are refused with a word on what is wrong.
func TestBrokenTables(t *testing.T) {
	t.Parallel()
	if _, err := readCatalogue(scopeHeader+goodScope, operationHeader+goodOperation); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ scopes, operations, says string }{
		"empty":         {"", operationHeader, "first line"},
		"no header":     {goodScope, operationHeader, "first line"},
		"a column less": {scopeHeader + "a:b\tread\tText\n", operationHeader, "wrong number of fields"},
		"unknown risk":  {scopeHeader + "a:b\trisky\tText\t1\n", operationHeader, `a:b: "risky" is not a risk`},
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

// FuzzTables reads anything without a panic, and refuses it or indexes all of it.
func FuzzTables(f *testing.F) {
	f.Add(scopeHeader+goodScope, operationHeader+goodOperation)
	f.Add(scopeTable, operationTable)
	f.Add(scopeHeader+"\"\t\"\t\"\t\"\n", operationHeader+"\t\t\t,\t\t\tnone\t\ttrue\n")
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
