package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// vault types a vault command as root, shows its answer and returns it.
func (s *story) vault(ctx context.Context, arguments ...string) (string, error) {
	return s.vaultWith(ctx, "", "", arguments...)
}

// vaultWith is vault with something on standard input; source says how a person would
// put it there.
func (s *story) vaultWith(ctx context.Context, input, source string, arguments ...string) (string, error) {
	s.typed("vault %s%s", quoted(arguments), source)
	answer, err := s.run(ctx, s.RootToken, input, arguments...)
	if err == nil {
		s.hideIssued(answer)
	}
	s.shown(answer)
	return answer, err
}

// run runs a vault command and returns all that it said.
func (s *story) run(ctx context.Context, token, input string, arguments ...string) (string, error) {
	answer, err := s.Command(ctx, token, strings.NewReader(input), arguments...).CombinedOutput()
	if err != nil {
		err = fmt.Errorf("vault %s: %w", arguments[0], err)
	}
	return string(answer), err
}

// hideIssued has a secret that was answered shown by its beginning only.
func (s *story) hideIssued(answer string) {
	for _, key := range []string{"access_token", "client_secret"} {
		if secret := value(answer, key); secret != "" {
			s.hide(secret)
		}
	}
}

// value finds a key in the two columns that vault prints.
func value(answer, key string) string {
	for line := range strings.Lines(answer) {
		if name, rest, ok := strings.Cut(line, " "); ok && name == key {
			return strings.TrimSpace(rest)
		}
	}
	return ""
}

// paxosAPI is the client for the use of tokens.
var paxosAPI = &http.Client{Timeout: 15 * time.Second}

// get sends a GET with the token to Paxos's API and returns status line and body.
func get(ctx context.Context, token issued, path string) (code int, answer string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, token.apiURL+path, nil)
	if err != nil {
		return 0, "", err
	}
	request.Header.Set("Authorization", "Bearer "+token.text)
	response, err := paxosAPI.Do(request)
	if err != nil {
		return 0, "", fmt.Errorf("calling Paxos: %w", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	if err != nil {
		return 0, "", fmt.Errorf("reading what Paxos answered: %w", err)
	}
	return response.StatusCode, fmt.Sprintf("HTTP %s\n%s", response.Status, body), nil
}

// quoted puts arguments together as a shell would read them.
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
