package paxos

import (
	"fmt"
	"io"
)

// redacted is what every way of printing a Secret shows.
const redacted = "[redacted]"

// A Secret is text that no fmt verb, JSON encoder or logger prints. The text is behind a func because
// fmt calls no methods on unexported fields: a string type with a Format method would be printed if it
// is a field of another struct. A Secret cannot be stored; see StoredSecret for one that can.
type Secret struct{ text func() string }

// Hide returns the text as a Secret.
func Hide(text string) Secret { return Secret{func() string { return text }} }

// Reveal returns the text; empty for the zero Secret. A review should look at every call of it.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return s.text()
}

// Format prints the same placeholder for every verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalText returns the placeholder. It is called by encoding/json and by hclog when it writes JSON.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
