package main

import (
	"context"
	"fmt"
	"io"
	"slices"
)

// A story is all steps of the demo, and where it is now.
type story struct {
	*terminal
	steps    []step
	attempts int // of commands that wait: at the real Paxos, the end of a token may take a moment
	number   int // of the step that runs now
	figures  []figure
}

// newStory returns the story that this stage can show.
func newStory(s *stage, out io.Writer) (*story, error) {
	opened, err := openShell()
	if err != nil {
		return nil, err
	}
	attempts := 1
	if s.paxos.sandbox == nil {
		attempts = 10
	}
	return &story{terminal: &terminal{shell: opened, out: out}, steps: steps(s), attempts: attempts}, nil
}

// steps returns the steps in their order. Each relies on those before it.
func steps(s *stage) []step {
	all := []step{
		s.begin(), s.connect(),
		s.writeRole(), readTogether(), useToken(), narrow(), endLeases(), guard(),
		killPlugin(), restrict(), startAgent(), rotateRoot(), findToken(),
		makeKey(), startProxy(), pay(), steal(), useUpTheDay(), leaseClient(), takeBack(),
		recoverAgent(), lockDown(),
		writeReport(), searchLogs(), disable(),
	}
	if s.paxos.sandbox == nil {
		all = withoutStandIn(all)
	}
	return all
}

// withoutStandIn leaves out what only the stand-in can do.
func withoutStandIn(all []step) []step {
	all = slices.DeleteFunc(all, func(each step) bool { return each.standIn })
	for i := range all {
		all[i].commands = slices.DeleteFunc(all[i].commands, func(each command) bool { return each.standIn })
	}
	return all
}

// tell runs every step. It returns an error if the result of one is not as it should be.
func (s *story) tell(ctx context.Context) error {
	for range s.steps {
		if err := s.next(ctx); err != nil {
			return err
		}
	}
	return nil
}

// next runs the next step.
func (s *story) next(ctx context.Context) error {
	current := s.steps[s.number]
	s.number++
	fmt.Fprintln(s.out)
	s.say("", fmt.Sprintf("%2d. %s", s.number, current.title))
	for _, each := range current.commands {
		measured, err := each.play(ctx, s.terminal, s.attempts)
		if err != nil {
			return fmt.Errorf("step %d of %d failed: %w", s.number, len(s.steps), err)
		}
		if each.figure != "" {
			s.figures = append(s.figures, figure{current.name, fmt.Sprintf(each.figure, measured)})
		}
	}
	s.prove(current.shown)
	return nil
}
