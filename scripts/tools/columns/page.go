package main

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

const (
	widestText = 100 // columns that a line of the front page may have
	widestCell = 80  // columns that a cell of the front page's tables may have
	mostLines  = 150 // lines that the front page may have
)

// frontPage returns what is too long in a front page, each with its place: the page, a line, or a cell
// of a table. Here rows of tables and lines of code have no exception.
func frontPage(path string, text []byte) []string {
	var found []string
	number := 0
	for line := range bytes.Lines(text) {
		number++
		if columns := width(line); columns > widestText {
			found = append(found, fmt.Sprintf("%s:%d: %d columns, %d are allowed", path, number, columns, widestText))
		}
		if columns := widest(cells(string(line))); columns > widestCell {
			found = append(found, fmt.Sprintf("%s:%d: a table's cell has %d columns, %d are allowed",
				path, number, columns, widestCell))
		}
	}
	if number > mostLines {
		found = append(found, fmt.Sprintf("%s: %d lines, %d are allowed", path, number, mostLines))
	}
	return found
}

// cells returns the cells of a table's row, or nil if the line is none. A | after a backslash is a part
// of its cell.
func cells(line string) []string {
	line = strings.TrimSpace(line)
	if !strings.HasPrefix(line, "|") {
		return nil
	}
	found := strings.Split(strings.ReplaceAll(line, `\|`, "  "), "|")
	for i := range found {
		found[i] = strings.TrimSpace(found[i])
	}
	return found
}

// widest returns the number of columns of the longest text.
func widest(texts []string) int {
	most := 0
	for _, text := range texts {
		most = max(most, utf8.RuneCountInString(text))
	}
	return most
}

// width returns the number of columns of a line. A tab counts as one.
func width(line []byte) int { return utf8.RuneCount(bytes.TrimRight(line, "\r\n")) }
