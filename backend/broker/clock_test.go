package broker_test

import (
	"sync"
	"time"
)

// A clock is the time of a test, for Paxos and the broker alike.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

// newClock starts at a fixed time.
func newClock() *clock { return &clock{now: time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)} }

// Now is what everybody reads.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// reach moves the time on to a moment, unless it is past already: several may wait at once.
func (c *clock) reach(moment time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if moment.After(c.now) {
		c.now = moment
	}
}

// advance moves the time on.
func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
