package broker

import (
	"context"
	"errors"
)

// Sweep is the periodic work: it forgets what has expired, ends what nobody holds
// any more, and works off the queue, until all is done or ctx ends. What is left
// is for the next time.
func (b *Broker) Sweep(ctx context.Context) error {
	if err := b.load(ctx); err != nil {
		return err
	}
	now := b.Now()
	var due []*token
	b.mu.Lock()
	for _, t := range b.tokens {
		if t.expired(now) || !t.EndingSince.IsZero() || t.idle(now) {
			due = append(due, t)
			b.withdraw(t)
		}
	}
	b.mu.Unlock()
	var errs []error
	reachable := true // one failure is enough to know: the rest waits for the next time
	for _, t := range due {
		try := reachable && !t.expired(now)
		if try && b.pace.Wait(ctx) != nil {
			break
		}
		cause, err := b.end(ctx, t, try)
		errs = append(errs, err)
		reachable = reachable && !temporary(cause)
	}
	return errors.Join(errs...)
}

// Live returns the rows of all tokens that have not ended.
func (b *Broker) Live(ctx context.Context) ([]Row, error) {
	if err := b.load(ctx); err != nil {
		return nil, err
	}
	now := b.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	rows := make([]Row, 0, len(b.tokens))
	for _, t := range b.tokens {
		if !t.expired(now) {
			rows = append(rows, t.Row)
		}
	}
	return rows, nil
}
