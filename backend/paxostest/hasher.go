package paxostest

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
)

// errWrongSecret is fosite's cue to answer invalid_client.
var errWrongSecret = errors.New("wrong client secret")

// A hasher hashes client secrets for fosite. SHA-256 is enough for secrets of 256 random bits, and
// fast enough for thousands of mints under the race detector, which bcrypt is not.
type hasher struct{}

// Hash is called by fosite to store a secret.
func (hasher) Hash(_ context.Context, secret []byte) ([]byte, error) {
	return hashSecret(secret), nil
}

// Compare is called by fosite to check a secret, in constant time.
func (hasher) Compare(_ context.Context, hash, secret []byte) error {
	if subtle.ConstantTimeCompare(hash, hashSecret(secret)) != 1 {
		return errWrongSecret
	}
	return nil
}

// hashSecret is the stored form of a client secret.
func hashSecret(secret []byte) []byte {
	sum := sha256.Sum256(secret)
	return sum[:]
}
