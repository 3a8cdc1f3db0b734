package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

//go:embed marks.txt
var list string

// marks are those of marks.txt, the longest first, so that "dies with" is found before "dies".
var marks = parse(list)

// A mark is a word or several, with what to write instead.
type mark struct {
	words, instead string
	pattern        *regexp.Regexp
}

// parse returns the marks of a list in the form of marks.txt. It panics if a line has another form.
func parse(list string) []mark {
	var found []mark
	for line := range strings.Lines(list) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		words, instead, ok := strings.Cut(line, "=")
		words, instead = strings.TrimSpace(words), strings.TrimSpace(instead)
		if !ok || words == "" || instead == "" {
			panic(fmt.Sprintf("marks.txt: %q is not of the form \"mark = what to write instead\"", line))
		}
		// Between two words there is a gap in one line, or one line break: a blank line ends a sentence.
		pattern := strings.Join(strings.Fields(regexp.QuoteMeta(words)), `[ \t]*(?:[ \t]|\r?\n)[ \t]*`)
		found = append(found, mark{words, instead, regexp.MustCompile(`(?i)\b` + pattern + `\b`)})
	}
	slices.SortStableFunc(found, func(a, b mark) int { return len(b.words) - len(a.words) })
	return found
}

// A use is a place where a text has a mark.
type use struct {
	mark mark
	line int
}

// uses returns the places of the marks in a text, in order. A place counts once, for its longest mark.
func uses(text []byte) []use {
	var found []use
	text = bytes.Clone(text)
	for _, m := range marks {
		for _, place := range m.pattern.FindAllIndex(text, -1) {
			if isCompound(text, place[0], place[1]) {
				continue
			}
			found = append(found, use{m, 1 + bytes.Count(text[:place[0]], []byte("\n"))})
			blank(text[place[0]:place[1]], 0)
		}
	}
	slices.SortStableFunc(found, func(a, b use) int { return a.line - b.line })
	return found
}

// isCompound reports whether text[start:end] is a part of a longer word such as short-lived.
func isCompound(text []byte, start, end int) bool {
	return start > 0 && text[start-1] == '-' || end < len(text) && text[end] == '-'
}
