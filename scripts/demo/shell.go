package main

import (
	"context"
	"fmt"
	"strings"

	"vault-plugin-secrets-paxos/scripts/stack"
)

// vault shows a vault command, runs it as root, and shows and returns its output.
func (s *story) vault(ctx context.Context, arguments ...string) (string, error) {
	return s.vaultWith(ctx, "", "", arguments...)
}

// vaultWith is like vault, with text on standard input. The source is how a person would write that
// in a shell, such as " < secret.txt".
func (s *story) vaultWith(ctx context.Context, input, source string, arguments ...string) (string, error) {
	s.typed("vault %s%s", quoted(arguments), source)
	answer, err := s.run(ctx, s.RootToken, input, arguments...)
	if err == nil {
		s.hideIssued(answer)
	}
	s.shown(answer)
	return answer, err
}

// run runs a vault command with a token and returns its output, standard error included.
func (s *story) run(ctx context.Context, token, input string, arguments ...string) (string, error) {
	answer, err := s.Command(ctx, token, strings.NewReader(input), arguments...).CombinedOutput()
	if err != nil {
		err = fmt.Errorf("vault %s: %w", arguments[0], err)
	}
	return string(answer), err
}

// openShell makes a shell in which the commands of the story work as they are printed, and prints the line
// that a person types first.
func (s *story) openShell(ctx context.Context) (err error) {
	if s.prompt, err = s.InstallTools(ctx, stack.ProxyName); err == nil {
		s.typed("%s", s.prompt)
	}
	return err
}

// shell shows a command, runs it in a shell as it is shown, and shows and returns its output. A command
// that fails is an error; a request that a server refuses is not.
func (s *story) shell(ctx context.Context, command string) (string, error) {
	s.typed("%s", command)
	answer, err := stack.Shell(ctx, s.prompt+"\n"+command).CombinedOutput()
	s.shown(string(answer))
	if err != nil {
		err = fmt.Errorf("%s: %w", command, err)
	}
	return string(answer), err
}

// expectAnswer runs a command whose output must contain all of the words.
func (s *story) expectAnswer(ctx context.Context, command string, words ...string) error {
	answer, err := s.shell(ctx, command)
	if err != nil {
		return err
	}
	for _, word := range words {
		if !strings.Contains(answer, word) {
			return fmt.Errorf("the answer lacks %q", word)
		}
	}
	return nil
}

// hideIssued hides the secret in an answer of vault, if it has one.
func (s *story) hideIssued(answer string) {
	for _, key := range []string{"access_token", "client_secret"} {
		if secret := value(answer, key); secret != "" {
			s.hide(secret)
		}
	}
}

// value returns the value of a key in the two columns that vault prints; empty if the key is missing.
func value(answer, key string) string {
	for line := range strings.Lines(answer) {
		if name, rest, ok := strings.Cut(line, " "); ok && name == key {
			return strings.TrimSpace(rest)
		}
	}
	return ""
}

// quoted joins arguments, with quotes where a shell needs them.
func quoted(arguments []string) string {
	var words []string
	for _, argument := range arguments {
		if name, text, ok := strings.Cut(argument, "="); ok && strings.Contains(text, " ") {
			argument = name + "='" + text + "'"
		}
		words = append(words, argument)
	}
	return strings.Join(words, " ")
}
