package usage

import (
	"hash/fnv"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// A Memory knows when roles and clients last issued something. It is kept in memory, so that a hit
// costs one look into a map. Periodic work calls Flush, which stores it.
type Memory struct {
	mu      sync.RWMutex
	uses    map[Subject]*use
	loaded  bool             // what is stored is in memory too
	removed map[Subject]bool // dropped, and perhaps still stored
}

// A Subject is what issues: a role, by its name, or a client, by its Client ID.
type Subject struct{ kind, name string }

const (
	roleKind   = "roles"
	clientKind = "clients"
)

// Role is the subject of a role.
func Role(name string) Subject { return Subject{roleKind, name} }

// Client is the subject of a client.
func Client(clientID string) Subject { return Subject{clientKind, clientID} }

// String is how a subject is stored.
func (s Subject) String() string { return s.kind + "/" + s.name }

// key is the key of the entry that the subject belongs to. Clients are few.
func (s Subject) key() string {
	if s.kind == clientKind {
		return Prefix + clientKind
	}
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(s.String())) // a hash takes everything
	return Prefix + roleKind + "-" + strconv.FormatUint(uint64(sum.Sum32()%roleEntries), 16)
}

// A use is when a subject last issued, in seconds since 1970: now, and as it is stored.
type use struct {
	last   atomic.Int64
	stored atomic.Int64
}

// Note remembers that a role and a client have issued. It is part of every hit.
func (u *Memory) Note(role, clientID string, now time.Time) {
	u.of(Role(role)).last.Store(now.Unix())
	u.of(Client(clientID)).last.Store(now.Unix())
}

// of returns the use of a subject.
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

// Forget drops a role that is deleted: one of the same name inherits nothing.
func (u *Memory) Forget(role string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.drop(Role(role))
}

// drop is forget where mu is held.
func (u *Memory) drop(s Subject) {
	delete(u.uses, s)
	if u.removed == nil {
		u.removed = map[Subject]bool{}
	}
	u.removed[s] = true
}

// Keep drops what is not among these any more.
func (u *Memory) Keep(exists map[Subject]bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for s := range u.uses {
		if !exists[s] {
			u.drop(s)
		}
	}
}
