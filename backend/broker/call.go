package broker

import (
	"context"
	"errors"
)

// Call makes a call of the Paxos API by a way, at the pace that revocations and API
// calls share, and draws the consequences of a 429.
func (b *Broker) Call(ctx context.Context, way string, call func(context.Context) error) error {
	if err := b.enter(ctx, way, inTurn); err != nil {
		return err
	}
	return b.entered(way, func() error { return call(ctx) })
}

// errUnfinished is how a request ends that panics.
var errUnfinished = errors.New("internal error, see Vault's log")

// entered makes a call that was let in, and leaves also if it panics: it may be the one that finds
// out for every mount whether a ban is over.
func (b *Broker) entered(way string, call func() error) (err error) {
	err = errUnfinished
	defer func() { b.leave(way, err) }()
	err = call()
	return err
}

// enter waits for a call's turn, as long as the patience goes. Whoever it lets in
// calls leave.
func (b *Broker) enter(ctx context.Context, way string, try patience) error {
	for {
		wait, err := b.Limits.Throttle(way).EnterCall(b.Now(), b.CallRate(ctx))
		switch {
		case err != nil:
			return err
		case wait == 0:
			return nil
		case try != inTurn || b.Wait(ctx, wait) != nil:
			return errPaced
		}
	}
}

// leave takes note of how a call ended.
func (b *Broker) leave(way string, err error) {
	if b.Limits.Throttle(way).LeaveCall(b.Now(), err) {
		b.banned(way, err)
	}
}
