package limits

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// A census knows the mounts of one process, and which mounts of the processes before it may have
// sent token requests that this process does not know yet. Every mount keeps on record who the
// others are and which token endpoints they use. So the mount that is loaded first in the next
// process knows which mounts to wait for.
type census struct {
	recording sync.Mutex // serialises the writing of the mounts' records

	mu      sync.Mutex
	members map[string]*member
	away    map[string]absence // mounts that left this process, or an earlier one, not long ago
}

// A member is a mount of this process.
type member struct {
	name      string
	since     time.Time // before this, another process may have worked in its place
	read      bool      // its record was read
	loaded    bool      // what it has sent is known
	endpoints []string  // to which it is known to have sent token requests; none: it may be any
	recorded  Neighborhood
	record    func(ctx context.Context, all Neighborhood) error
}

// An absence is that of a mount that has left, until its requests do not count any more.
type absence struct {
	Neighbor
	known bool // its requests are known, because it sent them from this process
}

// mayUse reports whether a mount of these endpoints may have sent requests to one.
func mayUse(endpoints []string, endpoint string) bool {
	return len(endpoints) == 0 || slices.Contains(endpoints, endpoint)
}

// unknownMount stands for mounts whose names are not known.
const unknownMount = "?"

func newCensus() *census { return &census{members: map[string]*member{}, away: map[string]absence{}} }

// join makes a mount a member, and replaces one of the same name.
func (c *census) join(now time.Time, name string, record func(context.Context, Neighborhood) error) *member {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := &member{name: name, since: now, record: record, endpoints: c.away[name].Endpoints}
	c.members[name] = m
	delete(c.away, name)
	return m
}

// hasRead reports whether the member's record has been read since it began.
func (c *census) hasRead(m *member) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return m.read
}

// learn takes in what a member has on record. Mounts that the record names and that have not joined
// may have sent requests until the member began.
func (c *census) learn(now time.Time, m *member, recorded Neighborhood) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m.read, m.recorded = true, recorded
	for name, other := range recorded {
		if here := c.members[name]; here != nil {
			here.uses(other.Endpoints...)
		} else {
			c.expect(now, name, m.since, other)
		}
	}
}

// suspect notes that mounts whose names are not known may have sent requests until the member began.
func (c *census) suspect(now time.Time, m *member) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m.read = true
	c.expect(now, unknownMount, m.since, Neighbor{})
}

// expect has token requests wait for a mount, until what it may have sent before a time does not
// count any more. mu is held.
func (c *census) expect(now time.Time, name string, since time.Time, other Neighbor) {
	if last := since.Add(reach); other.Until.IsZero() || other.Until.After(last) {
		other.Until = last
	}
	before := c.away[name]
	if !before.known && other.Until.After(now) && other.Until.After(before.Until) {
		c.away[name] = absence{Neighbor: other}
	}
}

// use notes that a member is about to send a token request to an endpoint.
func (c *census) use(m *member, endpoint string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m.uses(endpoint)
}

// uses adds to the endpoints that a member is known to use.
func (m *member) uses(endpoints ...string) {
	for _, endpoint := range endpoints {
		if !slices.Contains(m.endpoints, endpoint) {
			m.endpoints = append(slices.Clone(m.endpoints), endpoint)
		}
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

// leave ends a membership. What the member has sent still counts.
func (c *census) leave(now time.Time, m *member) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.members[m.name] == m {
		delete(c.members, m.name)
		c.away[m.name] = absence{Neighbor: Neighbor{Endpoints: m.endpoints, Until: now.Add(reach)},
			known: m.loaded}
	}
}

// unknownUntil is the latest time at which all that counts at an endpoint will be known. It has
// passed if everything is known.
func (c *census) unknownUntil(now time.Time, endpoint string) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tidy(now)
	var until time.Time
	for _, m := range c.members {
		if end := m.since.Add(reach); !m.loaded && mayUse(m.endpoints, endpoint) && end.After(until) {
			until = end
		}
	}
	for _, a := range c.away {
		if !a.known && mayUse(a.Endpoints, endpoint) && a.Until.After(until) {
			until = a.Until
		}
	}
	return until
}

// tidy forgets absences that are over. Where the clock was set back, what counts is cut to what
// would count if it were sent now. mu is held.
func (c *census) tidy(now time.Time) {
	for _, m := range c.members {
		if m.since.After(now) {
			m.since = now
		}
	}
	for name, a := range c.away {
		if last := now.Add(reach); a.Until.After(last) {
			a.Until = last
			c.away[name] = a
		}
		if !a.Until.After(now) {
			delete(c.away, name)
		}
	}
}

// neighborhood is what a member's record is to hold. mu is held.
func (c *census) neighborhood(m *member) Neighborhood {
	all := Neighborhood{}
	for name, a := range c.away {
		all[name] = a.Neighbor
	}
	for name, other := range c.members {
		if name != m.name {
			all[name] = Neighbor{Endpoints: other.endpoints}
		}
	}
	return all
}

// lacks reports whether the other record would have the next process wait for longer.
func (n Neighborhood) lacks(other Neighborhood) bool {
	for name, want := range other {
		has, ok := n[name]
		shorter := !has.Until.IsZero() && (want.Until.IsZero() || want.Until.After(has.Until))
		if !ok || shorter || !covers(has.Endpoints, want.Endpoints) {
			return true
		}
	}
	return false
}

// covers reports whether all endpoints that are used are among those on record.
func covers(endpoints, used []string) bool {
	if len(endpoints) == 0 {
		return true
	}
	return len(used) > 0 && !slices.ContainsFunc(used, func(e string) bool { return !slices.Contains(endpoints, e) })
}

// stale returns the members whose record lacks something or, if exactly is asked, holds too much,
// and what each record is to hold. It looks at the members that are given, or at all if none is.
func (c *census) stale(now time.Time, exactly bool, of ...*member) map[*member]Neighborhood {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tidy(now)
	if len(of) == 0 {
		of = slices.Collect(maps.Values(c.members))
	}
	stale := map[*member]Neighborhood{}
	for _, m := range of {
		want := c.neighborhood(m)
		if c.members[m.name] == m && (m.recorded.lacks(want) || exactly && want.lacks(m.recorded)) {
			stale[m] = want
		}
	}
	return stale
}

// inform brings the records of members up to date, or of all members if none is given. Before a token
// request is sent, every member must have on record who else there is.
func (c *census) inform(ctx context.Context, now time.Time, exactly bool, of ...*member) error {
	if len(c.stale(now, exactly, of...)) == 0 {
		return nil
	}
	c.recording.Lock()
	defer c.recording.Unlock()
	for m, all := range c.stale(now, exactly, of...) {
		if err := m.record(ctx, all); err != nil {
			return fmt.Errorf("recording which mounts the process has: %w", err)
		}
		c.mu.Lock()
		m.recorded = all
		c.mu.Unlock()
	}
	return nil
}
