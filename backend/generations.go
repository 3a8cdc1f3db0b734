package backend

import (
	"context"
	"errors"
	"slices"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/backend/store"
)

// newGeneration returns a generation for a submitted secret, bound to the session's connection.
// before is the client that gets it. It is not verified and not stored yet.
func (b *backend) newGeneration(ctx context.Context, session *paxosSession, before client, clientID,
	secret string) (generation, error) {
	if err := errors.Join(input.CheckClientID(clientID), input.CheckClientSecret(secret)); err != nil {
		return generation{}, fault.Invalid(err)
	}
	number, err := b.nextNumber(ctx, before, clientID)
	return generation{
		Number: number, ClientID: clientID, ClientSecret: paxos.Keep(secret), Connection: session.fingerprint,
		Since: b.options.Now().UTC(),
	}, err
}

// nextNumber returns the number of a client's next generation. It is higher than the numbers in the
// client's entry, those of the client's tokens in the ledger, and those of entries that this
// process has seen and that were deleted since. So no token is ever taken for one of another
// generation.
func (b *backend) nextNumber(ctx context.Context, before client, clientID string) (int, error) {
	rows, err := b.broker.Live(ctx)
	if err != nil {
		return 0, err
	}
	last := before.last()
	for _, row := range rows {
		if row.ClientID == clientID {
			last = max(last, row.Generation)
		}
	}
	b.secrets.numbers.mu.Lock()
	defer b.secrets.numbers.mu.Unlock()
	return max(last, b.secrets.numbers.highest[clientID]) + 1, nil
}

// revokers returns the clients that can revoke the row's token: every secret of the Client ID that
// requested it, the newest first. There may be none: because there is no config, because
// never_revoke is set (a lockdown overrides it), or because the secrets were stored for another
// connection.
func (b *backend) revokers(ctx context.Context, row broker.Row) ([]*paxos.Client, error) {
	session, err := b.openSession(ctx, b.storage)
	var unusable *fault.Fault
	if errors.As(err, &unusable) { // config was deleted, or does not fit the connection
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if session.neverRevoke && !errors.Is(b.checkLockdown(ctx, b.storage), errLocked) {
		return nil, nil
	}
	requester, err := b.clientThatMinted(ctx, row)
	if err != nil {
		return nil, err
	}
	var able []*paxos.Client
	for _, g := range slices.Backward(requester.Generations) {
		if g.ClientID != row.ClientID {
			continue
		}
		if open, err := session.clientFor(g); err == nil { // otherwise its secret is for another connection
			able = append(able, open)
		}
	}
	return able, nil
}

// clientThatMinted returns the client that requested the row's token, as it is stored now, or a
// client without generations if it is gone. The stored client that the row names may have become
// the root client since, so the root client is looked at too.
func (b *backend) clientThatMinted(ctx context.Context, row broker.Row) (client, error) {
	if row.Key.Client != "" {
		n, err := b.cachedClient(ctx, b.storage, row.Key.Client)
		if store.Ignoring(err, store.ErrNotFound) != nil {
			return client{}, err
		}
		if n.has(row.ClientID) {
			return n.client, nil
		}
	}
	root, err := b.entries.root.Get(ctx, b.storage, rootKey)
	return root, store.Ignoring(err, store.ErrNotFound)
}

// forgetGenerations removes the generations of the root client and of stored clients that no token
// needs any more. It holds the lock of all writes while it finds out what is needed and removes the rest,
// so that no generation is replaced in between. A token request that begins meanwhile therefore
// uses the current generation, which is never removed.
func (b *backend) forgetGenerations(ctx context.Context) error {
	b.writes.Lock()
	defer b.writes.Unlock()
	need, err := b.broker.Need(ctx)
	if err != nil {
		return err
	}
	root, err := storedRoot(ctx, b.storage)
	if err != nil {
		return err
	}
	if b.dropEnded(&root, need) {
		if err := b.putRoot(ctx, b.storage, root); err != nil {
			return err
		}
	}
	return eachStoredClient(ctx, b.storage, func(name string, n storedClient) error {
		if !b.dropEnded(&n.client, need) {
			return nil
		}
		return b.putStoredClient(ctx, b.storage, name, n)
	})
}

// dropEnded removes from c the generations that no token needs, and reports whether there were any.
// It keeps the current one, and those that are to be deleted at Paxos.
func (b *backend) dropEnded(c *client, need broker.Need) bool {
	kept := slices.DeleteFunc(slices.Clone(c.Generations), func(g generation) bool {
		return g.Number != c.last() && !g.DeleteAtPaxos && !need.OfGeneration(g.ClientID, g.Number)
	})
	dropped := len(c.Generations) - len(kept)
	if dropped > 0 {
		current, _ := c.current()
		b.logger.Info("removed old secrets of a client: no valid token needs them", "client_id",
			current.ClientID, "generations", dropped)
		c.Generations = kept
	}
	return dropped > 0
}
