package broker

import (
	"context"
	"maps"
	"slices"
)

// noteUnreadable logs a row that cannot be read, once. Its token can neither be served nor revoked.
// All other tokens are served as usual.
func (b *Broker) noteUnreadable(fingerprint string, cause error) {
	b.mu.Lock()
	known := b.unreadable[fingerprint]
	b.unreadable[fingerprint] = true
	b.mu.Unlock()
	if !known {
		b.Logger.Error("a token's record cannot be read: the token is not served and cannot be revoked; it is "+
			"valid until it expires", "token_id", fingerprint, "error", cause)
	}
}

// Unreadable returns the fingerprints of tokens whose record cannot be read, and which therefore
// cannot be ended.
func (b *Broker) Unreadable(ctx context.Context) ([]string, error) {
	if err := b.load(ctx); err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	fingerprints := slices.AppendSeq(make([]string, 0, len(b.unreadable)), maps.Keys(b.unreadable))
	slices.Sort(fingerprints)
	return fingerprints, nil
}

// forgetUnreadable deletes the record of such a token, if there is one.
func (b *Broker) forgetUnreadable(ctx context.Context, fingerprint string) (bool, error) {
	b.mu.Lock()
	known := b.unreadable[fingerprint]
	b.mu.Unlock()
	if !known {
		return false, nil
	}
	if err := b.Ledger.Delete(ctx, fingerprint); err != nil {
		return true, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.unreadable, fingerprint)
	return true, nil
}
