package broker

import (
	"context"
	"time"

	"vault-plugin-secrets-paxos/backend/limits"
	"vault-plugin-secrets-paxos/backend/paxos"
)

// Of a refused client one token is asked about in suspicionPause. At most backgroundQuestions a
// second are asked that no reader waits for.
const (
	suspicionPause      = 5 * time.Minute
	backgroundQuestions = 5
)

// suspect finds out whether the tokens of a refused client have ended too: they have if the client
// was deleted, but not if its secret was rotated in the Dashboard. It asks about one token, the one
// that was read last.
func (b *Broker) suspect(minter Minter, cause error) {
	now, generation := b.Now(), minter.refusalKey()
	b.mu.Lock()
	defer b.mu.Unlock()
	for old, at := range b.asking.suspected {
		if age := now.Sub(at); age < 0 || age >= suspicionPause {
			delete(b.asking.suspected, old)
		}
	}
	if _, lately := b.asking.suspected[generation]; lately {
		return
	}
	var last *token
	for _, t := range b.serving {
		if t.ClientID == minter.Client.ID() && !t.expired(now) && (last == nil || t.lastRead.After(last.lastRead)) {
			last = t
		}
	}
	if last == nil || last.answeredLately(now) {
		return
	}
	b.asking.suspected[generation] = now
	go b.lookInto(last, minter.Client, generation, cause)
}

// lookInto asks about one token of a refused client. If Paxos rejects it, each of the client's
// other tokens is asked about when it is read next. No storage operation is needed before the call:
// the token request that was refused has just followed one that succeeded.
func (b *Broker) lookInto(t *token, client *paxos.Client, generation string, cause error) {
	ctx, cancel := context.WithTimeout(b.life, backgroundDeadline)
	defer cancel()
	log := b.Logger.With("client_id", t.ClientID, "token_id", t.Fingerprint)
	accepted, err := false, b.awaitQuestion(ctx)
	if err == nil {
		accepted, err = b.ask(ctx, t, client, inTurn)
	}
	switch {
	case err != nil:
		b.mu.Lock()
		delete(b.asking.suspected, generation)
		b.mu.Unlock()
		log.Debug("a token of a rejected client could not be checked", "error", err)
	case accepted:
		b.accepted(t)
		log.Warn("Paxos rejects a client whose tokens still work: its secret was probably rotated in the Dashboard",
			"error", cause)
	case !b.rejected(t, cause):
		b.mute(t, t.Key)
	default:
		b.suspectAll(t.ClientID)
		log.Warn("Paxos rejects a client and one of its tokens: each of its tokens is checked when it is read next",
			"error", cause)
	}
}

// suspectAll has every token of the client that is served asked about when it is read next.
func (b *Broker) suspectAll(clientID string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, t := range b.serving {
		t.suspect = t.suspect || t.ClientID == clientID && !t.rejected
	}
}

// settleIfDue asks in the background about a suspect token that was read, and replaces one that
// Paxos rejects, so that readers who report nothing get another token too. mu is held.
func (b *Broker) settleIfDue(t *token, req Request, now time.Time) {
	if !t.suspect && !t.rejected {
		return
	}
	// or the clock was set back
	ahead := func(at time.Time) bool { return now.Before(at) && at.Sub(now) <= limits.MaximumBan }
	if t.settling || ahead(t.settleAt) || ahead(t.nextTry) {
		return
	}
	b.settle(t, req)
}

// settle is a function of its own so that a hit, which settles nothing, allocates nothing for it.
// mu is held.
func (b *Broker) settle(t *token, req Request) {
	t.settling = true
	go func() {
		ctx, cancel := context.WithTimeout(b.life, backgroundDeadline)
		defer cancel()
		if b.awaitQuestion(ctx) == nil {
			<-b.asking.flights.DoChan(t.Fingerprint, func() (any, error) { return b.inquire(t, req, inTurn), nil })
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		t.settling, t.settleAt = false, b.Now().Add(lastRetry)
	}()
}

// awaitQuestion waits for the turn of a question in the background. Such questions have a pace of
// their own, and come after the revocations that are being worked off.
func (b *Broker) awaitQuestion(ctx context.Context) error {
	const pause = time.Second / backgroundQuestions
	now := b.Now()
	b.mu.Lock()
	turn := b.asking.next
	if turn.Before(now) || turn.Sub(now) > backgroundDeadline { // or the clock was set back
		turn = now
	}
	b.asking.next = turn.Add(pause)
	b.mu.Unlock()
	if wait := turn.Sub(now); wait > 0 {
		if err := b.Wait(ctx, wait); err != nil {
			return err
		}
	}
	_ = b.sweeping.Do(ctx, func(context.Context) error { return nil }) // it waits for a sweep that is under way
	return ctx.Err()
}
