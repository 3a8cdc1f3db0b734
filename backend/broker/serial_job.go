package broker

import (
	"context"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
)

// A SerialJob is a piece of periodic work that is done by one caller at a time. Use NewSerialJob.
type SerialJob struct {
	busy  *semaphore.Weighted
	waits atomic.Bool // one in the background waits for its turn
}

// NewSerialJob returns a job that nobody does at the moment.
func NewSerialJob() *SerialJob { return &SerialJob{busy: semaphore.NewWeighted(1)} }

// Do does the work when its turn comes. If ctx ends first, the work is not done. That is no failure,
// because the work is periodic.
func (j *SerialJob) Do(ctx context.Context, work func(context.Context) error) error {
	if j.busy.Acquire(ctx, 1) != nil {
		return nil
	}
	defer j.busy.Release(1)
	return work(ctx)
}

// Soon does the work in the background, within so long, when its turn comes, and tells of a failure.
// However many callers come while the work is being done, it is done once more for all of them,
// because the work that is being done may be past what they want. If the work is not being done, its
// turn is taken at once, so that a Do that follows comes after it.
func (j *SerialJob) Soon(life context.Context, within time.Duration, work func(context.Context) error,
	failed func(error)) {
	if !j.waits.CompareAndSwap(false, true) {
		return
	}
	free := j.busy.TryAcquire(1)
	go func() {
		if !free && j.busy.Acquire(life, 1) != nil {
			return // the mount is closed
		}
		j.waits.Store(false)
		defer j.busy.Release(1)
		ctx, cancel := context.WithTimeout(life, within)
		defer cancel()
		if err := work(ctx); err != nil {
			failed(err)
		}
	}()
}
