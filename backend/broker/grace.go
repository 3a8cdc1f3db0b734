package broker

import (
	"context"
	"errors"
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
		b.Logger.Info("tokens are no longer handed out and are revoked after a grace",
			"tokens", ending.Waiting, "revoked_at", ending.At)
		go b.sweepAt(ending.At)
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

// sweepAt starts a sweep at a time. After a restart the periodic sweep does the work instead.
func (b *Broker) sweepAt(at time.Time) {
	for {
		left := at.Sub(b.Now())
		if left <= 0 {
			b.SweepSoon()
			return
		}
		if left > MaximumGrace+skew || b.Wait(b.life, left) != nil { // the clock was set back, or all is over
			return
		}
	}
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
// them, if the mount was locked down by a process that crashed before it could end them.
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
