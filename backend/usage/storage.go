package usage

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/store"
)

// lag is how far the stored times may be behind. Without it, a busy mount would write all of them with
// every run of its periodic work.
const lag = 10 * time.Minute

// A record is a stored entry. It tells, by subject, when that last issued, in seconds since 1970.
type record struct {
	store.Versioned
	Last map[string]int64 `json:"last"`
}

// Reload makes the next Load read what another node has stored.
func (u *Memory) Reload() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.loaded = false
	u.reloads++
}

// Load reads what is stored into memory, once.
func (u *Memory) Load(ctx context.Context, s logical.Storage) error {
	u.mu.RLock()
	loaded, reloads := u.loaded, u.reloads
	u.mu.RUnlock()
	if loaded {
		return nil
	}
	names, err := s.List(ctx, Prefix)
	if err != nil {
		return fmt.Errorf("listing %s: %w", Prefix, err)
	}
	var entries []record
	for _, name := range names {
		entry, err := store.Load[record](ctx, s, Prefix+name)
		if store.IsUnreadable(err) { // the next use of a subject of this entry overwrites it
			continue
		}
		if store.Ignoring(err, store.ErrNotFound) != nil {
			return err
		}
		entries = append(entries, entry)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.loaded {
		// Another call was faster. Since then a Flush may have deleted entries that this one has read.
		return nil
	}
	u.loaded = u.reloads == reloads
	for _, entry := range entries {
		u.adopt(entry)
	}
	return nil
}

// adopt takes what was stored into memory, unless it was dropped meanwhile. The caller holds mu.
func (u *Memory) adopt(entry record) {
	if u.uses == nil {
		u.uses = map[Subject]*use{}
	}
	for text, at := range entry.Last {
		kind, name, _ := strings.Cut(text, "/")
		s := Subject{kind, name}
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

// Overdue are the keys of the entries that should be written: those that hold a dropped subject,
// and those in which a time is behind by the lag or more.
func (u *Memory) Overdue() map[string]bool {
	u.mu.RLock()
	defer u.mu.RUnlock()
	keys := map[string]bool{}
	for s := range u.removed {
		keys[s.key()] = true
	}
	for s, known := range u.uses {
		if known.last.Load()-known.stored.Load() >= int64(lag/time.Second) {
			keys[s.key()] = true
		}
	}
	return keys
}

// Flush writes the entries that are overdue. What storage does not take stays overdue.
func (u *Memory) Flush(ctx context.Context, s logical.Storage) error {
	keys := u.Overdue()
	entries := map[string]record{}
	for key := range keys {
		entries[key] = record{store.Current, map[string]int64{}}
	}
	u.mu.Lock()
	removed := u.removed // what is dropped from now on is left to the next Flush
	u.removed = nil
	uses := maps.Clone(u.uses)
	u.mu.Unlock()
	for s, known := range uses {
		if entry, ok := entries[s.key()]; ok {
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
		if entry, ok := entries[s.key()]; ok {
			known.stored.Store(entry.Last[s.String()])
		}
	}
	u.remain(removed, entries)
	return failures
}

// remain keeps in mind what was dropped and is still in storage, because its entry was not written.
func (u *Memory) remain(removed map[Subject]bool, written map[string]record) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for s := range removed {
		if _, ok := written[s.key()]; ok {
			continue
		}
		if u.removed == nil {
			u.removed = map[Subject]bool{}
		}
		u.removed[s] = true
	}
}

// write stores an entry, or deletes it if nothing is left in it.
func write(ctx context.Context, s logical.Storage, key string, entry record) error {
	if len(entry.Last) == 0 {
		return store.Delete(ctx, s, key)
	}
	return store.Put(ctx, s, key, entry)
}
