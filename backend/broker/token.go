package broker

import (
	"math/rand/v2"
	"time"
)

// MaximumGrace is the longest grace: how long a token stays valid for its holders after it was
// taken out of service.
const MaximumGrace = 20 * time.Minute

// A token is a Row and what only memory knows of it.
type token struct {
	Row
	jitter float64 // in [-1, 1]: spreads refreshes of tokens minted together

	holds    holds         // leases on it
	counted  bool          // holds are all there are; false once a restart made that unknown
	idleFrom time.Time     // when the last lease ended; zero while any lasts
	idleTTL  time.Duration // how long it is kept then

	refreshing bool
	failures   int       // refreshes that failed in a row
	nextTry    time.Time // no refresh before this
	lastError  error     // why the last refresh failed

	standing // what Paxos said when it was asked about the token

	using    bool      // the engine itself is using it: a sweep leaves it alone
	marked   bool      // the ledger knows that it is to be ended
	dropping bool      // its row is being deleted: it has ended
	attempts int       // to end it at Paxos that failed
	lastFail error     // why the last of them did
	nextEnd  time.Time // no attempt before this: Paxos refused it definitely

	opener   string    // whose request brought the token about, among the readers of narrowed sets
	lastRead time.Time // by anybody
}

// isValid reports whether there is a token with at least the life asked for. mu is held.
func (t *token) isValid(now time.Time, atLeast func(life time.Duration) time.Duration) bool {
	return t != nil && !t.expired(now) && t.ExpiresAt.Sub(now) >= atLeast(t.life())
}

// anyLife accepts a token until it expires.
func anyLife(time.Duration) time.Duration { return 0 }

// life is how long the token counts as valid in all.
func (t *token) life() time.Duration { return t.ExpiresAt.Sub(t.MintedAt) }

// idle reports whether nobody has held the token for as long as it is kept. mu is held.
func (t *token) idle(now time.Time) bool {
	return t.counted && t.holds.none() && !t.idleFrom.IsZero() && now.Sub(t.idleFrom) >= t.idleTTL
}

// release takes one hold away. A hold that this process does not know was given by another. From
// then on it is unknown when the last hold ends, and the token stays valid until it expires, or its
// role is rotated, or the mount is put in lockdown. mu is held.
func (t *token) release(issue uint64, now time.Time) {
	if !t.holds.end(issue) {
		t.counted = false
	}
	t.startIdling(now)
}

// startIdling begins the idle time of a leased token that no reader holds. mu is held.
func (t *token) startIdling(now time.Time) {
	if t.Key.Leased && t.counted && t.holds.none() && t.idleFrom.IsZero() {
		t.idleFrom = now
	}
}

// waits reports whether the token is out of service and its grace lasts. A token that would wait
// for longer than any grace was marked before the clock was set back. mu is held.
func (t *token) waits(now time.Time) bool {
	left := t.EndingSince.Sub(now)
	return !t.EndingSince.IsZero() && left > 0 && left <= MaximumGrace+skew
}

// endAt has the token ended at a time, unless it is to be ended before that. Then the record has
// another time. mu is held.
func (t *token) endAt(at time.Time) {
	if t.EndingSince.IsZero() || t.EndingSince.After(at) {
		t.EndingSince, t.marked = at, false
	}
}

// Waits is waits for a row that was read from the broker.
func (r Row) Waits(now time.Time) bool { return (&token{Row: r}).waits(now) }

// jitter spreads refreshes of tokens that were minted together.
func jitter() float64 { return 2*rand.Float64() - 1 } //nolint:gosec // it only spreads requests in time
