package catalog

import (
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
)

// ReadTable reads a table of tab-separated columns and makes a value of each row. The first line of
// the table must name the columns, in this order.
func ReadTable[T any](table string, columns []string, readRow func([]string) (T, error)) ([]T, error) {
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
