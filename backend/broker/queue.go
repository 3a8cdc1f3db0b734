package broker

import (
	"context"
	"slices"
	"time"
)

// A Queued token is out of service and has not ended at Paxos yet.
type Queued struct {
	Row       Row   // without its token
	Attempts  int   // by this process
	LastError error // of the last of them
	Waits     bool  // a grace lasts: its time, Row.EndingSince, has not come
}

// Queue returns the tokens that are still to be ended at Paxos, the oldest first.
func (b *Broker) Queue(ctx context.Context) (queue []Queued, err error) {
	err = b.eachLive(ctx, func(t *token, now time.Time) {
		if !t.EndingSince.IsZero() {
			queue = append(queue,
				Queued{Row: t.public(), Attempts: t.attempts, LastError: t.lastFail, Waits: t.waits(now)})
		}
	})
	slices.SortFunc(queue, func(a, z Queued) int { return a.Row.EndingSince.Compare(z.Row.EndingSince) })
	return queue, err
}

// Forget takes a token off the queue, or deletes a record that cannot be read. The token is valid
// at Paxos until it expires. Forget reports whether there was such a token.
func (b *Broker) Forget(ctx context.Context, fingerprint string) (bool, error) {
	if err := b.load(ctx); err != nil {
		return false, err
	}
	b.mu.Lock()
	t := b.tokens[fingerprint]
	queued := t != nil && !t.EndingSince.IsZero()
	b.mu.Unlock()
	if !queued {
		return b.forgetUnreadable(ctx, fingerprint)
	}
	return true, b.drop(ctx, t)
}
