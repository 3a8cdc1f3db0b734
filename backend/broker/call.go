package broker

import (
	"context"
	"errors"
	"time"

	"vault-plugin-secrets-paxos/backend/limits"
	"vault-plugin-secrets-paxos/backend/paxos"
)

// A patience is how long the end of a token may wait for its turn at Paxos.
type patience int

const (
	never  patience = iota // it goes to the queue
	atOnce                 // it goes to the queue if it is not its turn
	inTurn                 // as long as the context lasts
)

// mintDeadline bounds a token request with all its storage operations, cleanUpDeadline what is done
// about a token that cannot be handed out.
const (
	mintDeadline    = 30 * time.Second
	cleanUpDeadline = 5 * time.Second
)

// errPaced says that a call was not made because it was not its turn.
var errPaced = errors.New("revocations are limited by api_rate; this one is waiting for its turn")

// Call makes a call of the Paxos API by a route, at the pace that revocations and API calls share,
// and obeys a 429.
func (b *Broker) Call(ctx context.Context, route string, call func(context.Context) error) error {
	if err := b.enter(ctx, route, inTurn); err != nil {
		return err
	}
	return b.entered(route, func() error { return call(ctx) })
}

// errUnfinished is how a call ends that panics.
var errUnfinished = errors.New("internal error, see Vault's log")

// entered makes a call that was let out, and calls leave even if the call panics: it may be the one
// that finds out for every mount whether a ban is over.
func (b *Broker) entered(route string, call func() error) (err error) {
	err = errUnfinished
	defer func() { b.leave(route, err) }()
	err = call()
	return err
}

// enter waits for a call's turn, as long as the patience allows. A caller that is let out calls
// leave.
func (b *Broker) enter(ctx context.Context, route string, try patience) error {
	for {
		wait, err := b.Limits.Throttle(route).EnterCall(b.Now(), b.CallRate(ctx))
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

// leave notes how a call ended.
func (b *Broker) leave(route string, err error) {
	if b.Limits.Throttle(route).LeaveCall(b.Now(), err) {
		b.banned(route, err)
	}
}

// banned reports and records a ban that has just begun.
func (b *Broker) banned(route string, cause error) {
	b.Observe(Observation{What: Banned, Err: cause})
	ctx, cancel := context.WithTimeout(context.Background(), cleanUpDeadline)
	defer cancel()
	b.mount.KeepBan(ctx, route, cause)
}

// mintWithin requests a token within the budget, unless there is a ban. It returns when the request
// counts as sent.
func (b *Broker) mintWithin(ctx context.Context, minter Minter, charge limits.Charge,
	scopes []string) (paxos.Grant, time.Time, error) {
	throttle := b.Limits.Throttle(minter.Client.Route())
	if err := throttle.CheckToken(b.Now()); err != nil {
		return paxos.Grant{}, time.Time{}, err // without spending budget
	}
	request, err := b.mount.Book(ctx, minter.Client.TokenURL(), charge)
	if err != nil {
		return paxos.Grant{}, time.Time{}, err
	}
	if err := throttle.EnterToken(b.Now()); err != nil {
		return paxos.Grant{}, request.At, err
	}
	grant, err := b.requestToken(ctx, throttle, minter, scopes)
	return grant, request.At, err
}

// requestToken makes a token request that was let out, and notes how it ended even if it panics: it
// may be the one that finds out for every mount whether a ban is over.
func (b *Broker) requestToken(ctx context.Context, throttle *limits.Throttle, minter Minter,
	scopes []string) (grant paxos.Grant, err error) {
	err = errUnfinished
	defer func() {
		if throttle.LeaveToken(b.Now(), err) {
			b.banned(minter.Client.Route(), err)
			err = throttle.Explain(b.Now(), err)
		}
	}()
	grant, err = minter.Client.RequestToken(ctx, scopes)
	var refused *paxos.Error
	if errors.As(err, &refused) {
		refused.Client = minter.Name // for the text that people read
	}
	return grant, err
}
