package broker

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"golang.org/x/sync/singleflight"

	"vault-plugin-secrets-paxos/backend/limits"
	"vault-plugin-secrets-paxos/backend/paxos"
)

// Where Paxos also rejects the token that was requested in the place of a rejected one, a question
// tells nothing, and none is asked for that key during mutePause.
const (
	mutePause       = 15 * time.Minute
	inquiryDeadline = mintDeadline + 2*paxos.MaximumTimeout
	longestTurn     = 2 * time.Second // that a question waits for at the pace of calls
)

// inquiries are the questions to Paxos whether it accepts a token. The broker's lock guards all
// fields but flights.
type inquiries struct {
	flights   singleflight.Group   // by fingerprint: those who say the same meanwhile wait for the answer
	muted     map[Key]time.Time    // until when no question is asked for the key
	suspected map[string]time.Time // by [Minter.refusalKey]: when a token of a refused client was last asked after
	next      time.Time            // when the next question in the background may be asked
}

func newInquiries() inquiries {
	return inquiries{muted: map[Key]time.Time{}, suspected: map[string]time.Time{}}
}

// inquire asks Paxos whether it accepts the token that the request's key serves, and replaces a
// token that it rejects. It returns what keeps the token in service, nil if nothing does. It runs
// on a context of its own.
func (b *Broker) inquire(t *token, req Request, try patience) (doubt *Doubt) {
	defer func() {
		if cause := recover(); cause != nil { // a panic here would take every mount's plugin process down
			b.Logger.Error("checking a token with Paxos panicked", "type", fmt.Sprintf("%T", cause), "stack",
				string(debug.Stack()))
			doubt = &Doubt{Reason: Unanswered, Cause: errors.New("internal error, see Vault's log")}
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), inquiryDeadline)
	defer cancel()
	if doubt, over := b.answerKnown(t, req.Key); over {
		return doubt
	}
	minter, err := req.Authorize(ctx) // it reads storage, so a process that is cut off from its Vault makes no call
	if err != nil {
		return &Doubt{Reason: Unanswered, Cause: err}
	}
	if !b.serves(t, req.Key) { // it was ended while permission was asked
		return nil
	}
	if !b.isRejected(t) {
		accepted, err := b.ask(ctx, t, minter.Client, try)
		switch {
		case err != nil:
			return &Doubt{Reason: Unanswered, Cause: err}
		case accepted:
			return b.accepted(t)
		case !b.rejected(t, errNoOther):
			return b.mute(t, req.Key)
		}
	}
	return b.replace(ctx, t, req, minter.Client)
}

// errNoOther is why there is no other token as long as none has been requested.
var errNoOther = errors.New("none has been requested yet")

// answerKnown returns the answer where no question is needed, and reports whether there is one.
func (b *Broker) answerKnown(t *token, key Key) (doubt *Doubt, known bool) {
	now := b.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	muted := b.asking.muted[key]
	switch {
	case b.serving[key] != t: // another has taken its place
		return nil, true
	case now.Before(muted) && muted.Sub(now) <= mutePause: // or the clock was set back
		return &Doubt{Reason: Muted, Until: muted}, true
	case t.rejected:
		// no other could be had a moment ago
		return t.doubt, now.Before(t.nextTry) && t.nextTry.Sub(now) <= limits.MaximumBan
	case t.answeredLately(now):
		t.suspect = false
		return &Doubt{Reason: Accepted, Asked: t.askedAt}, true
	}
	return nil, false
}

// ask has Paxos say whether it accepts the token. Only an answer counts as a question that was
// asked.
func (b *Broker) ask(ctx context.Context, t *token, client *paxos.Client, try patience) (accepted bool, err error) {
	entering, cancel := context.WithTimeout(ctx, longestTurn)
	defer cancel()
	if err := b.enter(entering, client.Route(), try); err != nil {
		return false, err
	}
	err = b.entered(client.Route(), func() error {
		accepted, err = client.Accepts(ctx, paxos.Bearer{ClientID: t.ClientID, Token: paxos.Hide(t.Token)})
		if refused := new(paxos.Error); errors.As(err, &refused) {
			refused.Client = t.Key.Client
		}
		return err
	})
	return accepted, err
}

