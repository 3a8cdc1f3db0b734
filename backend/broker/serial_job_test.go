package broker_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"vault-plugin-secrets-paxos/backend/broker"
)

// TestWhoComesDuringTheWorkHasItDoneOnceMore has ten come while it is being done.
func TestWhoComesDuringTheWorkHasItDoneOnceMore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		job, done, hold := broker.NewSerialJob(), 0, make(chan struct{})
		failed := errors.New("it failed")
		var told atomic.Int64
		work := func(context.Context) error {
			<-hold
			done++
			return failed
		}
		for range 10 {
			job.Soon(t.Context(), time.Minute, work, func(err error) {
				if errors.Is(err, failed) {
					told.Add(1)
				}
			})
			synctest.Wait()
		}
		close(hold)
		synctest.Wait()
		if done != 2 || told.Load() != 2 {
			t.Errorf("it was done %d times, and %d failures were told", done, told.Load())
		}
	})
}

func TestATurnIsNotWaitedForLongerThanThereIsTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		job, hold := broker.NewSerialJob(), make(chan struct{})
		job.Soon(t.Context(), time.Hour, func(context.Context) error { <-hold; return nil }, func(error) {})
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := job.Do(ctx, func(context.Context) error {
			t.Error("it was done twice at a time")
			return nil
		}); err != nil {
			t.Error(err)
		}
		close(hold)
	})
}
