package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"vault-plugin-secrets-paxos/scripts/stack"
)

// A story has steps. Each step prints its commands, their output, and what that proves.
type story struct {
	*stack.Stack
	paxos *upstream
	out   io.Writer

	step   int
	hidden []string // secrets of which only the beginning is shown
	audit  []string // secrets that must not be in the audit log
	before int      // token requests at the stand-in before the first read of the role
	first  issued   // the first token of the role
	second issued   // the same token, read again
	last   issued   // the token after the first one was revoked

	prompt string         // the first line of a shell in which the printed commands work
	proxy  *stack.Process // the paxos-proxy of the payment service; nil until it is started
}

// newStory returns a story on a server and a Paxos.
func newStory(server *stack.Stack, paxos *upstream, out io.Writer) *story {
	return &story{
		Stack: server, paxos: paxos, out: out,
		hidden: []string{server.RootToken, paxos.clientSecret},
		audit:  []string{paxos.clientSecret},
	}
}

// tell runs every step. It returns the error of the first step that is not as it should be.
func (s *story) tell(ctx context.Context) error {
	for _, step := range []func(context.Context) error{
		s.enableAudit, s.register, s.connect, s.configure, s.writeRole,
		s.readToken, s.useToken, s.share, s.revoke,
		s.crash, s.restrict, s.rotateRoot, s.leaseClient,
		s.generateKey, s.writeSigner, s.startProxy, s.pay, s.tamper, s.useUpTheDay,
		s.rotate, s.lockDown, s.stopProxy, s.readAudit, s.disable,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// title begins a step and prints its title.
func (s *story) title(text string) {
	s.step++
	fmt.Fprintf(s.out, "\n%2d. %s\n", s.step, text)
}

// typed prints a command as a person would type it.
func (s *story) typed(format string, values ...any) {
	fmt.Fprintf(s.out, "\n    $ %s\n", s.mask(fmt.Sprintf(format, values...)))
}

// noted prints what a person does elsewhere, before the command that does it here.
func (s *story) noted(text string) { fmt.Fprintf(s.out, "\n    %s", text) }

// widest is the length to which lines of output are cut.
const widest = 200

// shown prints the output of a command.
func (s *story) shown(text string) {
	for line := range strings.Lines(s.mask(strings.TrimRight(text, "\n"))) {
		line = strings.TrimRight(line, "\n")
		if len(line) > widest {
			line = line[:widest] + " ..."
		}
		fmt.Fprintf(s.out, "      %s\n", line)
	}
}

// proved prints what the step has shown.
func (s *story) proved(format string, values ...any) {
	fmt.Fprintf(s.out, "\n    -> %s\n", fmt.Sprintf(format, values...))
}

// hide makes only the beginning of a secret be printed, and readAudit look for it.
func (s *story) hide(secret string) {
	s.hidden = append(s.hidden, secret)
	s.audit = append(s.audit, secret)
}

// mask returns the text with every secret cut to its beginning.
func (s *story) mask(text string) string {
	for _, secret := range s.hidden {
		text = strings.ReplaceAll(text, secret, secret[:min(10, len(secret)/4)]+"...")
	}
	return text
}

// endTokens revokes the tokens that may be alive at the real Paxos if the story has failed. It disables
// the mount, which does no harm if that was done already.
func (s *story) endTokens() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	client, err := s.Client(s.RootToken)
	if err != nil || s.paxos.sandbox != nil {
		return
	}
	if err := client.Sys().UnmountWithContext(ctx, "paxos"); err != nil {
		fmt.Fprintln(s.out, "The mount could not be disabled. Tokens of the role are valid for up to an hour:", err)
	}
}
