package backend

import (
	"context"
	"sync"

	"github.com/hashicorp/vault/sdk/logical"
)

// A memo remembers decoded entries, so that a hit reads no storage. Whoever writes
// an entry forgets it afterwards, whether the write succeeded or not; so does
// invalidate, by the same key.
type memo[T stored] struct {
	mu      sync.RWMutex
	epoch   uint64 // counts forgets: an entry read before one is not remembered after it
	entries map[string]T
}

// get returns the entry at key, from memory or storage. Absence is not remembered.
func (m *memo[T]) get(ctx context.Context, s logical.Storage, key string) (T, error) {
	m.mu.RLock()
	value, ok := m.entries[key]
	epoch := m.epoch
	m.mu.RUnlock()
	if ok {
		return value, nil
	}
	value, err := load[T](ctx, s, key)
	if err != nil {
		return value, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.epoch == epoch {
		if m.entries == nil {
			m.entries = map[string]T{}
		}
		m.entries[key] = value
	}
	return value, nil
}

// forget makes the next get read storage.
func (m *memo[T]) forget(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.epoch++
	delete(m.entries, key)
}

// put stores the entry and forgets what was remembered of it.
func (m *memo[T]) put(ctx context.Context, s logical.Storage, key string, value T) error {
	defer m.forget(key)
	return store(ctx, s, key, value)
}

// remove deletes the entry and forgets what was remembered of it.
func (m *memo[T]) remove(ctx context.Context, s logical.Storage, key string) error {
	defer m.forget(key)
	return remove(ctx, s, key)
}
