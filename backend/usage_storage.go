package backend

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"vault-plugin-secrets-paxos/backend/store"

	"github.com/hashicorp/vault/sdk/logical"
)

// usagePrefix is where it is kept when roles and clients were last used: local to the
// cluster, as the tokens are. That of roles is spread over a few entries, because Vault's
// integrated storage takes none of more than 1 MiB.
const (
	usageEntries = 16
)

// usageLag is by how much what is stored may be behind, so that a busy mount does not
// write all of it every minute.
const usageLag = 10 * time.Minute

// A usageEntry is one of these entries: seconds since 1970, by what was used.
type usageEntry struct {
	store.Versioned
	Last map[string]int64 `json:"last"`
}

// reload makes the next load read what another node has stored.
func (u *usage) reload() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.loaded = false
}

// Load takes in what is stored, once.
func (u *usage) load(ctx context.Context, s logical.Storage) error {
	u.mu.RLock()
	loaded := u.loaded
	u.mu.RUnlock()
	if loaded {
		return nil
	}
	names, err := s.List(ctx, usagePrefix)
	if err != nil {
		return fmt.Errorf("listing %s: %w", usagePrefix, err)
	}
	var entries []usageEntry
	for _, name := range names {
		entry, err := store.Load[usageEntry](ctx, s, usagePrefix+name)
		if store.IsUnreadable(err) { // it is written anew when something in it is used
			continue
		}
		if store.Ignoring(err, store.ErrNotFound) != nil {
			return err
		}
		entries = append(entries, entry)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.loaded = true
	for _, entry := range entries {
		u.adopt(entry)
	}
	return nil
}

// adopt takes what was stored into memory, unless it was dropped meanwhile. mu is held.
func (u *usage) adopt(entry usageEntry) {
	if u.uses == nil {
		u.uses = map[subject]*use{}
	}
	for text, at := range entry.Last {
		kind, name, _ := strings.Cut(text, "/")
		s := subject{kind, name}
		switch known := u.uses[s]; {
		case u.removed[s]:
		case known == nil:
			u.uses[s] = &use{}
			u.uses[s].last.Store(at)
			u.uses[s].stored.Store(at)
		default:
			known.stored.Store(at)
			if known.last.Load() < at {
				known.last.Store(at)
			}
		}
	}
}

// overdue are the keys of the entries that should be written.
func (u *usage) overdue() map[string]bool {
	u.mu.RLock()
	defer u.mu.RUnlock()
	keys := map[string]bool{}
	for s := range u.removed {
		keys[s.entry()] = true
	}
	for s, known := range u.uses {
		if known.last.Load()-known.stored.Load() >= int64(usageLag/time.Second) {
			keys[s.entry()] = true
		}
	}
	return keys
}

// flush writes the entries that are overdue.
func (u *usage) flush(ctx context.Context, s logical.Storage) error {
	keys := u.overdue()
	entries := map[string]usageEntry{}
	for key := range keys {
		entries[key] = usageEntry{store.Current, map[string]int64{}}
	}
	u.mu.Lock()
	removed := u.removed // what is dropped from now on is for the next time
	u.removed = nil
	uses := maps.Clone(u.uses)
	u.mu.Unlock()
	for s, known := range uses {
		if entry, ok := entries[s.entry()]; ok {
			entry.Last[s.String()] = known.last.Load()
		}
	}
	var failures error
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		if err := write(ctx, s, key, entries[key]); err != nil {
			failures = errors.Join(failures, err)
			delete(entries, key)
		}
	}
	for s, known := range uses {
		if entry, ok := entries[s.entry()]; ok {
			known.stored.Store(entry.Last[s.String()])
		}
	}
	u.remain(removed, entries)
	return failures
}

// remain takes back what was dropped and could not be taken out of storage.
func (u *usage) remain(removed map[subject]bool, written map[string]usageEntry) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for s := range removed {
		if _, ok := written[s.entry()]; ok {
			continue
		}
		if u.removed == nil {
			u.removed = map[subject]bool{}
		}
		u.removed[s] = true
	}
}

// write stores an entry, or deletes it if nothing is left in it.
func write(ctx context.Context, s logical.Storage, key string, entry usageEntry) error {
	if len(entry.Last) == 0 {
		return store.Delete(ctx, s, key)
	}
	return store.Put(ctx, s, key, entry)
}

// keepUsage stores when roles and clients were last used, where that is due. It is
// part of the periodic work.
func (b *backend) keepUsage(ctx context.Context) error {
	if len(b.usage.overdue()) == 0 {
		return nil
	}
	if err := b.usage.load(ctx, b.storage); err != nil {
		return err
	}
	names, err := b.storage.List(ctx, rolesPrefix)
	if err != nil {
		return fmt.Errorf("listing the roles: %w", err)
	}
	clients, err := b.clients(ctx, b.storage)
	if err != nil {
		return err
	}
	exists := map[subject]bool{}
	for _, name := range names {
		exists[subject{roleSubject, name}] = true
	}
	for _, c := range clients {
		for _, id := range append(c.Former, c.ID) {
			exists[subject{clientSubject, id}] = true
		}
	}
	b.usage.keep(exists)
	return b.usage.flush(ctx, b.storage)
}
