package catalog

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"sync"
)

//go:embed scopes.tsv
var scopeTable string

//go:embed operations.tsv
var operationTable string

// A catalogue is what the two tables say. Nothing changes it once it is read.
type catalogue struct {
	scopes         []Scope     // in order of name
	operations     []Operation // in Paxos's order
	scopeByName    map[string]Scope
	operationByID  map[string]Operation
	scopeNames     []string // as in scopes
	operationNames []string // as in operations
}

// known is the catalogue of the embedded tables.
var known = sync.OnceValue(func() *catalogue {
	c, err := readCatalogue(scopeTable, operationTable)
	if err != nil { // the tables are part of the program, and the first test of this package reads them
		panic(err)
	}
	return c
})

// readCatalogue reads both tables.
func readCatalogue(scopeTable, operationTable string) (*catalogue, error) {
	scopes, err := readTable(scopeTable, scopeColumns, readScope)
	if err != nil {
		return nil, fmt.Errorf("scopes: %w", err)
	}
	operations, err := readTable(operationTable, operationColumns, readOperation)
	if err != nil {
		return nil, fmt.Errorf("operations: %w", err)
	}
	return newCatalogue(scopes, operations)
}

// newCatalogue indexes scopes and operations, which must each have a name of their own.
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

// readTable reads a table of tab-separated columns, whose first line names them.
func readTable[T any](table string, columns []string, readRow func([]string) (T, error)) ([]T, error) {
	reader := csv.NewReader(strings.NewReader(table))
	reader.Comma, reader.LazyQuotes, reader.FieldsPerRecord = '\t', true, len(columns)
	rows, err := reader.ReadAll()
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 || !slices.Equal(rows[0], columns) {
		return nil, fmt.Errorf("the first line is not %q", columns)
	}
	var all []T
	for _, row := range rows[1:] {
		one, err := readRow(row)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", row[0], err)
		}
		all = append(all, one)
	}
	return all, nil
}
