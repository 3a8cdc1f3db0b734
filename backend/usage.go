package backend

import (
	"hash/fnv"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// usage knows when roles and clients last issued. It is kept in memory, so that a hit
// costs a look into a map; the periodic work stores it.
type usage struct {
	mu      sync.RWMutex
	uses    map[subject]*use
	loaded  bool             // what is stored is in memory too
	removed map[subject]bool // dropped, and perhaps still stored
}

// A subject is what is used: a role by its name, or a client by its Client ID.
type subject struct{ kind, name string }

// The kinds of subjects.
const (
	roleSubject   = "roles"
	clientSubject = "clients"
)

// String is how a subject is stored.
func (s subject) String() string { return s.kind + "/" + s.name }

// entry is the key of the entry that the subject belongs to. Clients are few.
func (s subject) entry() string {
	if s.kind == clientSubject {
		return usagePrefix + clientSubject
	}
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(s.String())) // a hash takes everything
	return usagePrefix + roleSubject + "-" + strconv.FormatUint(uint64(sum.Sum32()%usageEntries), 16)
}

// A use is when something was last used, in seconds since 1970: in truth, and as it is
// stored.
type use struct {
	last   atomic.Int64
	stored atomic.Int64
}

// note remembers that a role and a client have issued. It is part of every hit.
func (u *usage) note(role, clientID string, now time.Time) {
	u.of(subject{roleSubject, role}).last.Store(now.Unix())
	u.of(subject{clientSubject, clientID}).last.Store(now.Unix())
}

// of returns the use of a subject.
func (u *usage) of(s subject) *use {
	u.mu.RLock()
	known := u.uses[s]
	u.mu.RUnlock()
	if known != nil {
		return known
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.uses == nil {
		u.uses = map[subject]*use{}
	}
	if u.uses[s] == nil {
		u.uses[s] = &use{}
	}
	return u.uses[s]
}

// last tells when a subject last issued; the zero time if it never did.
func (u *usage) last(s subject) time.Time {
	u.mu.RLock()
	defer u.mu.RUnlock()
	if known := u.uses[s]; known != nil && known.last.Load() > 0 {
		return time.Unix(known.last.Load(), 0)
	}
	return time.Time{}
}

// forget drops a role that is deleted: one of the same name inherits nothing.
func (u *usage) forget(role string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.drop(subject{roleSubject, role})
}

// drop is forget where mu is held.
func (u *usage) drop(s subject) {
	delete(u.uses, s)
	if u.removed == nil {
		u.removed = map[subject]bool{}
	}
	u.removed[s] = true
}

// keep drops what is not among these any more.
func (u *usage) keep(exists map[subject]bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for s := range u.uses {
		if !exists[s] {
			u.drop(s)
		}
	}
}
