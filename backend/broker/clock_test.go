package broker_test

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// A clock is the time of a test, for Paxos and the broker alike.
type clock struct {
	mu       sync.Mutex
	now      time.Time
	moved    chan struct{} // closed when it moves
	sleepers atomic.Int64  // timers that wait for it to move
}

// newClock starts at a fixed time.
func newClock() *clock {
	return &clock{now: time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC), moved: make(chan struct{})}
}

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
		c.move(moment)
	}
}

// move sets the time. mu is held.
func (c *clock) move(moment time.Time) {
	c.now = moment
	close(c.moved)
	c.moved = make(chan struct{})
}

// longestPause is how long the broker waits at most for its turn at a pace. Who waits longer is a
// timer.
const longestPause = 30 * time.Second

// wait lets a pause pass at once; a timer waits until the test moves the clock.
func (c *clock) wait(ctx context.Context, d time.Duration) error {
	end := c.Now().Add(d)
	if d <= longestPause {
		c.reach(end)
		return ctx.Err()
	}
	c.sleepers.Add(1)
	defer c.sleepers.Add(-1)
	for {
		c.mu.Lock()
		over, moved := !c.now.Before(end), c.moved
		c.mu.Unlock()
		if over {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-moved:
		}
	}
}

// advance moves the time on.
func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.move(c.now.Add(d))
}
