package broker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"vault-plugin-secrets-paxos/backend/paxos"
)

// Release ends one reader's hold on a token. An own token is ended at once, a shared one when its
// last hold has ended and its idle time is over. Release may be called any number of times, in any
// order, after any restart. It fails only if storage does: whatever Paxos says, the token is then
// on the queue. While the mount is being disabled there is no queue, and Release fails with ErrClosing in
// the chain if Paxos did not revoke the token.
func (b *Broker) Release(ctx context.Context, fingerprint string, issue uint64) error {
	if err := b.load(ctx); err != nil {
		return err
	}
	b.mu.Lock()
	t := b.tokens[fingerprint]
	if t == nil { // ended before
		b.mu.Unlock()
		return nil
	}
	due := t.Own || t.expired(b.Now())
	if due {
		b.withdraw(t)
	} else {
		t.release(issue, b.Now())
	}
	idle := t.idle(b.Now())
	b.mu.Unlock()
	if !due && !(idle && (!b.kept(ctx, t) || b.Closing()) && b.withdrawIdle(t)) {
		return nil
	}
	try := atOnce
	if b.Closing() { // nothing works off a queue any more
		try = inTurn
	}
	cause, err := b.end(ctx, t, try)
	if err == nil && cause != nil && !errors.Is(cause, errNobody) && b.Closing() {
		return fmt.Errorf("%w: %w", ErrClosing, cause)
	}
	return err
}

// End ends every token that which selects, and says how many are ended and how many could not be
// ended yet. Those are on the queue. No reader gets one of these tokens any more.
func (b *Broker) End(ctx context.Context, which func(Row) bool) (ended, pending int, err error) {
	if err := b.load(ctx); err != nil {
		return 0, 0, err
	}
	b.mu.Lock()
	var selected []*token
	for _, t := range b.tokens {
		if which(t.Row) {
			selected = append(selected, t)
			b.withdraw(t)
		}
	}
	b.mu.Unlock()
	try, paced := atOnce, false
	for _, t := range selected {
		cause, endErr := b.end(ctx, t, try)
		err = errors.Join(err, endErr)
		// one is enough to know: the rest goes to the queue
		if try == atOnce && (temporary(cause) || errors.Is(cause, errPaced)) {
			try, paced = never, errors.Is(cause, errPaced)
		}
		if cause == nil && endErr == nil {
			ended++
		} else {
			pending++
		}
	}
	if paced { // the sweep that the first of them began may have looked before the others were queued
		b.SweepSoon()
	}
	return ended, pending, err
}

// abandon ends a token that no reader will hold, on a context of its own. If no stored client can
// revoke the token, the client that requested it does, where the caller has it: the configuration
// may have been deleted during the request.
func (b *Broker) abandon(t *token, client *paxos.Client) {
	ctx, cancel := context.WithTimeout(context.Background(), cleanUpDeadline)
	defer cancel()
	cause, err := b.end(ctx, t, atOnce)
	if errors.Is(cause, errNobody) && client != nil && b.revokeWith(ctx, client, b.rowOf(t), inTurn) == nil {
		err = b.drop(ctx, t)
	}
	if err != nil {
		b.Logger.Error("a token that nobody holds could not be revoked; this is retried", "token_id", t.Fingerprint,
			"error", err)
	}
}

// end takes a token out of service at once, and ends it at Paxos if try allows it and Paxos does
// it. Otherwise the token is on the queue. cause says why the token is still valid at Paxos, nil if
// it has ended; err is always an error of storage. A token that could be served again after a
// restart is marked in the ledger before Paxos is asked, an own token only when Paxos could not end
// it.
func (b *Broker) end(ctx context.Context, t *token, try patience) (cause, err error) {
	b.mu.Lock()
	b.withdraw(t)
	row, waits := t.Row, t.waits(b.Now())
	queued := t.marked && !waits // else the time on record is that of the end of its grace
	backedOff := early(b.Now(), t.nextEnd)
	b.mu.Unlock()
	if row.expired(b.Now()) {
		return nil, b.drop(ctx, t)
	}
	if queued && backedOff {
		return errBackedOff, nil
	}
	if (!row.Own || waits) && !queued {
		if err := b.enqueue(ctx, t); err != nil {
			return err, err
		}
		queued = true
	}
	if cause = b.revoke(ctx, row, try); cause == nil {
		return nil, b.drop(ctx, t)
	}
	if !queued {
		err = b.enqueue(ctx, t)
	}
	b.failed(t, cause)
	return cause, err
}

// enqueue records that the token is to be ended now, so that a restart does not forget it. If
// storage fails, this process ends the token all the same when storage is back.
func (b *Broker) enqueue(ctx context.Context, t *token) error { return b.mark(ctx, t, b.Now()) }

// mark records that the token is to be ended at a time, or at the earlier time with which it was
// marked before. If several mark it at once, the last to write has the earliest time.
func (b *Broker) mark(ctx context.Context, t *token, at time.Time) error {
	for {
		b.mu.Lock()
		t.endAt(at)
		row := t.Row
		b.mu.Unlock()
		if err := b.Ledger.Put(ctx, row); err != nil {
			return fmt.Errorf("queueing the end of a token: %w", err)
		}
		b.mu.Lock()
		written := t.EndingSince.Equal(row.EndingSince)
		t.marked = t.marked || written
		gone := t.dropping
		b.mu.Unlock()
		switch {
		case gone: // another ended the token meanwhile, and its row must not come back
			return b.unmark(ctx, row)
		case written:
			return nil
		}
	}
}

// unmark deletes the row of a token that ended while it was being queued.
func (b *Broker) unmark(ctx context.Context, row Row) error {
	if err := b.Ledger.Delete(ctx, row.Fingerprint); err != nil {
		return fmt.Errorf("queueing the end of a token: %w", err)
	}
	return nil
}