// accepted notes that Paxos accepts the token.
func (b *Broker) accepted(t *token) *Doubt {
	b.mu.Lock()
	defer b.mu.Unlock()
	t.accept(b.Now())
	return &Doubt{Reason: Accepted, Asked: t.askedAt}
}

// rejected notes that Paxos rejects the token. It reports false for a token that replaced a
// rejected one and was never accepted: then the token is not the reason.
func (b *Broker) rejected(t *token, cause error) bool {
	b.mu.Lock()
	untested := t.untested
	if !untested {
		t.reject(b.Now(), cause)
	}
	b.mu.Unlock()
	if untested {
		return false
	}
	b.Logger.Warn("Paxos rejects a token that has not expired; the next read requests another one",
		"role", t.RoleName, "client_id", t.ClientID, "token_id", t.Fingerprint, "expires_at", t.ExpiresAt)
	return true
}

// mute keeps the tokens of the key from being asked about for a while, because Paxos rejects new
// tokens too.
func (b *Broker) mute(t *token, key Key) *Doubt {
	now := b.Now()
	until := now.Add(mutePause)
	b.mu.Lock()
	for old, over := range b.asking.muted {
		if !now.Before(over) {
			delete(b.asking.muted, old)
		}
	}
	b.asking.muted[key] = until
	t.askedAt, t.untested = now, false
	b.mu.Unlock()
	b.Logger.Warn("Paxos rejects a token that was just requested, so the token is not the cause; "+
		"check the client's IP allow-list and request signing",
		"role", t.RoleName, "client_id", t.ClientID, "token_id", t.Fingerprint, "not_asked_before", until)
	return &Doubt{Reason: Muted, Until: until}
}

// replace requests a token to replace one that Paxos rejects, and asks Paxos whether it accepts the
// new one. Only then is the old one revoked: if Paxos rejects both, nothing is ended.
func (b *Broker) replace(ctx context.Context, old *token, req Request, client *paxos.Client) *Doubt {
	fresh, err := b.mintInstead(old, req)
	if err != nil {
		return b.unreplaced(old, err)
	}
	accepted, err := b.ask(ctx, fresh, client, inTurn)
	switch {
	case err != nil: // the next reader who says that it is rejected asks again
		return nil
	case !accepted:
		return b.mute(fresh, req.Key)
	}
	b.accepted(fresh)
	if err := b.enqueue(ctx, old); err != nil { // this process ends it all the same
		b.Logger.Warn("it could not be stored that Paxos rejects a token", "token_id", old.Fingerprint,
			"error", err)
	}
	b.SweepSoon()
	return nil
}

// mintInstead requests the token, together with all who want a new one for the key. It is charged
// as narrowed tokens are, because readers can cause it.
func (b *Broker) mintInstead(old *token, req Request) (*token, error) {
	for range 2 { // a reader who needs none may have begun the flight
		result := <-b.flights.DoChan(req.flight(), func() (any, error) {
			return b.mintToReplace(old, req, limits.Narrowed)
		})
		if result.Err != nil {
			return nil, result.Err
		}
		if fresh := result.Val.(*token); fresh != old {
			b.mu.Lock()
			fresh.untested = fresh.askedAt.IsZero()
			b.mu.Unlock()
			return fresh, nil
		}
	}
	return nil, ErrEnded
}

// unreplaced notes that a token that Paxos rejects could not be replaced, and when to try again.
func (b *Broker) unreplaced(t *token, cause error) *Doubt {
	b.mu.Lock()
	defer b.mu.Unlock()
	t.failures++
	t.nextTry = b.Now().Add(retryDelay(t.failures, cause))
	t.doubt = &Doubt{Reason: Unreplaced, Cause: cause}
	return t.doubt
}

func (b *Broker) isRejected(t *token) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return t.rejected
}
