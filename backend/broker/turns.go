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
// of them: whoever does it now may have looked already.
func (t *Turns) Soon(life context.Context, within time.Duration, work func(context.Context) error, failed func(error)) {
	if !t.waits.CompareAndSwap(false, true) {
		return
	}
	go func() {
		err := t.Do(life, func(ctx context.Context) error {
			t.waits.Store(false)
			ctx, cancel := context.WithTimeout(ctx, within)
			defer cancel()
			return work(ctx)
		})
		if err != nil {
			failed(err)
		}
	}()
}
