package broker

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"vault-plugin-secrets-paxos/backend/limits"
)

// sweepers is how many tokens a sweep ends at a time. There are enough of them that a slow Paxos
// does not keep the queue below its pace.
const sweepers = 16

// Sweep is the periodic work. It finds what memory has missed, forgets what has expired, ends
// tokens that no reader holds any more, and works off the queue, oldest first, until all is done or
// ctx ends. The rest is left for the next sweep. One sweep waits for another.
func (b *Broker) Sweep(ctx context.Context) error { return b.sweeping.Do(ctx, b.sweep) }

// sweep does the work of Sweep, for one caller at a time.
func (b *Broker) sweep(ctx context.Context) error {
	if err := b.load(ctx); err != nil {
		return err
	}
	err := errors.Join(b.reconcile(ctx), b.mount.ForgetBans(ctx), b.mount.ForgetRequests(ctx))
	due, dueErr := b.due(ctx)
	err = errors.Join(err, dueErr, b.endAll(ctx, due))
	if ctx.Err() != nil {
		err = nil // its time is up
	}
	return err
}

// due takes the tokens that are to be ended out of service, and returns them, those that have
// waited longest first. Whether a token is still granted is asked after the tokens were listed, so
// that each is compared with what was stored after it was requested.
func (b *Broker) due(ctx context.Context) ([]*token, error) {
	now := b.Now()
	var due, idle, waiting, lasting []*token
	b.mu.Lock()
	for _, t := range b.tokens {
		switch {
		case t.using:
		case t.expired(now) || !t.EndingSince.IsZero() && !t.waits(now):
			due = append(due, t)
			b.withdraw(t)
		case t.idle(now):
			idle = append(idle, t)
		case t.waits(now):
			waiting = append(waiting, t)
		default:
			lasting = append(lasting, t)
		}
	}
	slices.SortFunc(due, func(a, z *token) int { return a.EndingSince.Compare(z.EndingSince) })
	b.mu.Unlock()
	for _, t := range idle {
		if !b.kept(ctx, t) && b.withdrawIdle(t) {
			due = append(due, t)
		}
	}
	hurried, urgentErr := b.hurried(ctx, waiting)
	ungranted, err := b.ungranted(ctx, lasting)
	return slices.Concat(due, hurried, ungranted), errors.Join(urgentErr, err)
}

// ungranted takes those of the tokens out of service that are not granted any more, because a
// process crashed before it could end them: its role was rotated, narrowed or deleted, or the mount
// was put in lockdown.
func (b *Broker) ungranted(ctx context.Context, tokens []*token) (due []*token, err error) {
	for _, t := range tokens {
		granted, askErr := b.Granted(ctx, b.rowOf(t).public())
		switch {
		case askErr != nil:
			err = askErr // one of many that are alike
		case !granted:
			due = append(due, t)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	due = slices.DeleteFunc(due, b.spared)
	for _, t := range due {
		b.withdraw(t)
	}
	return due, err
}

// endAll ends the tokens at Paxos's pace, the first alone and then several at a time. When Paxos or
// storage is unavailable for one token, the rest waits for the next sweep. Only tokens that have
// expired are still ended, because that costs no call.
func (b *Broker) endAll(ctx context.Context, due []*token) error {
	var unreachable atomic.Bool
	errs := make([]error, len(due))
	var group errgroup.Group
	group.SetLimit(sweepers)
	first := slices.IndexFunc(due, func(t *token) bool { return !b.rowOf(t).expired(b.Now()) })
	for i, t := range due {
		endOne := func() error {
			if !b.rowOf(t).expired(b.Now()) && (unreachable.Load() || ctx.Err() != nil) {
				return nil //nolint:nilerr // the next sweep ends it
			}
			var cause error
			if cause, errs[i] = b.end(ctx, t, inTurn); temporary(cause) || errs[i] != nil {
				unreachable.Store(true)
			}
			return nil
		}
		if i == first {
			_ = endOne()
		} else {
			group.Go(endOne)
		}
	}
	_ = group.Wait() // the errors are in errs
	return errors.Join(errs...)
}

// reconcile takes in rows of the ledger that memory does not know: a write that happened although
// it was reported to have failed, or a write of another node. A row that is being written at this
// moment is left to its writer.
func (b *Broker) reconcile(ctx context.Context) error {
	fingerprints, err := b.Ledger.List(ctx)
	if err != nil {
		return err
	}
	for _, fingerprint := range fingerprints {
		if b.known(fingerprint) {
			continue
		}
		row, found, err := b.Ledger.Get(ctx, fingerprint)
		if errors.Is(err, limits.ErrUnreadable) {
			b.noteUnreadable(fingerprint, err)
			continue
		}
		if err != nil {
			return err
		}
		if age := b.Now().Sub(row.MintedAt); !found || 0 <= age && age < 2*mintDeadline {
			continue
		}
		b.Logger.Info("found a stored token that was not in memory", "token_id", fingerprint, "role", row.RoleName)
		b.mu.Lock()
		if b.tokens[fingerprint] == nil {
			b.adopt(row)
		}
		b.mu.Unlock()
	}
	return nil
}
