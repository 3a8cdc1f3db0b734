package backend

import (
	"context"
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
		held = append(held, heldID{key: key, clientID: g.ClientID, lease: lease, verified: g.Verified})
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

// stateUnreadable is the key of an entry that cannot be read, empty if there is none.
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
	return entries, eachStoredClient(ctx, s, func(name string, n storedClient) error {
		key := clientsPrefix + name
		entries[key] = heldIDs(key, n.client, n.Purpose == purposeLease)
		if n.State == stateUnreadable {
			entries[key] = []heldID{{key: key, unknown: true}}
		}
		return nil
	})
}

// noteStored keeps the index and the numbers after a write. One whose outcome is not known makes
// the next question read storage.
func (b *backend) noteStored(key string, c client, lease bool, err error) {
	for _, g := range c.Generations {
		b.secrets.numbers.seen(g.ClientID, g.Number)
	}
	if err != nil {
		b.entries.index.forget()
		return
	}
	b.entries.index.set(key, heldIDs(key, c, lease))
}

// noteRemoved is noteStored for a deletion.
func (b *backend) noteRemoved(key string, c client, err error) {
	for _, g := range c.Generations {
		b.secrets.numbers.seen(g.ClientID, g.Number)
	}
	if err != nil {
		b.entries.index.forget()
		return
	}
	b.entries.index.set(key, nil)
}
