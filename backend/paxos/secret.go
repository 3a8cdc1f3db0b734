package paxos

import (
	"fmt"
	"io"
)

// redacted is what every way of printing a Secret shows.
const redacted = "[redacted]"

// A Secret is text that no fmt verb, JSON encoder or logger prints. It hides
// behind a func because fmt calls no methods on unexported fields, where a
// redacting string type would show. It must never be stored: what storage keeps
// is a plain string in a seal-wrapped entry.
type Secret struct{ text func() string }

// Hide wraps text.
func Hide(text string) Secret { return Secret{func() string { return text }} }

// Reveal returns the hidden text. Every call is a place to review.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return s.text()
}

// Format prints a fixed word whatever the verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalText is what encoding/json and hclog's JSON mode call.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
