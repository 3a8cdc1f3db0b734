package catalog

import (
	_ "embed"
	"fmt"
	"sync"
)

//go:embed scopes.tsv
var scopeTable string

//go:embed operations.tsv
var operationTable string

// A catalogue holds what the two tables say. It does not change after it was read.
type catalogue struct {
	scopes         []Scope     // sorted by name
	operations     []Operation // in the order of Paxos's OpenAPI document
	scopeByName    map[string]Scope
	operationByID  map[string]Operation
	scopeNames     []string // in the order of scopes
	operationNames []string // in the order of operations
}

// known returns the catalogue of the embedded tables, which are read at the first call.
var known = sync.OnceValue(func() *catalogue {
	c, err := readCatalogue(scopeTable, operationTable)
	if err != nil { // the tables are part of the program, and a test reads them
		panic(err)
	}
	return c
})

// readCatalogue reads the texts of both tables. An error names the table and the row.
func readCatalogue(scopeText, operationText string) (*catalogue, error) {
	scopes, err := ReadTable(scopeText, scopeColumns, readScope)
	if err != nil {
		return nil, fmt.Errorf("scopes: %w", err)
	}
	operations, err := ReadTable(operationText, operationColumns, readOperation)
	if err != nil {
		return nil, fmt.Errorf("operations: %w", err)
	}
	return newCatalogue(scopes, operations)
}

// newCatalogue indexes the scopes and operations, and refuses a name or an id that occurs twice.
func newCatalogue(scopes []Scope, operations []Operation) (*catalogue, error) {
	c := &catalogue{
		scopes: scopes, scopeByName: map[string]Scope{},
		operations: operations, operationByID: map[string]Operation{},
	}
	for _, s := range scopes {
		if _, twice := c.scopeByName[s.Name]; twice {
			return nil, fmt.Errorf("scope %s is there twice", s.Name)
		}
		c.scopeByName[s.Name] = s
		c.scopeNames = append(c.scopeNames, s.Name)
	}
	for _, o := range operations {
		if _, twice := c.operationByID[o.ID]; twice {
			return nil, fmt.Errorf("operation %s is there twice", o.ID)
		}
		c.operationByID[o.ID] = o
		c.operationNames = append(c.operationNames, o.ID)
	}
	return c, nil
}
