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

// advance moves the time on.
func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
