package broker

import (
	"context"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
)

// Turns have a piece of periodic work done by one at a time. Use NewTurns.
type Turns struct {
	busy  *semaphore.Weighted
	waits atomic.Bool // one in the background waits for its turn
}

// NewTurns returns turns that nobody has taken.
func NewTurns() *Turns { return &Turns{busy: semaphore.NewWeighted(1)} }

// Do does the work when its turn comes. If ctx ends first, it is not done, which is no
// failure: there is a next time.
func (t *Turns) Do(ctx context.Context, work func(context.Context) error) error {
	if t.busy.Acquire(ctx, 1) != nil {
		return nil
	}
	defer t.busy.Release(1)
	return work(ctx)
}

// Soon does the work in the background, within so long, when its turn comes, and tells
// of a failure. However many come while it is being done, it is done once more for all
// of them: whoever does it now may have looked already. A turn that is free is taken at
// once, so that a Do after it comes after it.
func (t *Turns) Soon(life context.Context, within time.Duration, work func(context.Context) error, failed func(error)) {
	if !t.waits.CompareAndSwap(false, true) {
		return
	}
	free := t.busy.TryAcquire(1)
	go func() {
		if !free && t.busy.Acquire(life, 1) != nil {
			return // all is over
		}
		t.waits.Store(false)
		defer t.busy.Release(1)
		ctx, cancel := context.WithTimeout(life, within)
		defer cancel()
		if err := work(ctx); err != nil {
			failed(err)
		}
	}()
}
