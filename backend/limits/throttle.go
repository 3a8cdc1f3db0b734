package limits

import (
	"errors"
	"sync"
	"time"

	"vault-plugin-secrets-paxos/backend/paxos"
)

// probeWait is when to ask again while one request finds out whether a ban is over.
const probeWait = 2 * time.Second

// A Throttle stops all calls on one route while Paxos bans this address: when there were too many
// requests, Paxos answers 429 to every request for a while. When that time is over, one token
// request and one other call find out, each for its kind, whether the ban is over, before the others
// follow.
type Throttle struct {
	mu    sync.Mutex
	token gate // for token requests
	api   gate // for revocations and calls of the API
	pace  pace // of the latter
}

// A gate lets calls through while there is no ban.
type gate struct {
	until   time.Time
	suspect bool // there was a ban, and nothing has shown yet that it is over
	probing bool // a call is finding out
}

// check says whether a call may go out.
func (g *gate) check(now time.Time) error {
	if g.until.Sub(now) > MaximumBan { // the clock was set back
		g.until = now.Add(MaximumBan)
	}
	switch {
	case now.Before(g.until):
		return RateLimited(g.until.Sub(now))
	case g.suspect && g.probing:
		return &Throttled{Reason: "Another request is testing whether Paxos still rate-limits the address " +
			"that Vault calls from", RetryAfter: probeWait}
	}
	return nil
}

// enter lets a call through that check let through.
func (g *gate) enter() { g.probing = g.suspect }

// leave notes how a call ended. A call without an answer tells nothing about a ban.
func (g *gate) leave(err error) {
	g.probing = false
	if answered(err) {
		g.suspect = false
	}
}

// answered reports whether Paxos dealt with the call, whatever it said.
func answered(err error) bool {
	var answer *paxos.Error
	return err == nil || errors.As(err, &answer) && answer.Status != 0
}

// close lets no call through until a time, or until the later one that was set before.
func (g *gate) close(until time.Time) {
	g.suspect = true
	if until.After(g.until) {
		g.until = until
	}
}

// CheckToken returns a *Throttled if no token request may be sent now, and nil otherwise. Unlike
// EnterToken it lets no request out.
func (t *Throttle) CheckToken(now time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.token.check(now)
}

// Explain returns a *Throttled that says how long the present ban lasts, with cause in its chain. If
// there is no ban it returns cause.
func (t *Throttle) Explain(now time.Time, cause error) error {
	var throttled *Throttled
	if !errors.As(t.CheckToken(now), &throttled) {
		return cause
	}
	throttled.Cause = cause
	return throttled
}

// EnterToken lets a token request out, or returns a *Throttled. A caller that is let out calls
// LeaveToken.
func (t *Throttle) EnterToken(now time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.token.check(now); err != nil {
		return err
	}
	t.token.enter()
	return nil
}

// LeaveToken notes how a token request ended, and reports whether a ban begins with that.
func (t *Throttle) LeaveToken(now time.Time, err error) (banned bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.token.leave(err)
	length := BanFor(err)
	if length == 0 {
		return false
	}
	t.token.close(now.Add(length))
	t.api.suspect = true // Paxos says that it then refuses every call from the address
	t.pace.reset()
	return true
}

// EnterCall lets a revocation or a call of the API out, or returns how long it must wait for its turn:
// at most so many calls are let out in any second. During a ban it returns a *Throttled. A caller that
// is let out (no wait and no error) calls LeaveCall.
func (t *Throttle) EnterCall(now time.Time, most int) (wait time.Duration, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.api.check(now); err != nil {
		return 0, err
	}
	if wait := t.pace.take(now, most); wait > 0 {
		return wait, nil
	}
	t.api.enter()
	return 0, nil
}

// LeaveCall notes how such a call ended, and reports whether a ban begins with that.
func (t *Throttle) LeaveCall(now time.Time, err error) (banned bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.api.leave(err)
	length := BanFor(err)
	if length == 0 {
		if answered(err) {
			t.pace.succeeded()
		}
		return false
	}
	t.api.close(now.Add(length))
	t.token.close(now.Add(length))
	t.pace.reset()
	return true
}

// Ban returns the state that is to be kept.
func (t *Throttle) Ban(route string) Ban {
	t.mu.Lock()
	defer t.mu.Unlock()
	return Ban{Route: route, TokenUntil: t.token.until, CallUntil: t.api.until}
}

// restore brings back a ban that was kept. A ban that is over changes nothing.
func (t *Throttle) restore(now time.Time, kept Ban) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now.Before(kept.TokenUntil) {
		t.token.close(kept.TokenUntil)
		t.api.suspect = true
	}
	if now.Before(kept.CallUntil) {
		t.api.close(kept.CallUntil)
	}
}

// BannedUntil is when the ban on token requests ends, zero if there is none.
func (t *Throttle) BannedUntil(now time.Time) time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now.Before(t.token.until) {
		return t.token.until
	}
	return time.Time{}
}
