package backend

import (
	"context"
	"errors"
	"sync"

	"github.com/hashicorp/vault/sdk/logical"
)

// A memo remembers decoded entries, so that a hit reads no storage. Whoever writes
// an entry forgets it afterwards, whether the write succeeded or not; so does
// invalidate, by the same key.
type memo[T stored] struct {
	absent func() T // what counts where nothing is stored; nil: that is an error, and not remembered
	again  bool     // it can be made again: an entry that cannot be read counts as absent

	mu      sync.RWMutex
	epoch   uint64 // counts forgets: an entry read before one is not remembered after it
	entries map[string]T
}

// get returns the entry at key, from memory or storage.
func (m *memo[T]) get(ctx context.Context, s logical.Storage, key string) (T, error) {
	m.mu.RLock()
	value, ok := m.entries[key]
	epoch := m.epoch
	m.mu.RUnlock()
	if ok {
		return value, nil
	}
	value, err := load[T](ctx, s, key)
	if m.absent != nil && (errors.Is(err, errNotFound) || m.again && isUnreadable(err)) {
		value, err = m.absent(), nil
	}
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

// recall returns the entry at key if it is in memory.
func (m *memo[T]) recall(key string) (T, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	value, ok := m.entries[key]
	return value, ok
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
