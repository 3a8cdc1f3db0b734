package paxos

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
)

// A StoredSecret is a Client Secret that is kept in storage. It belongs to one connection, and there is
// no way to read it but the three that it needs: its own encoding for a seal-wrapped entry, a Client
// over that connection, and the answer to the holder of a lease.
type StoredSecret struct{ secret Secret }

// ErrOtherConnection reports that a secret belongs to another connection than the one it was to be
// sent over.
var ErrOtherConnection = errors.New("the secret belongs to another connection")

// Keep makes a StoredSecret of what an operator has submitted.
func Keep(text string) StoredSecret { return StoredSecret{Hide(text)} }

// StoredClient returns the client of a stored secret. It refuses a secret that belongs to a connection
// with another fingerprint, so that a secret reaches no server but the one it was stored for.
func (c *Connection) StoredClient(id string, secret StoredSecret, fingerprint string) (*Client, error) {
	if fingerprint != c.settings.Fingerprint() {
		return nil, ErrOtherConnection
	}
	return c.Client(id, secret.secret), nil
}

// Is reports in constant time whether the secret is this text.
func (s StoredSecret) Is(text string) bool {
	return subtle.ConstantTimeCompare([]byte(s.secret.Reveal()), []byte(text)) == 1
}

// ForHolder returns the secret for the answer to the holder of a lease. Nothing else may call it.
func (s StoredSecret) ForHolder() string { return s.secret.Reveal() }

// Format prints a fixed word whatever the verb.
func (s StoredSecret) Format(f fmt.State, verb rune) { s.secret.Format(f, verb) }

// MarshalJSON encodes the secret for storage.
func (s StoredSecret) MarshalJSON() ([]byte, error) { return json.Marshal(s.secret.Reveal()) }

// UnmarshalJSON decodes what MarshalJSON wrote.
func (s *StoredSecret) UnmarshalJSON(text []byte) error {
	var plain string
	if err := json.Unmarshal(text, &plain); err != nil {
		return err
	}
	s.secret = Hide(plain)
	return nil
}
