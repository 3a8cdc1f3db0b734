package main

import (
	"net/http"
	"strings"

	"vault-plugin-secrets-paxos/backend/signing/transport"
)

// A refusal is an answer of Vault or the engine that says no, with its words.
type refusal struct {
	status int
	words  string
}

// Error returns the words.
func (r *refusal) Error() string { return r.words }

// Is reports whether the refusal is for now only, so that the access token that there is can be used.
func (r *refusal) Is(target error) bool {
	return target == transport.ErrUnavailable && r.status == http.StatusTooManyRequests
}

// An unavailable error says that Vault gave no answer that can be used.
type unavailable struct{ why string }

// Error returns the reason, which is for the log.
func (u *unavailable) Error() string { return u.why }

// Is reports that the error is transport.ErrUnavailable.
func (u *unavailable) Is(target error) bool { return target == transport.ErrUnavailable }

// words returns the errors of an answer of Vault as one text.
func words(errors []string) string {
	text := strings.Join(errors, "; ")
	for _, mark := range []string{"error occurred:\n\t* ", "errors occurred:\n\t* "} {
		if _, after, found := strings.Cut(text, mark); found {
			text = strings.ReplaceAll(strings.TrimSpace(after), "\n\t* ", "; ")
		}
	}
	if text = strings.TrimSpace(text); text == "" {
		return "Vault gave no reason."
	}
	return text
}
