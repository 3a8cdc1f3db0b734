package paxostest

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
)

// errWrongSecret makes fosite answer invalid_client.
var errWrongSecret = errors.New("wrong client secret")

// A hasher hashes client secrets for fosite. SHA-256 is enough for secrets of 256 random bits. It is
// also fast enough for thousands of token requests under the race detector, which bcrypt is not.
type hasher struct{}

// Hash returns the hash of a secret. Fosite calls it.
func (hasher) Hash(_ context.Context, secret []byte) ([]byte, error) {
	return hashSecret(secret), nil
}

// Compare returns an error unless the hash is that of the secret, in constant time. Fosite calls it.
func (hasher) Compare(_ context.Context, hash, secret []byte) error {
	if subtle.ConstantTimeCompare(hash, hashSecret(secret)) != 1 {
		return errWrongSecret
	}
	return nil
}

// hashSecret returns the form in which a client secret is stored.
func hashSecret(secret []byte) []byte {
	sum := sha256.Sum256(secret)
	return sum[:]
}
