package backend

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"time"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/paxos"
)

// rootKey is where the mount's root client is stored, seal-wrapped.
const rootKey = "root"

// A client is a Paxos API client in Vault's custody. Each pair of Client ID and
// secret that it ever had is a generation, kept until the last token that it
// minted has ended, because only the client that minted a token can revoke it.
type client struct {
	versioned
	// random: an entry that is deleted and made again is another one
	EntryID     string       `json:"entry_id,omitempty"`
	Generations []generation `json:"generations"`        // oldest first; the last one mints
	Profiles    []string     `json:"profiles,omitempty"` // that it was seen to see: they tell which Entity it is of
}

// A generation is one pair of Client ID and secret.
type generation struct {
	Number       int                `json:"number"` // counts up from 1, never used twice
	ClientID     string             `json:"client_id"`
	ClientSecret paxos.StoredSecret `json:"client_secret"`
	Connection   string             `json:"connection"` // fingerprint of what it may be sent over
	Since        time.Time          `json:"since"`
	Proved       bool               `json:"proved"`          // a mint has shown that the secret is right
	Erase        bool               `json:"erase,omitempty"` // to be deleted at Paxos when its last token has ended
}

// current is the generation that mints.
func (c client) current() (generation, bool) {
	if len(c.Generations) == 0 {
		return generation{}, false
	}
	return c.Generations[len(c.Generations)-1], true
}

// last is the number of the generation that mints, 0 if there is none.
func (c client) last() int {
	g, _ := c.current()
	return g.Number
}

// with returns the client with a further generation.
func (c client) with(next generation) client {
	c.Generations = append(slices.Clone(c.Generations), next)
	return c
}

// entry tells one stored entry of a client from the next. It changes when the entry is deleted and made
// again, and with each new secret.
type entry struct {
	id   string
	last int
}

// entry is that of the client, the zero entry if it is not stored.
func (c client) entry() entry { return entry{c.EntryID, c.last()} }

// newEntryID is the random id of an entry that is about to be made.
func newEntryID() string { return rand.Text() }

// revokers returns the clients that can end the row's token: the newest secret of
// the Client ID that minted it first. A secret is not sent over a connection that
// it was not proved on, so there may be none.
func (b *backend) revokers(ctx context.Context, row broker.Row) ([]*paxos.Client, error) {
	link, err := b.dial(ctx, b.storage)
	var unusable *fault
	if errors.As(err, &unusable) { // the configuration is gone
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if link.neverRevoke && !errors.Is(b.checkLockdown(ctx, b.storage), errLocked) {
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
		if open, err := link.clientFor(g); err == nil { // else its secret is not sent over this connection
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
		n, err := b.rememberedClient(ctx, b.storage, row.Key.Client)
		if excusing(err, errNotFound) != nil {
			return client{}, err
		}
		if n.has(row.ClientID) {
			return n.client, nil
		}
	}
	root, err := b.roots.get(ctx, b.storage, rootKey)
	return root, excusing(err, errNotFound)
}

// callRate is how many revocations and API calls the mount may make a second.
func (b *backend) callRate(ctx context.Context) int {
	c, err := b.configs.get(ctx, b.storage, configKey)
	if err != nil || c.APIRate < 1 {
		return broker.DefaultCallRate
	}
	return c.APIRate
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
	return eachNamed(ctx, b.storage, func(name string, n namedClient) error {
		if !b.dropEnded(&n.client, need) {
			return nil
		}
		return b.putNamed(ctx, b.storage, name, n)
	})
}

// dropEnded takes away the generations of a client that no token needs, but for the last, and
// reports whether there were any.
func (b *backend) dropEnded(c *client, need broker.Need) bool {
	kept := slices.DeleteFunc(slices.Clone(c.Generations), func(g generation) bool {
		return g.Number != c.last() && !g.Erase && !need.OfGeneration(g.ClientID, g.Number)
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
