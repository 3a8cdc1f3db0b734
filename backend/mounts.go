package backend

import (
	"context"
	"sync"
	"time"
)

// mounts are those of this process, so that none leases or deletes what another needs.
type mounts struct {
	mu  sync.Mutex
	all map[*backend]bool

	// held from the question whether another mount has a client until it is stored; never across
	// the network
	claims sync.Mutex
}

// add makes a mount known from when it is to serve.
func (m *mounts) add(b *backend) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.all == nil {
		m.all = map[*backend]bool{}
	}
	for other := range m.all {
		// the same mount, which was never told that it goes away
		if other.mount.uuid == b.mount.uuid && b.mount.uuid != "" {
			delete(m.all, other)
		}
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

// others are the mounts of the process but for one.
func (m *mounts) others(asking *backend) (others []*backend) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for b := range m.all {
		if b != asking {
			others = append(others, b)
		}
	}
	return others
}

// elsewhere lists the entries of the other mounts that have a Client ID.
func (m *mounts) elsewhere(ctx context.Context, asking *backend, clientID string) (found []heldID, err error) {
	for _, other := range m.others(asking) {
		held, err := other.entries.index.of(ctx, other.storage, clientID)
		if err != nil {
			return nil, err
		}
		found = append(found, held...)
	}
	return found, nil
}

// clientIDs are the Client IDs that the other mounts of the process have, those of old
// generations among them. A mount that cannot be read has none for the moment: then its
// clients are reported as unknown, whose owner is to be found before anything is done.
func (m *mounts) clientIDs(ctx context.Context, asking *backend) map[string]bool {
	ids := map[string]bool{}
	add := func(c client) {
		for _, g := range c.Generations {
			ids[g.ClientID] = true
		}
	}
	for _, other := range m.others(asking) {
		root, err := storedRoot(ctx, other.storage)
		if err == nil {
			add(root)
			err = eachStoredClient(ctx, other.storage, func(_ string, n storedClient) error {
				add(n.client)
				return nil
			})
		}
		if err != nil {
			asking.logger.Warn("the clients of another mount of this plugin process cannot be read; reports "+
				"may call them unknown", "error", err)
		}
	}
	return ids
}
