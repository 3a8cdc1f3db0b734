package backend

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/hashicorp/vault/sdk/logical"
)

// A clientIndex remembers which Client IDs a mount has stored, and for what, so that the other
// mounts of the process can ask without reading its storage. It is read from storage when it is
// first asked, and kept by whatever writes the root or an entry under clients/.
type clientIndex struct {
	mu      sync.Mutex
	loaded  bool
	epoch   int                 // counts changes: what was read before one is not kept after it
	entries map[string][]heldID // by storage key
}

// A heldID is one Client ID of one entry.
type heldID struct {
	key      string // where it is stored
	clientID string
	lease    bool // it is for leasing
	verified bool // a token request has shown that the secret is right
	unknown  bool // the entry cannot be read, so that it may be of any Client ID
}

// heldIDs lists the Client IDs of an entry.
func heldIDs(key string, c client, lease bool) (held []heldID) {
	for _, g := range c.Generations {
		held = append(held, heldID{key: key, clientID: g.ClientID, lease: lease, verified: g.Proved})
	}
	return held
}

// set notes what an entry holds now.
func (x *clientIndex) set(key string, held []heldID) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.epoch++
	if !x.loaded {
		return
	}
	if held == nil {
		delete(x.entries, key)
		return
	}
	x.entries[key] = held
}

// forget makes the next question read storage.
func (x *clientIndex) forget() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.epoch++
	x.loaded, x.entries = false, nil
}

// of lists the entries that have a Client ID.
func (x *clientIndex) of(ctx context.Context, s logical.Storage, clientID string) (found []heldID, err error) {
	for {
		found = nil
		x.mu.Lock()
		loaded, epoch := x.loaded, x.epoch
		for _, held := range x.entries {
			for _, h := range held {
				if h.clientID == clientID {
					found = append(found, h)
				}
			}
		}
		x.mu.Unlock()
		if loaded {
			return found, nil
		}
		entries, err := readIndex(ctx, s)
		if err != nil {
			return nil, err
		}
		x.mu.Lock()
		if x.epoch == epoch {
			x.loaded, x.entries = true, entries
		}
		x.mu.Unlock()
	}
}

// damaged is the key of an entry that cannot be read, empty if there is none.
func (x *clientIndex) damaged(ctx context.Context, s logical.Storage) (string, error) {
	if _, err := x.of(ctx, s, ""); err != nil { // loads it
		return "", err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for key, held := range x.entries {
		if len(held) > 0 && held[0].unknown {
			return key, nil
		}
	}
	return "", nil
}

// readIndex reads it from storage.
func readIndex(ctx context.Context, s logical.Storage) (map[string][]heldID, error) {
	entries := map[string][]heldID{}
	root, err := storedRoot(ctx, s)
	if err != nil {
		return nil, err
	}
	if held := heldIDs(rootKey, root, false); held != nil {
		entries[rootKey] = held
	}
	return entries, eachNamed(ctx, s, func(name string, n namedClient) error {
		key := clientsPrefix + name
		entries[key] = heldIDs(key, n.client, n.Purpose == purposeLease)
		if n.State == damaged {
			entries[key] = []heldID{{key: key, unknown: true}}
		}
		return nil
	})
}

// noteStored keeps the index and the numbers after a write. One whose outcome is not known makes
// the next question read storage.
func (b *backend) noteStored(key string, c client, lease bool, err error) {
	for _, g := range c.Generations {
		b.numbers.seen(g.ClientID, g.Number)
	}
	if err != nil {
		b.index.forget()
		return
	}
	b.index.set(key, heldIDs(key, c, lease))
}

// noteRemoved is noteStored for a deletion.
func (b *backend) noteRemoved(key string, c client, err error) {
	for _, g := range c.Generations {
		b.numbers.seen(g.ClientID, g.Number)
	}
	if err != nil {
		b.index.forget()
		return
	}
	b.index.set(key, nil)
}

// whereStored says where on this mount a Client ID is stored, apart from these keys, empty if it is
// nowhere. A Client ID is stored once on a mount, so that one that requests tokens is never leased.
func (b *backend) whereStored(ctx context.Context, s logical.Storage, clientID string,
	except ...string) (string, error) {
	held, err := b.index.of(ctx, s, clientID)
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(held, func(h heldID) bool { return !slices.Contains(except, h.key) })
	switch {
	case i < 0:
		return "", nil
	case held[i].key == rootKey:
		return "the root client", nil
	}
	return held[i].key, nil
}

// errElsewhere is the answer to a write of a client that another mount of the process has. It names no
// mount, because its reader may have no business there.
var errElsewhere = badRequest("Not saved: this client is in use on another mount of this Vault, or would be " +
	"leased here while it is. A client of purpose=lease is stored once. Create another client in the Dashboard.")

// claim is nil if a client may be stored under its own keys of this mount: it is nowhere else on
// the mount, and where it is for leasing, nowhere else in the process. An entry that was never
// verified proves nothing and blocks nobody. The caller holds b.mounts.claims, from before it asks
// until the client is stored.
func (b *backend) claim(ctx context.Context, s logical.Storage, clientID string, lease, verified bool,
	own ...string) error {
	where, err := b.whereStored(ctx, s, clientID, own...)
	if err != nil {
		return err
	}
	if where != "" {
		return badRequest("client_id is that of %s already: a client is stored once on a mount", where)
	}
	if !verified {
		return nil
	}
	others, err := b.mounts.elsewhere(ctx, b, clientID)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(others, func(h heldID) bool { return h.verified && (lease || h.lease) }) {
		return errElsewhere
	}
	return nil
}

// leasedElsewhere says why a client may not be leased although its own entry allows it, nothing if
// it may.
func (b *backend) leasedElsewhere(ctx context.Context, s logical.Storage, key, clientID string) (string, error) {
	switch err := b.claim(ctx, s, clientID, true, true, key); {
	case errors.Is(err, errElsewhere):
		return "is in use on another mount of this Vault", nil
	case errors.As(err, new(*fault)):
		return "is stored on this mount twice", nil
	case err != nil:
		return "", err
	}
	return "", nil
}
