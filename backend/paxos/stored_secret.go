package paxos

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
)

// A StoredSecret is a Client Secret that is kept in storage. It can be read in three ways only: as JSON
// for a seal-wrapped storage entry, by a Client over the connection it was stored for, and for the
// answer to the holder of a lease.
type StoredSecret struct{ secret Secret }

// ErrOtherConnection reports that a secret was stored for other servers than those it was about to be
// sent to.
var ErrOtherConnection = errors.New("the secret was stored for another connection (URLs or CA)")

// Keep returns the secret that an operator has submitted as a StoredSecret.
func Keep(text string) StoredSecret { return StoredSecret{Hide(text)} }

// StoredClient returns the client with a stored secret. The fingerprint is that of the settings the
// secret was stored for (Settings.Fingerprint). If this connection has another one, the result is
// ErrOtherConnection, so that a secret is only sent to the servers it was stored for.
func (c *Connection) StoredClient(id string, secret StoredSecret, fingerprint string) (*Client, error) {
	if fingerprint != c.settings.Fingerprint() {
		return nil, ErrOtherConnection
	}
	return c.Client(id, secret.secret), nil
}

// Is reports whether the secret equals the text, in constant time.
func (s StoredSecret) Is(text string) bool {
	return subtle.ConstantTimeCompare([]byte(s.secret.Reveal()), []byte(text)) == 1
}

// ForHolder returns the secret for the answer to the holder of a lease. It must not be used for
// anything else.
func (s StoredSecret) ForHolder() string { return s.secret.Reveal() }

// Format prints the same placeholder for every verb.
func (s StoredSecret) Format(f fmt.State, verb rune) { s.secret.Format(f, verb) }

// MarshalJSON encodes the secret itself, for storage.
func (s StoredSecret) MarshalJSON() ([]byte, error) { return json.Marshal(s.secret.Reveal()) }

// UnmarshalJSON decodes what MarshalJSON wrote.
func (s *StoredSecret) UnmarshalJSON(text []byte) error {
	var secret string
	if err := json.Unmarshal(text, &secret); err != nil {
		return err
	}
	s.secret = Hide(secret)
	return nil
}
