package main

import (
	"context"
	"fmt"
	"regexp"
	"time"
)

// A step has commands, and a sentence about what they have shown.
type step struct {
	name     string // in the summary
	title    string
	standIn  bool // left out at the real Paxos, because a person must do something in the Dashboard
	commands []command
	shown    string
}

// A command is what a person types into a terminal, with what must come of it.
type command struct {
	note    string   // what a person reads first
	line    string   // the command, without tokens and secrets
	standIn bool     // left out at the real Paxos
	fails   bool     // its exit status must not be 0
	want    []string // regular expressions that its output must match; a line begins with ^
	figure  string   // what the summary says; %s is the first group of the first match
	waits   bool     // it may have to run several times until its output is as wanted
}

// measures returns the command with a figure.
func (c command) measures(figure string) command {
	c.figure = figure
	return c
}

// noted returns the command with a note.
func (c command) noted(note string) command {
	c.note = note
	return c
}

// play runs the command, and returns the figure that it measured. A command that waits has several attempts.
func (c command) play(ctx context.Context, t *terminal, attempts int) (measured string, err error) {
	for attempt := 1; ; attempt++ {
		output, status, err := t.run(ctx, c.note, c.line)
		if err == nil {
			measured, err = c.judge(output, status)
		}
		if err == nil {
			return measured, nil
		}
		if ctx.Err() != nil || attempt >= attempts || !c.waits {
			return "", fmt.Errorf("the last command: %w", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

// judge returns the figure of the output, or an error if the command did not do what it should have done.
func (c command) judge(output string, status int) (measured string, err error) {
	if c.fails && status == 0 {
		return "", fmt.Errorf("it must be refused, and was not")
	}
	if !c.fails && status != 0 {
		return "", fmt.Errorf("it failed with exit status %d", status)
	}
	for _, pattern := range c.want {
		found := regexp.MustCompile("(?m)" + pattern).FindStringSubmatch(output)
		if found == nil {
			return "", fmt.Errorf("its output does not match %q", pattern)
		}
		if len(found) > 1 && measured == "" {
			measured = found[1]
		}
	}
	return measured, nil
}
