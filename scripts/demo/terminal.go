package main

import (
	"context"
	"fmt"
	"io"
	"strings"
)

// width is the number of columns that the text of the demo has at most. Commands are written so that they
// fit; a word that is longer is not broken.
const width = 96

// The columns at which commands and their output begin.
const (
	commandIndent = "    "
	outputIndent  = "      "
)

// A terminal prints what happens.
type terminal struct {
	*shell
	out    io.Writer
	silent bool // the latest thing in the output is a command that printed nothing
}

// run prints a command, with a note above it, and runs it exactly as it is printed. Then it prints the
// output. Nothing else in the demo prints a command after a dollar sign.
func (t *terminal) run(ctx context.Context, note, command string) (output string, status int, err error) {
	if !t.silent || note != "" {
		fmt.Fprintln(t.out)
	}
	if note != "" {
		t.say(commandIndent, note)
	}
	typed := strings.ReplaceAll(command, "\n", "\n"+outputIndent)
	fmt.Fprintf(t.out, "%s$ %s\n", commandIndent, typed)
	output, status, err = t.shell.run(ctx, typed)
	t.silent = strings.TrimSpace(output) == ""
	for line := range strings.Lines(strings.TrimRight(output, "\n")) {
		t.say(outputIndent, strings.TrimRight(line, "\n"))
	}
	return output, status, err
}

// say prints a text, in lines that begin with the indent and fit into the width.
func (t *terminal) say(indent, text string) {
	for _, line := range wrap(text, width-len(indent)) {
		fmt.Fprintln(t.out, strings.TrimRight(indent+line, " "))
	}
}

// prove prints a sentence about what a step has shown.
func (t *terminal) prove(text string) {
	t.silent = false
	const arrow = commandIndent + "-> "
	lines := strings.Join(wrap(text, width-len(arrow)), "\n"+strings.Repeat(" ", len(arrow)))
	fmt.Fprintf(t.out, "\n%s%s\n", arrow, lines)
}

// wrap breaks a line before words that would be beyond the columns. A word that is longer stays whole.
func wrap(line string, columns int) []string {
	var lines []string
	for {
		characters := []rune(line)
		if len(characters) <= columns {
			return append(lines, line)
		}
		end := strings.LastIndex(string(characters[:columns+1]), " ")
		if end < 0 || strings.TrimSpace(line[:end]) == "" {
			return append(lines, line)
		}
		lines, line = append(lines, line[:end]), line[end+1:]
	}
}
