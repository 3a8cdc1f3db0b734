package backend

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// mounts are those of this process, so that none deletes at Paxos what another needs.
type mounts struct {
	mu  sync.Mutex
	all map[*backend]bool
}

// add makes a mount known from when it is to serve.
func (m *mounts) add(b *backend) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.all == nil {
		m.all = map[*backend]bool{}
	}
	m.all[b] = true
}

// remove forgets a mount that goes away.
func (m *mounts) remove(b *backend) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.all, b)
}

// settling is how long a process knows of all its mounts at the latest: Vault calls
// each once a minute, and begins it then if it did not before.
const settling = 2 * time.Minute

// usedElsewhere says what a Client ID is needed for other than being leased from the
// pool of the asking mount, nothing if it is not. A mount that cannot be read counts as
// one that needs it, for now.
func (m *mounts) usedElsewhere(ctx context.Context, asking *backend, clientID string, oldRoot bool) (string, error) {
	m.mu.Lock()
	var others []*backend
	for b := range m.all {
		if b != asking {
			others = append(others, b)
		}
	}
	m.mu.Unlock()
	for _, other := range others {
		where, err := whereStored(ctx, other.storage, clientID)
		if err != nil {
			return "", err
		}
		if where != "" {
			return "it is stored on another mount too", nil
		}
	}
	return asking.usedHere(ctx, clientID, oldRoot)
}

// usedHere says what a Client ID is needed for on this mount, other than being leased,
// or having been the root.
func (b *backend) usedHere(ctx context.Context, clientID string, oldRoot bool) (use string, err error) {
	root, err := storedRoot(ctx, b.storage)
	if err != nil {
		return "", err
	}
	if now, _ := root.current(); now.ClientID == clientID || root.has(clientID) && !oldRoot {
		return "it is, or was, the root client", nil
	}
	reserved, err := b.reservations(ctx, b.storage)
	if err != nil {
		return "", err
	}
	minting, err := b.mintingClients(ctx)
	if err != nil {
		return "", err
	}
	err = eachNamed(ctx, b.storage, func(name string, n namedClient) error {
		switch {
		case !n.has(clientID):
		case reserved.of(name, n) != "":
			use = "it " + reserved.of(name, n)
		case minting[name] != "":
			use = fmt.Sprintf("role %q mints with it", minting[name])
		}
		return nil
	})
	return use, err
}

// mintingClients names the stocked clients that roles mint with, each with a role.
func (b *backend) mintingClients(ctx context.Context) (map[string]string, error) {
	minting := map[string]string{}
	err := eachRole(ctx, b.storage, func(name string, r role) {
		if r.Client != "" {
			minting[r.Client] = name
		}
	})
	return minting, err
}

// clientIDs are the Client IDs that the other mounts of the process have, those of old
// generations among them. A mount that cannot be read has none for the moment: then its
// clients are reported as unknown, whose owner is to be found before anything is done.
func (m *mounts) clientIDs(ctx context.Context, asking *backend) map[string]bool {
	m.mu.Lock()
	var others []*backend
	for b := range m.all {
		if b != asking {
			others = append(others, b)
		}
	}
	m.mu.Unlock()
	ids := map[string]bool{}
	add := func(c client) {
		for _, g := range c.Generations {
			ids[g.ClientID] = true
		}
	}
	for _, other := range others {
		root, err := storedRoot(ctx, other.storage)
		if err == nil {
			add(root)
			err = eachNamed(ctx, other.storage, func(_ string, n namedClient) error { add(n.client); return nil })
		}
		if err != nil {
			asking.logger.Warn("the clients of another mount of this plugin process cannot be read; reports may call them unknown", "error", err)
		}
	}
	return ids
}
