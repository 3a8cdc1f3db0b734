package page

import (
	"fmt"
	"regexp"
	"strings"
)

var (
	fence   = regexp.MustCompile("^(\\s*(?:(?:[-*+]|\\d+[.)])\\s+)?)(`{3,})([^`]*)$") // perhaps as an item of a list
	closing = regexp.MustCompile("^\\s*(`{3,})\\s*$")
	hidden  = regexp.MustCompile(`^(\s*)<!-- shell: (.*\S) -->\s*$`)
	fileArg = regexp.MustCompile(`^file=([A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*)$`)
)

// A reader collects the blocks of a page line by line.
type reader struct {
	path   string
	number int // of the line that is read
	blocks []*Block
	errs   []error

	open  *Block // the block that has begun and has not ended
	ticks int    // of its fence
	text  strings.Builder
}

// complain adds an error on a line.
func (r *reader) complain(line int, format string, arguments ...any) {
	r.errs = append(r.errs, fmt.Errorf("%s:%d: %s", r.path, line, fmt.Sprintf(format, arguments...)))
}

// read reads the next line.
func (r *reader) read(line string) {
	r.number++
	if r.open != nil {
		r.inside(line)
		return
	}
	if found := fence.FindStringSubmatch(line); found != nil {
		r.begin(len(found[1]), len(found[2]), strings.Fields(found[3]))
		return
	}
	if found := hidden.FindStringSubmatch(line); found != nil {
		r.blocks = append(r.blocks, &Block{Kind: Hidden, Language: "shell", Text: found[2] + "\n", Line: r.number,
			lines: 1})
		return
	}
	switch trimmed := strings.TrimSpace(line); {
	case strings.Contains(line, "```"), strings.HasPrefix(trimmed, "~~~"):
		r.complain(r.number, "a fence that is not recognized; write three backquotes and the language, alone on the line")
	case strings.HasPrefix(trimmed, "<!--") && strings.Contains(line, "shell"):
		r.complain(r.number, "a hidden line is written <!-- shell: COMMAND -->, on one line")
	}
}

// inside reads a line of the open block.
func (r *reader) inside(line string) {
	if found := closing.FindStringSubmatch(line); found != nil && len(found[1]) >= r.ticks {
		r.open.Text = r.text.String()
		r.open = nil
		r.text.Reset()
		return
	}
	r.open.lines++
	indented := len(line) - len(strings.TrimLeft(line, " "))
	r.text.WriteString(line[min(indented, r.open.indent):] + "\n")
}

// begin begins a block. The words are those after the backquotes.
func (r *reader) begin(indent, ticks int, words []string) {
	b := &Block{Line: r.number + 1, indent: indent}
	if len(words) > 0 {
		b.Language, words = words[0], words[1:]
	}
	switch b.Language {
	case "shell":
		b.Kind = Run
	case "console":
		b.Kind = Console
	}
	for _, word := range words {
		r.apply(b, word)
	}
	r.blocks = append(r.blocks, b)
	r.open, r.ticks = b, ticks
}

// apply applies a word after the language of a block.
func (r *reader) apply(b *Block, word string) {
	file := fileArg.FindStringSubmatch(word)
	switch {
	case b.Language == "shell" && word == "norun":
		b.Kind = Norun
	case b.Language == "shell" && word == "fails":
		b.Fails = true
	case b.Kind == Other && file != nil:
		b.File = file[1]
	default:
		r.complain(r.number, "%s has no word %q", b.Language, word)
	}
}

// end ends the page.
func (r *reader) end() {
	if r.open != nil {
		r.complain(r.open.Line-1, "the block has no end")
	}
}
