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
	out io.Writer
}

// run prints a command and runs it exactly as it is printed. Then it prints the output. Nothing else in the
// demo prints a command after a dollar sign.
func (t *terminal) run(ctx context.Context, command string) (output string, status int, err error) {
	typed := strings.ReplaceAll(command, "\n", "\n"+outputIndent)
	fmt.Fprintf(t.out, "\n%s$ %s\n", commandIndent, typed)
	output, status, err = t.shell.run(ctx, typed)
	for line := range strings.Lines(output) {
		t.say(outputIndent, strings.TrimRight(line, "\n"))
	}
	return output, status, err
}

// say prints a text, in lines that begin with the indent and fit into the width.
func (t *terminal) say(indent, text string) {
	for len(indent)+len([]rune(text)) > width {
		end := strings.LastIndex(string([]rune(text)[:width-len(indent)+1]), " ")
		if strings.TrimSpace(text[:max(0, end)]) == "" {
			break // the first word is too long
		}
		fmt.Fprintln(t.out, indent+text[:end])
		text = strings.TrimLeft(text[end:], " ")
	}
	fmt.Fprintln(t.out, strings.TrimRight(indent+text, " "))
}
