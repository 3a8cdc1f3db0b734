package broker

import (
	"errors"
	"sync"
	"time"

	"vault-plugin-secrets-paxos/backend/paxos"
)

// A ban is as long as Paxos says, within these bounds, and as its documentation
// says where Paxos says nothing.
const (
	defaultBan = 5 * time.Minute
	minimumBan = time.Second
	maximumBan = 15 * time.Minute
)

// probeWait is when to ask again while one request finds out whether a ban is over.
const probeWait = 2 * time.Second

// What a caller is told during a ban.
const (
	rateLimited = "Paxos is rate-limiting the address that Vault calls from"
	banAdvice   = "New tokens can be requested again in %s. Tokens already cached are still served; calls to " +
		"Paxos from the same address may be refused meanwhile."
)

// RateLimited is the refusal while Paxos refuses all requests from this address, for that long.
func RateLimited(left time.Duration) *Throttled {
	return &Throttled{Reason: rateLimited, RetryAfter: left, Advice: banAdvice, Banned: true}
}

// A Throttle is how Paxos treats this address by one way: it answers 429 to every
// request for a while when there were too many. All calls stop then; when the time
// is over, one token request and one other call find out, each for its kind, whether
// Paxos has relented, before the rest follows.
type Throttle struct {
	mu    sync.Mutex
	token gate
	api   gate // revocations, and the API
	pace  pace // of the latter
}

func newThrottle() *Throttle { return &Throttle{pace: pace{rate: firstRate}} }

// A gate lets calls through while there is no ban.
type gate struct {
	until   time.Time
	suspect bool // a ban was on, and nothing has shown yet that it is over
	probing bool // a call is finding out
}

// check says whether a call may go out.
func (g *gate) check(now time.Time) error {
	if g.until.Sub(now) > maximumBan { // the clock was set back
		g.until = now.Add(maximumBan)
	}
	switch {
	case now.Before(g.until):
		return RateLimited(g.until.Sub(now))
	case g.suspect && g.probing:
		return &Throttled{Reason: "One request is finding out whether Paxos still rate-limits the address " +
			"that Vault calls from", RetryAfter: probeWait}
	}
	return nil
}

// enter lets a call through that check let through.
func (g *gate) enter() { g.probing = g.suspect }

// leave takes note of how a call ended. No answer tells nothing of a ban.
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

// close shuts the gate until a time, unless it is shut for longer.
func (g *gate) close(until time.Time) {
	g.suspect = true
	if until.After(g.until) {
		g.until = until
	}
}

// CheckToken says whether a token request may go out, without letting one out.
func (t *Throttle) CheckToken(now time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.token.check(now)
}

// explain says how long the ban lasts that an answer began.
func (t *Throttle) explain(now time.Time, cause error) error {
	var throttled *Throttled
	if !errors.As(t.CheckToken(now), &throttled) {
		return cause
	}
	throttled.Cause = cause
	return throttled
}

// EnterToken lets a token request out. Whoever it lets out calls LeaveToken.
func (t *Throttle) EnterToken(now time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.token.check(now); err != nil {
		return err
	}
	t.token.enter()
	return nil
}

// LeaveToken takes note of how a token request ended, and reports whether that is
// the beginning of a ban.
func (t *Throttle) LeaveToken(now time.Time, err error) (banned bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.token.leave(err)
	after, banned := banOf(err)
	if !banned {
		return false
	}
	t.token.close(now.Add(after))
	t.api.suspect = true // every request from the address is throttled, or so it says
	t.pace.reset()
	return true
}

// EnterCall lets a revocation or a call of the API out, or says how long it must
// wait for its turn at the pace, which is at most ceiling calls in any second.
// Whoever it lets out calls LeaveCall.
func (t *Throttle) EnterCall(now time.Time, ceiling int) (wait time.Duration, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.api.check(now); err != nil {
		return 0, err
	}
	if wait := t.pace.take(now, ceiling); wait > 0 {
		return wait, nil
	}
	t.api.enter()
	return 0, nil
}

// LeaveCall takes note of how such a call ended, and reports whether that is the
// beginning of a ban.
func (t *Throttle) LeaveCall(now time.Time, err error) (banned bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.api.leave(err)
	after, banned := banOf(err)
	if !banned {
		if answered(err) {
			t.pace.succeeded()
		}
		return false
	}
	t.api.close(now.Add(after))
	t.token.close(now.Add(after))
	t.pace.reset()
	return true
}

// banOf returns the length of the ban that an answer is, if it is one.
func banOf(err error) (time.Duration, bool) {
	var answer *paxos.Error
	if !errors.As(err, &answer) || !answer.Throttled() {
		return 0, false
	}
	if answer.RetryAfter == 0 {
		return defaultBan, true
	}
	return min(max(answer.RetryAfter, minimumBan), maximumBan), true
}

// A Ban is a throttle's state as it is kept across restarts.
type Ban struct {
	Way        string    `json:"way"`
	TokenUntil time.Time `json:"token_until"`
	CallUntil  time.Time `json:"call_until"`
	Unreadable bool      `json:"-"` // only Way is known
}

// over reports whether both its times have passed.
func (b Ban) over(now time.Time) bool { return !now.Before(b.TokenUntil) && !now.Before(b.CallUntil) }

// Ban returns the state that is to be kept.
func (t *Throttle) Ban(way string) Ban {
	t.mu.Lock()
	defer t.mu.Unlock()
	return Ban{Way: way, TokenUntil: t.token.until, CallUntil: t.api.until}
}

// restore brings a ban back that was kept. One that is over changes nothing.
func (t *Throttle) restore(now time.Time, kept Ban) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now.Before(kept.TokenUntil) {
		t.token.close(earlier(kept.TokenUntil, now.Add(maximumBan)))
		t.api.suspect = true
	}
	if now.Before(kept.CallUntil) {
		t.api.close(earlier(kept.CallUntil, now.Add(maximumBan)))
	}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
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
