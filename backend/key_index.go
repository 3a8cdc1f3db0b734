package backend

import (
	"context"
	"sync"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/store"
)

// A keyIndex remembers which keys have a Key ID for which Client ID, so that a call of the engine
// to Paxos does not have to list storage. It is loaded from storage on the first question, and
// forgotten with every write of a key.
type keyIndex struct {
	mu      sync.Mutex
	loaded  bool
	epoch   int                 // counts changes, so that a load that a change overtook is not kept
	names   map[string][]string // of keys that sign, in order, by Client ID
	damaged string              // a key that cannot be read; empty if there is none
}

// forget drops the index, so that the next question reads storage.
func (x *keyIndex) forget() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.epoch++
	x.loaded, x.names, x.damaged = false, nil, ""
}

// of lists the keys that sign for a Client ID, and names a key that cannot be read and may be
// another one. It does not hold the lock while it reads storage, and reads again if a key was
// changed meanwhile.
func (x *keyIndex) of(ctx context.Context, s logical.Storage, clientID string) (names []string, damaged string,
	err error) {
	for {
		x.mu.Lock()
		loaded, epoch, names, damaged := x.loaded, x.epoch, x.names[clientID], x.damaged
		x.mu.Unlock()
		if loaded {
			return names, damaged, nil
		}
		all, unreadable, err := readKeyIndex(ctx, s)
		if err != nil {
			return nil, "", err
		}
		x.mu.Lock()
		if x.epoch == epoch {
			x.loaded, x.names, x.damaged = true, all, unreadable
		}
		x.mu.Unlock()
	}
}

// readKeyIndex reads the contents of an index from storage.
func readKeyIndex(ctx context.Context, s logical.Storage) (names map[string][]string, damaged string, err error) {
	names = map[string][]string{}
	err = store.Each(ctx, s, keysPrefix, func(name string, k signingKey) error {
		for clientID := range k.clientIDs() {
			names[clientID] = append(names[clientID], name)
		}
		return nil
	}, func(name string) error {
		damaged = name
		return nil
	})
	return names, damaged, err
}

// clientIDs is the set of Client IDs that a version of the key signs for.
func (k signingKey) clientIDs() map[string]bool {
	all := map[string]bool{}
	for _, v := range k.Versions {
		for clientID := range v.KeyIDs {
			if v.state(clientID) == keyActive {
				all[clientID] = true
			}
		}
	}
	return all
}
