package paxostest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// The algorithms of request signatures, as in RFC 7518 (section 3.1) and RFC 8037 (section 3.1). The
// type of a key decides which of them its signatures have.
const (
	algorithmES256 = "ES256"
	algorithmEdDSA = "EdDSA"
)

// errNotPublicKey reports a text that the Dashboard does not accept as a public key.
var errNotPublicKey = errors.New("not one public key of type P-256 or Ed25519 in PEM (BEGIN PUBLIC KEY)")

// errPrivateKey reports a private key, which must stay with its owner.
var errPrivateKey = errors.New("this is a private key; register its public key only")

// errUnknownKey reports a Key ID that the credential does not have.
var errUnknownKey = errors.New("unknown public key")

// errDuplicateKey reports a public key that is active on the credential already.
var errDuplicateKey = errors.New("public key already active")

// A PublicKey is a public key that is registered on a credential, to verify signatures of requests.
type PublicKey struct {
	ID        string // the Key ID: what signatures name as kid; a UUID
	Nickname  string
	Algorithm string // ES256 or EdDSA
	PEM       string // as it was registered
	Active    bool   // signatures of an inactive key are refused
}

// newPublicKey returns an active key for the text, with a new Key ID.
func newPublicKey(nickname, text string) (PublicKey, error) {
	key, err := parsePublicKey(text)
	if err != nil {
		return PublicKey{}, err
	}
	algorithm := algorithmEdDSA
	if _, ok := key.(*ecdsa.PublicKey); ok {
		algorithm = algorithmES256
	}
	return PublicKey{ID: newUUID(), Nickname: nickname, Algorithm: algorithm, PEM: text, Active: true}, nil
}

// parsePublicKey reads a public key as SubjectPublicKeyInfo in PEM (RFC 7468, section 13).
func parsePublicKey(text string) (crypto.PublicKey, error) {
	block, rest := pem.Decode([]byte(text))
	switch {
	case block != nil && strings.HasSuffix(block.Type, "PRIVATE KEY"):
		return nil, errPrivateKey
	case block == nil || block.Type != "PUBLIC KEY" || strings.TrimSpace(string(rest)) != "":
		return nil, errNotPublicKey
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, errNotPublicKey
	}
	switch key := parsed.(type) {
	case *ecdsa.PublicKey:
		if key.Curve == elliptic.P256() {
			return key, nil
		}
	case ed25519.PublicKey:
		return key, nil
	}
	return nil, errNotPublicKey
}

// equal reports whether both are the same key, however their texts are written.
func (k PublicKey) equal(other PublicKey) bool {
	mine, err := parsePublicKey(k.PEM)
	if err != nil {
		return false
	}
	theirs, err := parsePublicKey(other.PEM)
	comparing, ok := mine.(interface{ Equal(crypto.PublicKey) bool })
	return ok && err == nil && comparing.Equal(theirs)
}

// RegisterPublicKey adds a public key to a credential, in addition to those it has, and returns it with
// its Key ID. Signatures with it are accepted at once. The text is SubjectPublicKeyInfo in PEM. The
// error reports a Client ID that does not exist, a text that is no such key, or a key that is active on
// the credential already.
func (s *Server) RegisterPublicKey(clientID, nickname, text string) (PublicKey, error) {
	added, err := newPublicKey(nickname, text)
	if err != nil {
		return PublicKey{}, err
	}
	if err := s.changeKeys(clientID, func(keys []PublicKey) ([]PublicKey, error) {
		if slices.ContainsFunc(keys, func(k PublicKey) bool { return k.Active && k.equal(added) }) {
			return nil, errDuplicateKey
		}
		return append(keys, added), nil
	}); err != nil {
		return PublicKey{}, err
	}
	return added, nil
}

// DeactivatePublicKey retires a key: its signatures are refused from now on, and it stays in the list.
// The error reports a Client ID or a Key ID that does not exist.
func (s *Server) DeactivatePublicKey(clientID, keyID string) error {
	return s.changeKeys(clientID, func(keys []PublicKey) ([]PublicKey, error) {
		at := slices.IndexFunc(keys, func(k PublicKey) bool { return k.ID == keyID })
		if at < 0 {
			return nil, fmt.Errorf("%w: %s", errUnknownKey, keyID)
		}
		keys[at].Active = false
		return keys, nil
	})
}

// RemovePublicKey removes a key from the credential. The error reports a Client ID or a Key ID that
// does not exist.
func (s *Server) RemovePublicKey(clientID, keyID string) error {
	return s.changeKeys(clientID, func(keys []PublicKey) ([]PublicKey, error) {
		kept := slices.DeleteFunc(slices.Clone(keys), func(k PublicKey) bool { return k.ID == keyID })
		if len(kept) == len(keys) {
			return nil, fmt.Errorf("%w: %s", errUnknownKey, keyID)
		}
		return kept, nil
	})
}

// changeKeys replaces the public keys of a credential with what change makes of a copy of them.
func (s *Server) changeKeys(clientID string, change func([]PublicKey) ([]PublicKey, error)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.byClientID[clientID]
	if c == nil {
		return fmt.Errorf("%w: %s", errUnknownCredential, clientID)
	}
	changed, err := change(slices.Clone(c.PublicKeys))
	if err != nil {
		return err
	}
	c.PublicKeys, c.UpdatedAt = changed, s.now().UTC()
	return nil
}

// publicKey finds a key of any credential by its Key ID, and the Client ID of that credential.
func (s *Server) publicKey(keyID string) (key PublicKey, clientID string, found bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.credentials {
		for _, k := range c.PublicKeys {
			if k.ID == keyID {
				return k, c.ClientID, true
			}
		}
	}
	return PublicKey{}, "", false
}
