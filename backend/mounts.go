package backend

import (
	"context"
	"sync"
	"time"
)

// settling is how long after its start a process may not know all of its mounts yet. Vault
// initialises a mount when it first uses it, and it uses every mount at least once a minute for the
// periodic work.
const settling = 2 * time.Minute

// mounts are the mounts of this process. They know each other so that no mount leases or deletes a
// client that another mount needs.
type mounts struct {
	mu  sync.Mutex
	all map[*backend]bool

	// claims is held from the question whether another mount has a client until the client is
	// stored. It is never held during a call to Paxos.
	claims sync.Mutex
}

// add makes a mount known to the others. It is called when the mount begins to serve.
func (m *mounts) add(b *backend) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.all == nil {
		m.all = map[*backend]bool{}
	}
	for other := range m.all {
		// This is the same mount from before a reload. Vault did not call its Clean.
		if other.mount.uuid == b.mount.uuid && b.mount.uuid != "" {
			delete(m.all, other)
		}
	}
	m.all[b] = true
}

// remove forgets a mount that is being unloaded.
func (m *mounts) remove(b *backend) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.all, b)
}

// others returns every mount of the process apart from the asking one.
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

// elsewhere lists where the other mounts have stored a Client ID. It fails if one of them cannot be
// read.
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

// clientIDs returns the Client IDs that the other mounts of the process have stored, including
// those of old generations. It is for reports. The clients of a mount that cannot be read are left
// out, so that reports call them unknown. That is harmless, because a report asks to find the owner
// of an unknown client before anything is done.
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
			asking.logger.Warn("the clients of another mount of this plugin process cannot be read: reports "+
				"may call them unknown", "error", err)
		}
	}
	return ids
}
