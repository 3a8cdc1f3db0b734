package backend

import (
	"context"
	"sync"

	"github.com/hashicorp/vault/sdk/logical"
)

// A clientIndex remembers which Client IDs a mount has stored and whether they are for leasing, so
// that the other mounts of the process can ask without reading this mount's storage. It is loaded
// from storage on the first question. Every write of the root client or of an entry under clients/
// updates it.
type clientIndex struct {
	mu      sync.Mutex
	loaded  bool
	epoch   int                 // counts changes, so that a load that a change overtook is not kept
	entries map[string][]heldID // by storage key
}

// A heldID is one Client ID in one stored entry.
type heldID struct {
	key      string // the storage key of the entry
	clientID string
	lease    bool // the client is for leasing
	verified bool // a token request has shown that the secret is right
	unknown  bool // the entry cannot be read, so it may have any Client ID
}

// heldIDs lists the Client IDs of an entry, one for each generation.
func heldIDs(key string, c client, lease bool) (held []heldID) {
	for _, g := range c.Generations {
		held = append(held, heldID{key: key, clientID: g.ClientID, lease: lease, verified: g.Verified})
	}
	return held
}

// set records the Client IDs that an entry has now; nil removes the entry.
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

// forget drops the index, so that the next question reads storage.
func (x *clientIndex) forget() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.epoch++
	x.loaded, x.entries = false, nil
}

// of lists where a Client ID is stored. It does not hold the lock while it reads storage, and reads
// again if an entry was changed meanwhile.
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

// damaged returns the key of an entry that cannot be read, or "" if there is none.
func (x *clientIndex) damaged(ctx context.Context, s logical.Storage) (string, error) {
	if _, err := x.of(ctx, s, ""); err != nil { // loads the index
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

// readIndex reads the entries of an index from storage, by storage key.
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

// noteStored updates the index and the highest generation numbers after a write of a client. err is
// the write's error: if there is one, the entry may or may not have been stored, and the next
// question reads storage.
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

// noteRemoved does the same as noteStored after the deletion of a client.
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
