package store

import (
	"context"
	"errors"
	"sync"

	"github.com/hashicorp/vault/sdk/logical"
)

// A Cache keeps decoded entries in memory, so that a hit reads no storage. Put and Delete forget the
// entry whether or not the write succeeded. When another node writes an entry, Vault calls the
// plugin's invalidate, which must call Forget with the same key.
type Cache[T Entry] struct {
	// Absent makes the value where nothing is stored. If it is nil, Get returns ErrNotFound there
	// and caches nothing.
	Absent func() T
	// Replaceable says that the entry is only a copy of what can be found out again, so that one
	// that cannot be read counts as absent.
	Replaceable bool

	mu      sync.RWMutex
	epoch   uint64 // counts calls of Forget: what was read before one is not cached after it
	entries map[string]T
}

// Get returns the entry at key, from memory or from storage.
func (c *Cache[T]) Get(ctx context.Context, s logical.Storage, key string) (T, error) {
	c.mu.RLock()
	value, ok := c.entries[key]
	epoch := c.epoch
	c.mu.RUnlock()
	if ok {
		return value, nil
	}
	value, err := Load[T](ctx, s, key)
	if c.Absent != nil && (errors.Is(err, ErrNotFound) || c.Replaceable && IsUnreadable(err)) {
		value, err = c.Absent(), nil
	}
	if err != nil {
		return value, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.epoch == epoch {
		if c.entries == nil {
			c.entries = map[string]T{}
		}
		c.entries[key] = value
	}
	return value, nil
}

// Recall returns the entry at key if it is in memory.
func (c *Cache[T]) Recall(key string) (T, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	value, ok := c.entries[key]
	return value, ok
}

// Epoch counts how often an entry was forgotten. While it stays the same, no write of an entry has
// ended, so what was got meanwhile still counts.
func (c *Cache[T]) Epoch() uint64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.epoch
}

// Forget makes the next Get read storage.
func (c *Cache[T]) Forget(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.epoch++
	delete(c.entries, key)
}

// Put stores the entry and forgets the cached one.
func (c *Cache[T]) Put(ctx context.Context, s logical.Storage, key string, value T) error {
	defer c.Forget(key)
	return Put(ctx, s, key, value)
}

// Delete deletes the entry and forgets the cached one.
func (c *Cache[T]) Delete(ctx context.Context, s logical.Storage, key string) error {
	defer c.Forget(key)
	return Delete(ctx, s, key)
}
