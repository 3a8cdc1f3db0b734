package broker

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"vault-plugin-secrets-paxos/backend/limits"
)

// A Row is the ledger's record of one token. It is kept from before the token is handed out until
// the token has ended, whatever the token was for. It holds the token itself, so it must be stored
// encrypted.
type Row struct {
	Fingerprint string    `json:"fingerprint"`
	Token       string    `json:"token"`
	Key         Key       `json:"key"`
	Own         bool      `json:"own"`                // one reader's alone; never served from the cache
	Narrowed    bool      `json:"narrowed,omitempty"` // for some of the role's scopes
	RoleName    string    `json:"role_name"`          // as it was when minted, for people
	ClientID    string    `json:"client_id"`          // who minted, and so who can revoke
	Generation  int       `json:"generation"`
	Scopes      []string  `json:"scopes"` // as granted, in the order Paxos gave
	MintedAt    time.Time `json:"minted_at"`
	ExpiresAt   time.Time `json:"expires_at"`
	EndingSince time.Time `json:"ending_since,omitzero"` // set: hand out no more, revoke until done or expired
}

// A Ledger keeps rows across restarts, and what the mount knows of the limits. An error from a Put or
// a Delete leaves it unknown whether the write happened. Get returns [limits.ErrUnreadable] for a row
// that exists and cannot be read.
type Ledger interface {
	List(ctx context.Context) (fingerprints []string, err error)
	Get(ctx context.Context, fingerprint string) (Row, bool, error)
	Put(ctx context.Context, row Row) error
	Delete(ctx context.Context, fingerprint string) error

	limits.Records
}

// kind is what the token was requested for, as far as a row tells.
func (r Row) kind() limits.Kind { return kindOf(r.Own, r.Narrowed) }

// kindOf is the kind of a token request for readers.
func kindOf(own, narrowed bool) limits.Kind {
	switch {
	case own:
		return limits.Own
	case narrowed:
		return limits.Narrowed
	}
	return limits.Shared
}

// Fingerprint identifies a token in records, leases and logs. It is half of the token's SHA-256,
// which tells nothing about a random token.
func Fingerprint(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}

// expired reports whether the token has expired.
func (r Row) expired(now time.Time) bool { return !now.Before(r.ExpiresAt) }

// public is the row without the token, for logs, metrics and answers.
func (r Row) public() Row {
	r.Token = ""
	return r
}
