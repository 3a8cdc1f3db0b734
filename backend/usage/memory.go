package usage

import (
	"sync"
	"sync/atomic"
	"time"
)

// A Memory knows when roles and clients last issued something. It is kept in memory, so that a read
// that is answered from memory costs one look into a map. Periodic work calls Flush, which stores
// it.
type Memory struct {
	mu      sync.RWMutex
	uses    map[Subject]*use
	loaded  bool             // what is stored is in memory too
	reloads int              // counts calls of Reload: a Load that began before one does not count as the last
	removed map[Subject]bool // dropped, and perhaps still stored
}

// A use is when a subject last issued, in seconds since 1970: as it is known, and as it is stored.
// Both are atomic, so that Note needs no lock once a subject is known.
type use struct {
	last   atomic.Int64
	stored atomic.Int64
}

// Note remembers that a role and a client have issued. Every read of a token calls it.
func (u *Memory) Note(role, clientID string, now time.Time) {
	u.of(Role(role)).last.Store(now.Unix())
	u.of(Client(clientID)).last.Store(now.Unix())
}

// of returns the use of a subject, a new one if there is none.
func (u *Memory) of(s Subject) *use {
	u.mu.RLock()
	known := u.uses[s]
	u.mu.RUnlock()
	if known != nil {
		return known
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.uses == nil {
		u.uses = map[Subject]*use{}
	}
	if u.uses[s] == nil {
		u.uses[s] = &use{}
	}
	return u.uses[s]
}

// Last tells when a subject last issued; the zero time if it never did.
func (u *Memory) Last(s Subject) time.Time {
	u.mu.RLock()
	defer u.mu.RUnlock()
	if known := u.uses[s]; known != nil && known.last.Load() > 0 {
		return time.Unix(known.last.Load(), 0)
	}
	return time.Time{}
}

// Forget drops a role that is deleted, so that one made again under its name inherits nothing.
func (u *Memory) Forget(role string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.drop(Role(role))
}

// drop makes a subject unknown, in memory now and in storage with the next Flush. The caller holds mu.
func (u *Memory) drop(s Subject) {
	delete(u.uses, s)
	if u.removed == nil {
		u.removed = map[Subject]bool{}
	}
	u.removed[s] = true
}

// Keep drops every subject that no longer exists.
func (u *Memory) Keep(exists map[Subject]bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for s := range u.uses {
		if !exists[s] {
			u.drop(s)
		}
	}
}
