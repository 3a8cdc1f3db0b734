package broker

import (
	"context"
	"errors"
	"slices"
	"time"
)

// An Ending is what became of the tokens that were to be ended.
type Ending struct {
	Ended   int       // Paxos has revoked them, or they had expired
	Pending int       // on the queue, because Paxos could not take it yet
	Waiting int       // their grace lasts
	At      time.Time // when the grace of the last of them ends; zero where none waits
}

// EndAfter is End after a grace. From now on no reader gets the tokens. They are revoked when the
// grace is over, by a timer of this process or by the first sweep after that. A token whose grace
// lasts already keeps the earlier time. Until its row is written, only memory knows of the grace:
// if the process crashes before, the next process ends the token at once, because its role does not
// grant it any more.
func (b *Broker) EndAfter(ctx context.Context, grace time.Duration, which func(Row) bool) (Ending, error) {
	if grace <= 0 {
		ended, pending, err := b.End(ctx, which)
		return Ending{Ended: ended, Pending: pending}, err
	}
	if err := b.load(ctx); err != nil {
		return Ending{}, err
	}
	now := b.Now()
	at := now.Add(min(grace, MaximumGrace))
	var ending Ending
	var err error
	for _, t := range b.putOff(which, at) {
		err = errors.Join(err, b.mark(ctx, t, at))
		b.mu.Lock()
		end := t.EndingSince
		b.mu.Unlock()
		if !end.After(now) { // somebody ended it without a grace
			ending.Pending++
			continue
		}
		ending.Waiting++
		if end.After(ending.At) {
			ending.At = end
		}
	}
	if ending.Waiting > 0 {
		b.Logger.Info("tokens are no longer issued and will be revoked after their grace",
			"tokens", ending.Waiting, "revoked_at", ending.At)
		b.sweepAt(ending.At)
	}
	return ending, err
}

// putOff takes the tokens that are to be ended at a time out of service, in memory, and returns
// them. No reader can get such a token any more, so it is not kept idle after its last lease.
func (b *Broker) putOff(which func(Row) bool, at time.Time) (selected []*token) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, t := range b.tokens {
		if t.expired(b.Now()) || !which(t.Row) {
			continue
		}
		b.withdraw(t)
		t.idleTTL = 0
		t.endAt(at)
		selected = append(selected, t)
	}
	return selected
}

// A graceTimer has the times at which graces end. One goroutine waits for the earliest of them.
type graceTimer struct {
	ends []time.Time        // the earliest first, none twice
	wake context.CancelFunc // has that goroutine look at ends again; nil: there is no goroutine
}

// sweepAt starts a sweep at a time. After a restart the periodic sweep does the work instead.
func (b *Broker) sweepAt(at time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	i, exists := slices.BinarySearchFunc(b.graces.ends, at, time.Time.Compare)
	if exists {
		return
	}
	b.graces.ends = slices.Insert(b.graces.ends, i, at)
	switch {
	case b.graces.wake == nil:
		b.graces.wake = func() {}
		go b.sweepAfterGraces()
	case i == 0:
		b.graces.wake()
	}
}

// sweepAfterGraces starts a sweep at the end of each grace, until no grace is left or the mount is
// closed.
func (b *Broker) sweepAfterGraces() {
	for {
		over, left, ctx := b.nextGrace()
		if over {
			b.SweepSoon()
		}
		if ctx == nil {
			return
		}
		_ = b.Wait(ctx, left) // it fails if an earlier end was added or the mount is closed
	}
}

// nextGrace forgets the ends that are past, and reports whether there were any. It returns how long
// it is until the next end, and the context of the wait for it; nil: there is nothing to wait for.
func (b *Broker) nextGrace() (over bool, left time.Duration, ctx context.Context) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.graces.wake() // releases the context of the wait before
	now := b.Now()
	b.graces.ends = slices.DeleteFunc(b.graces.ends, func(at time.Time) bool {
		left := at.Sub(now)
		over = over || left <= 0
		return left <= 0 || left > MaximumGrace+skew // the clock was set back
	})
	if len(b.graces.ends) == 0 || b.life.Err() != nil {
		b.graces.wake = nil
		return over, 0, nil
	}
	ctx, b.graces.wake = context.WithCancel(b.life)
	return over, b.graces.ends[0].Sub(now), ctx
}

// Spare keeps sweeps from ending the tokens of a role that is about to be changed with a grace. The
// changed role does not grant them any more, and a sweep would end them before EndAfter has marked
// them. The caller calls done when they are marked.
func (b *Broker) Spare(roleName string) (done func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sparing[roleName]++
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.sparing[roleName]--; b.sparing[roleName] == 0 {
			delete(b.sparing, roleName)
		}
	}
}

// spared reports whether a sweep leaves the token alone although its role does not grant it any
// more. mu is held.
func (b *Broker) spared(t *token) bool { return b.sparing[t.RoleName] > 0 || t.waits(b.Now()) }

// hurried returns those of the waiting tokens that are to end although their grace lasts: all of
// them, if a process put the mount in lockdown and crashed before it could end them.
func (b *Broker) hurried(ctx context.Context, waiting []*token) ([]*token, error) {
	if len(waiting) == 0 {
		return nil, nil
	}
	urgent, err := b.Urgent(ctx)
	if err != nil || !urgent {
		return nil, err
	}
	return waiting, nil
}
