package main

import (
	"bytes"
	"go/scanner"
	"go/token"
	"strings"
	"unicode/utf8"
)

const (
	widestCode  = 120 // columns that a line may have
	indivisible = 90  // columns from which a string is a reason for a long line
)

// longLines returns the numbers of the lines of a Go file that are longer than widestCode without a
// reason.
func longLines(text []byte) []int {
	excused := excusedLines(text)
	var found []int
	number := 0
	for line := range bytes.Lines(text) {
		number++
		if width(line) > widestCode && !excused[number] {
			found = append(found, number)
		}
	}
	return found
}

// excusedLines returns the lines that have a reason to be long, by the strings of the file.
func excusedLines(text []byte) map[int]bool {
	files := token.NewFileSet()
	file := files.AddFile("", -1, len(text))
	var tokens scanner.Scanner
	tokens.Init(file, text, nil, 0)
	excused := map[int]bool{}
	for {
		position, kind, literal := tokens.Scan()
		switch first := file.Line(position); {
		case kind == token.EOF:
			return excused
		case kind != token.STRING:
		case strings.Contains(literal, "\n"):
			for line := range 1 + strings.Count(literal, "\n") {
				excused[first+line] = true
			}
		case utf8.RuneCountInString(literal) >= indivisible:
			excused[first] = true
		}
	}
}
