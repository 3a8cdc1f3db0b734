package broker

import (
	"context"
	"fmt"
)

// know keeps a token until it has ended.
func (b *Broker) know(t *token) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tokens[t.Fingerprint] = t
}

// known reports whether memory has a token of that fingerprint.
func (b *Broker) known(fingerprint string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.tokens[fingerprint] != nil
}

// rowOf copies the row of a token that others may be changing.
func (b *Broker) rowOf(t *token) Row {
	b.mu.Lock()
	defer b.mu.Unlock()
	return t.Row
}

// servable reports whether a token may be handed to readers of its key. A token from the future was
// recorded before the clock was set back, so it is unknown how much of its life is left.
func (b *Broker) servable(t *token) bool {
	now := b.Now()
	return !t.Own && t.EndingSince.IsZero() && !t.expired(now) && t.MintedAt.Sub(now) <= skew
}

// serves reports whether the key still serves the token.
func (b *Broker) serves(t *token, key Key) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.serving[key] == t
}

// withdraw takes the token out of service. mu is held.
func (b *Broker) withdraw(t *token) {
	if b.serving[t.Key] == t {
		delete(b.serving, t.Key)
	}
}

// withdrawIdle takes the token out of service unless it has been read in the meantime.
func (b *Broker) withdrawIdle(t *token) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !t.idle(b.Now()) {
		return false
	}
	b.withdraw(t)
	return true
}

// drop forgets a token that has ended. Its row is deleted first: if that fails, the token is still
// known, and ending it again does no harm.
func (b *Broker) drop(ctx context.Context, t *token) error {
	b.setDropping(t, true)
	if err := b.Ledger.Delete(ctx, t.Fingerprint); err != nil {
		b.setDropping(t, false)
		return fmt.Errorf("forgetting a token: %w", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.tokens, t.Fingerprint)
	return nil
}

// setDropping tells those who queue the token at the same time whether its row is being deleted.
func (b *Broker) setDropping(t *token, dropping bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t.dropping = dropping
}
