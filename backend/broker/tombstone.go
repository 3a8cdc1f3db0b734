package broker

import (
	"context"
	"fmt"
)

// drop forgets a token that has ended. Its row goes first: if that fails, the token
// is still known, and ending it again does no harm. A token that was minted a
// moment ago leaves a tombstone, so that who ends what he reads and restarts the
// process does not get the budget twice.
func (b *Broker) drop(ctx context.Context, t *token) error {
	var err error
	tombstone := Row{
		Fingerprint: t.Fingerprint, Key: t.Key, Own: t.Own, Narrowed: t.Narrowed, RoleName: t.RoleName,
		ClientID: t.ClientID, Generation: t.Generation, MintedAt: t.MintedAt, ExpiresAt: t.ExpiresAt, Ended: true,
	}
	counts := b.counts(tombstone)
	b.setDropping(t, true)
	if counts {
		err = b.Ledger.Put(ctx, tombstone)
	} else {
		err = b.Ledger.Delete(ctx, t.Fingerprint)
	}
	if err != nil {
		b.setDropping(t, false)
		return fmt.Errorf("forgetting a token: %w", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.tokens, t.Fingerprint)
	if counts {
		b.ended[t.Fingerprint] = tombstone
	}
	return nil
}

// setDropping tells those who queue the token at the same time whether its row is being
// deleted.
func (b *Broker) setDropping(t *token, dropping bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t.dropping = dropping
}

// counts reports whether a window of the budget still holds the row's mint.
func (b *Broker) counts(row Row) bool {
	age := b.Now().Sub(row.MintedAt)
	return 0 <= age && age < Window+transit
}

// buried reports whether there is a tombstone.
func (b *Broker) buried(fingerprint string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, ok := b.ended[fingerprint]
	return ok
}

// removeTombstones deletes those that no window holds any more.
func (b *Broker) removeTombstones(ctx context.Context) error {
	b.mu.Lock()
	var old []string
	for fingerprint, row := range b.ended {
		if !b.counts(row) {
			old = append(old, fingerprint)
		}
	}
	b.mu.Unlock()
	for _, fingerprint := range old {
		if err := b.Ledger.Delete(ctx, fingerprint); err != nil {
			return fmt.Errorf("forgetting a token: %w", err)
		}
		b.mu.Lock()
		delete(b.ended, fingerprint)
		b.mu.Unlock()
	}
	return nil
}
