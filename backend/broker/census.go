package broker

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// A census knows the mounts of one process, and which mounts of the processes before
// it may have sent token requests that nobody here knows of yet. Every mount keeps on
// record who the others are, so that whichever is loaded first in the next process
// knows whom to wait for.
type census struct {
	recording sync.Mutex // serialises the writing of those records

	mu      sync.Mutex
	members map[string]*member
	away    map[string]absence // mounts that are not here, and were not long ago
}

// A member is a mount of this process.
type member struct {
	since    time.Time            // before this, another process may have worked in its place
	read     bool                 // its record of the others was
	loaded   bool                 // what it has sent is known
	recorded map[string]time.Time // its record: the others; until when one counts that is away, zero for one that is here
	record   func(ctx context.Context, others map[string]time.Time) error
}

// An absence is that of a mount, until no window reaches any more what it has sent.
type absence struct {
	until time.Time
	known bool // what it has sent, because it did so in this process
}

// unknownMount stands for mounts whose names are not known.
const unknownMount = "?"

func newCensus() *census { return &census{members: map[string]*member{}, away: map[string]absence{}} }

// join makes a mount a member, in the place of any of that name.
func (c *census) join(now time.Time, name string, record func(context.Context, map[string]time.Time) error) *member {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := &member{since: now, record: record}
	c.members[name] = m
	delete(c.away, name)
	return m
}

// learn takes in what a member has on record. Mounts that it names and that are not
// here may have sent requests until the member began.
func (c *census) learn(now time.Time, m *member, others map[string]time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m.read, m.recorded = true, others
	for name, until := range others {
		c.expect(now, name, m.since, until)
	}
}

// suspect notes that mounts whose names are not known may have sent requests until
// the member began.
func (c *census) suspect(now time.Time, m *member) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m.read = true
	c.expect(now, unknownMount, m.since, time.Time{})
}

// expect waits for a mount, at most for a window from when its requests must have
// ended. mu is held.
func (c *census) expect(now time.Time, name string, since, until time.Time) {
	if last := since.Add(Window + transit); until.IsZero() || until.After(last) {
		until = last
	}
	if c.members[name] == nil && until.After(now) && until.After(c.away[name].until) && !c.away[name].known {
		c.away[name] = absence{until: until}
	}
}

// load notes that what a member has sent is known.
func (c *census) load(m *member) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m.loaded = true
}

// reset notes that another process works in the member's place, or did so until now.
func (c *census) reset(now time.Time, m *member) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m.since, m.read, m.loaded = now, false, false
}

// leave ends a membership. What it has sent counts on.
func (c *census) leave(now time.Time, name string, m *member) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.members[name] == m {
		delete(c.members, name)
		c.away[name] = absence{until: now.Add(Window + transit), known: m.loaded}
	}
}

// unknownUntil is when all that counts will be known at the latest; a time that is
// past if it is.
func (c *census) unknownUntil(now time.Time) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tidy(now)
	var until time.Time
	for _, m := range c.members {
		if end := m.since.Add(Window + transit); !m.loaded && end.After(until) {
			until = end
		}
	}
	for _, a := range c.away {
		if !a.known && a.until.After(until) {
			until = a.until
		}
	}
	return until
}

// tidy forgets absences that are over. Where the clock was set back, nothing counts
// for longer than a window from now. mu is held.
func (c *census) tidy(now time.Time) {
	for _, m := range c.members {
		if m.since.After(now) {
			m.since = now
		}
	}
	for name, a := range c.away {
		if last := now.Add(Window + transit); a.until.After(last) {
			a.until = last
			c.away[name] = a
		}
		if !a.until.After(now) {
			delete(c.away, name)
		}
	}
}

// others is what a member's record is to hold. mu is held.
func (c *census) others(m *member) map[string]time.Time {
	others := map[string]time.Time{}
	for name, a := range c.away {
		others[name] = a.until
	}
	for name, other := range c.members {
		if other != m {
			others[name] = time.Time{}
		}
	}
	return others
}

// outdated reports whether a record lacks something of what it is to hold, or, if
// exactly is asked, holds anything else. mu is held.
func (m *member) outdated(others map[string]time.Time, exactly bool) bool {
	if exactly && len(m.recorded) != len(others) {
		return true
	}
	for name, until := range others {
		recorded, ok := m.recorded[name]
		if !ok || (!recorded.IsZero() && (until.IsZero() || until.After(recorded))) || exactly && !recorded.Equal(until) {
			return true
		}
	}
	return false
}

// stale are the members, of those given, whose record is outdated, with what it is to
// hold. mu must not be held.
func (c *census) stale(now time.Time, exactly bool, of ...*member) map[*member]map[string]time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tidy(now)
	if len(of) == 0 {
		for _, m := range c.members {
			of = append(of, m)
		}
	}
	stale := map[*member]map[string]time.Time{}
	for _, m := range of {
		if others := c.others(m); m.outdated(others, exactly) {
			stale[m] = others
		}
	}
	return stale
}

// inform brings the records of members up to date; of all where none is given. Before
// a token request is sent, every member must have on record who else there is.
func (c *census) inform(ctx context.Context, now time.Time, exactly bool, of ...*member) error {
	if len(c.stale(now, exactly, of...)) == 0 {
		return nil
	}
	c.recording.Lock()
	defer c.recording.Unlock()
	for m, others := range c.stale(now, exactly, of...) {
		if err := m.record(ctx, others); err != nil {
			return fmt.Errorf("recording which mounts the process has: %w", err)
		}
		c.mu.Lock()
		m.recorded = others
		c.mu.Unlock()
	}
	return nil
}
