package backendtest

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Clock is the time of a test. It moves only when it is told to, or when the engine pauses for a
// moment. Use NewClock.
type Clock struct {
	mu       sync.Mutex
	now      time.Time
	moved    chan struct{} // closed when the clock moves
	sleepers atomic.Int64
}

// NewClock returns a clock that shows a fixed moment.
func NewClock() *Clock {
	return &Clock{now: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC), moved: make(chan struct{})}
}

// Now is the time by this clock. The engine and the stand-in Paxos share it.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// longestPause is how long the engine waits at most to keep its calls below a rate. Everything that
// waits for longer is a timer.
const longestPause = 5 * time.Second

// Wait is what backend.Options.Wait is set to. A pause passes at once, and takes the clock with it.
// A timer waits until the test moves the clock: see Sleep.
func (c *Clock) Wait(ctx context.Context, d time.Duration) error {
	if d > longestPause {
		return c.Sleep(ctx, d)
	}
	c.Advance(d)
	return ctx.Err()
}

// Sleep waits until the clock has moved so far, or until ctx ends.
func (c *Clock) Sleep(ctx context.Context, d time.Duration) error {
	end := c.Now().Add(d)
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

// Sleepers is how many timers wait for the clock to move.
func (c *Clock) Sleepers() int { return int(c.sleepers.Load()) }

// Advance moves the clock.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	close(c.moved)
	c.moved = make(chan struct{})
}

// WaitUntil waits for something that another goroutine does, and fails the test if it has not
// happened after ten seconds of real time.
func WaitUntil(t testing.TB, happened func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !happened(); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatal("waited for ten seconds, and it did not happen")
		}
	}
}
