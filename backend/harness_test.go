package backend_test

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"
)

// clock is the time of a test; it moves only when told to.
type clock struct {
	mu       sync.Mutex
	now      time.Time
	moved    chan struct{} // closed when it moves
	sleepers atomic.Int64  // timers that wait for it to move
}

func newClock() *clock {
	return &clock{now: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC), moved: make(chan struct{})}
}

// Now is what the engine and the stand-in Paxos take for the time.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// longestPause is how long the engine waits at most for its turn at a pace. Who waits longer is a
// timer.
const longestPause = 5 * time.Second

// wait lets a pause pass at once; a timer waits until the test moves the clock.
func (c *clock) wait(ctx context.Context, d time.Duration) error {
	if d > longestPause {
		return c.sleep(ctx, d)
	}
	c.advance(d)
	return ctx.Err()
}

// sleep waits until the clock has moved so far. Its name tells the enumeration that a goroutine rests.
func (c *clock) sleep(ctx context.Context, d time.Duration) error {
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

// advance moves the clock.
func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	close(c.moved)
	c.moved = make(chan struct{})
}

// errStorage is what a broken storage says.
var errStorage = errors.New("storage is down")

// countingStorage counts operations and fails those it is told to.
type countingStorage struct {
	logical.Storage
	operations atomic.Int64
	writes     atomic.Int64
	failReads  atomic.Bool
	failWrites atomic.Bool
	readOnly   atomic.Bool
	failKey    atomic.Value // of string: writes of this key fail
	held       atomic.Pointer[heldWrite]
}

// A heldWrite is a write of one key that waits before it is done.
type heldWrite struct {
	key              string
	arrived, proceed chan struct{}
}

// hold makes the next write of the key wait. The first channel says that it has come so far; closing
// the second lets it go on.
func (s *countingStorage) hold(key string) (arrived, proceed chan struct{}) {
	h := &heldWrite{key, make(chan struct{}), make(chan struct{})}
	s.held.Store(h)
	return h.arrived, h.proceed
}

func (s *countingStorage) Get(ctx context.Context, key string) (*logical.StorageEntry, error) {
	s.operations.Add(1)
	if s.failReads.Load() {
		return nil, errStorage
	}
	return s.Storage.Get(ctx, key)
}

func (s *countingStorage) List(ctx context.Context, prefix string) ([]string, error) {
	s.operations.Add(1)
	if s.failReads.Load() {
		return nil, errStorage
	}
	return s.Storage.List(ctx, prefix)
}

func (s *countingStorage) Put(ctx context.Context, entry *logical.StorageEntry) error {
	if h := s.held.Load(); h != nil && h.key == entry.Key && s.held.CompareAndSwap(h, nil) {
		close(h.arrived)
		<-h.proceed
	}
	if err := s.write(); err != nil {
		return err
	}
	if key, _ := s.failKey.Load().(string); key == entry.Key && key != "" {
		return errStorage
	}
	return s.Storage.Put(ctx, entry)
}

func (s *countingStorage) Delete(ctx context.Context, key string) error {
	if err := s.write(); err != nil {
		return err
	}
	return s.Storage.Delete(ctx, key)
}

func (s *countingStorage) write() error {
	s.operations.Add(1)
	s.writes.Add(1)
	switch {
	case s.readOnly.Load():
		return logical.ErrReadOnly
	case s.failWrites.Load():
		return errStorage
	}
	return nil
}

// safeBuffer is a log that may be written by many and read meanwhile.
type safeBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// waitUntil yields until something that another goroutine does has happened.
func waitUntil(t testing.TB, happened func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !happened(); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatal("it does not happen")
		}
	}
}
