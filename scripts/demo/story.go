package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"vault-plugin-secrets-paxos/scripts/stack"
)

// A story is told step by step, each step with what was typed, what was answered, and
// what that proves.
type story struct {
	*stack.Stack
	paxos *upstream
	out   io.Writer

	step   int
	hidden []string // shown by their beginning only
	audit  []string // must not be in the audit log
	minted int      // token requests at the stand-in before the role's first
	first  issued   // the first token of the role
	second issued   // the same token, read again
	last   issued   // the token after the first was revoked
}

// newStory begins a story with the server and the Paxos.
func newStory(server *stack.Stack, paxos *upstream, out io.Writer) *story {
	return &story{
		Stack: server, paxos: paxos, out: out,
		hidden: []string{server.RootToken, paxos.clientSecret},
		audit:  []string{paxos.clientSecret},
	}
}

// tell does every step and stops at the first that is not as promised.
func (s *story) tell(ctx context.Context) error {
	for _, step := range []func(context.Context) error{
		s.enableAudit, s.register, s.connect, s.configure, s.writeRole,
		s.readToken, s.useToken, s.share, s.revoke,
		s.crash, s.restrict, s.rotateRoot, s.leaseClient, s.rotate, s.lockDown, s.readAudit, s.disable,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// title begins a step.
func (s *story) title(format string, values ...any) {
	s.step++
	fmt.Fprintf(s.out, "\n%2d. %s\n", s.step, fmt.Sprintf(format, values...))
}

// typed shows what a person would type.
func (s *story) typed(format string, values ...any) {
	fmt.Fprintf(s.out, "\n    $ %s\n", s.mask(fmt.Sprintf(format, values...)))
}

// widest is the length at which a line of an answer is cut.
const widest = 120

// shown shows what was answered.
func (s *story) shown(text string) {
	for line := range strings.Lines(s.mask(strings.TrimRight(text, "\n"))) {
		line = strings.TrimRight(line, "\n")
		if len(line) > widest {
			line = line[:widest] + " ..."
		}
		fmt.Fprintf(s.out, "      %s\n", line)
	}
}

// proved says what the step has shown.
func (s *story) proved(format string, values ...any) {
	fmt.Fprintf(s.out, "\n    -> %s\n", fmt.Sprintf(format, values...))
}

// hide has a secret shown by its beginning only, and looked for in the audit log.
func (s *story) hide(secret string) {
	s.hidden = append(s.hidden, secret)
	s.audit = append(s.audit, secret)
}

// mask shortens what is secret in a text.
func (s *story) mask(text string) string {
	for _, secret := range s.hidden {
		text = strings.ReplaceAll(text, secret, secret[:min(10, len(secret)/4)]+"...")
	}
	return text
}

// endTokens ends what may be alive at the real Paxos when the story was cut short.
// Disabling the mount does that, and does no harm a second time.
func (s *story) endTokens() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	client, err := s.Client(s.RootToken)
	if err != nil || s.paxos.sandbox != nil {
		return
	}
	if err := client.Sys().UnmountWithContext(ctx, "paxos"); err != nil {
		fmt.Fprintln(s.out, "The mount could not be disabled; tokens of the role live for up to an hour:", err)
	}
}
