package main

import (
	"bytes"
	"go/scanner"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
)

// kinds are the endings of the files that are read.
var kinds = []string{".go", ".md", ".html", ".css", ".sh", ".hcl", ".golden"}

// leading matches what begins a line of a comment, a quotation or a list.
var leading = regexp.MustCompile(`(?m)^[ \t]*(?:#+|//|>|\*|-)[ \t]`)

// escape matches an escaped line break or tab in a string of Go.
var escape = regexp.MustCompile(`\\[nt]`)

// hasProse reports whether a file is read.
func hasProse(path string) bool {
	return slices.Contains(kinds, filepath.Ext(path)) || filepath.Base(path) == "Makefile"
}

// prose returns what people read of a file. The result is as long as the text and has the same lines.
// Blanks replace what stands between two lines of a text, such as the slashes of a comment.
func prose(path string, text []byte) []byte {
	if filepath.Ext(path) == ".go" {
		return goProse(text)
	}
	text = bytes.Clone(text)
	for _, place := range leading.FindAllIndex(text, -1) {
		blank(text[place[0]:place[1]], ' ')
	}
	return text
}

// goProse returns the comments and strings of a Go file. NUL bytes replace the code, so that no mark
// reaches from one text to another one. A comment that goes on in the next line stays one text, and
// so do strings joined by +.
func goProse(text []byte) []byte {
	found := bytes.Clone(text)
	blank(found, 0)
	files := token.NewFileSet()
	file := files.AddFile("", -1, len(text))
	var tokens scanner.Scanner
	tokens.Init(file, text, nil, scanner.ScanComments)
	for {
		position, kind, literal := tokens.Scan()
		start := file.Offset(position)
		end := min(start+len(literal), len(text))
		switch kind {
		case token.EOF:
			return found
		case token.COMMENT:
			copy(found[start:end], text[start:end])
			blank(found[start:start+2], ' ')
		case token.STRING:
			copy(found[start:end], text[start:end])
			found[start], found[end-1] = ' ', ' '
			if text[start] == '"' {
				for _, place := range escape.FindAllIndex(found[start:end], -1) {
					blank(found[start+place[0]:start+place[1]], ' ')
				}
			}
		case token.ADD:
			found[start] = ' '
		}
	}
}

// blank replaces everything but white space.
func blank(text []byte, by byte) {
	for i, b := range text {
		if b != '\n' && b != '\r' && b != '\t' && b != ' ' {
			text[i] = by
		}
	}
}
