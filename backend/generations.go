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

// newGeneration binds a secret that was submitted to the connection that there is.
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

// nextNumber is the number of the next generation of a client: above those of its entry, of the tokens
// in the ledger, and of entries that this process has seen deleted.
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

// revokers returns the clients that can end the row's token: the newest secret of
// the Client ID that minted it first. A secret is not sent over a connection that
// it was not proved on, so there may be none.
func (b *backend) revokers(ctx context.Context, row broker.Row) ([]*paxos.Client, error) {
	session, err := b.openSession(ctx, b.storage)
	var unusable *fault.Fault
	if errors.As(err, &unusable) { // the configuration is gone
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if session.neverRevoke && !errors.Is(b.checkLockdown(ctx, b.storage), errLocked) {
		return nil, nil
	}
	minted, err := b.clientThatMinted(ctx, row)
	if err != nil {
		return nil, err
	}
	var able []*paxos.Client
	for _, g := range slices.Backward(minted.Generations) {
		if g.ClientID != row.ClientID {
			continue
		}
		if open, err := session.clientFor(g); err == nil { // else its secret is not sent over this connection
			able = append(able, open)
		}
	}
	return able, nil
}

// clientThatMinted is the client of the row as it is stored now, one without
// generations if it is gone. Its place may have changed since: a stocked client may
// have become the root.
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

// forgetGenerations drops the generations of the root and of stored clients that no token
// needs any more. Under the lock of all writes nobody can begin a request with a generation
// that has been replaced, so what is not needed then is never needed again.
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

// dropEnded takes away the generations of a client that no token needs, but for the last, and
// reports whether there were any.
func (b *backend) dropEnded(c *client, need broker.Need) bool {
	kept := slices.DeleteFunc(slices.Clone(c.Generations), func(g generation) bool {
		return g.Number != c.last() && !g.DeleteAtPaxos && !need.OfGeneration(g.ClientID, g.Number)
	})
	dropped := len(c.Generations) - len(kept)
	if dropped > 0 {
		current, _ := c.current()
		b.logger.Info("forgetting old secrets of a client: their last token has ended", "client_id",
			current.ClientID, "generations", dropped)
		c.Generations = kept
	}
	return dropped > 0
}
