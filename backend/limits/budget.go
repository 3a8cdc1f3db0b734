package limits

import (
	"crypto/rand"
	"encoding/hex"
	"maps"
	"slices"
	"sync"
	"time"
)

// Paxos allows one token request per second and IP address, averaged over five minutes. A breach
// throttles every request from the address for five minutes
// (https://docs.paxos.com/guides/developer/rate-limits).
const (
	Window        = 5 * time.Minute
	MaximumBudget = 300 // token requests in any Window
	DefaultBudget = 240 // leaves a fifth to others behind the same address
)

// reach is how long a request counts after it was sent. Two requests may come closer together on
// their way to Paxos, so it is a little longer than the Window.
const reach = Window + 2*time.Second

// longestWait is how long a token request waits for room in the budget. A request that would have to
// wait for longer is refused.
const longestWait = 2 * time.Second

// A Budget keeps the token requests of the whole process to one endpoint below Paxos's limit, and
// shares them out fairly. It is a log of the requests of the last Window, so that no window of that
// length ever holds more.
type Budget struct {
	limit   int
	unknown func(now time.Time) time.Time // until when unknown requests may count

	mu            sync.Mutex
	log           []booking            // oldest first
	mounts        map[string]bool      // that have asked for a request
	waitingMounts map[string]time.Time // when a mount was last refused because of other mounts
	waitingRoles  map[payer]time.Time  // when a role was last refused because of other roles
}

// A booking is a token request that was sent or is about to be.
type booking struct {
	id         string
	at         time.Time
	who        payer
	repeatable bool
}

func newBudget(limit int, unknown func(time.Time) time.Time) *Budget {
	return &Budget{
		limit: limit, unknown: unknown,
		mounts: map[string]bool{}, waitingMounts: map[string]time.Time{}, waitingRoles: map[payer]time.Time{},
	}
}

// Reserve books one token request and returns its record, which says when the request may be sent:
// now, or at most longestWait from now. If there is no room until then, the error is a *Throttled,
// which says when there will be.
func (b *Budget) Reserve(now time.Time, charge Charge) (TokenRequest, error) {
	if until := b.unknown(now); until.After(now) {
		return TokenRequest{}, unknownSpending(now, until)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mounts[charge.Mount] = true
	b.forget(now)
	found := b.slot(now, charge)
	if left := found.at.Sub(now); left > longestWait {
		b.remember(now, charge.payer(), found.scarce)
		return TokenRequest{}, &Throttled{Reason: found.reason(), RetryAfter: left, Advice: found.advice}
	}
	k := booking{id: newRequestID(), at: found.at, who: charge.payer(), repeatable: charge.Kind.repeatable()}
	b.insert(k)
	return TokenRequest{ID: k.id, Role: charge.Role, Repeatable: k.repeatable, At: k.at}, nil
}

// remember notes who was refused because others have used too much. mu is held.
func (b *Budget) remember(now time.Time, who payer, what scarcity) {
	if what == amongMounts {
		b.waitingMounts[who.mount] = now
	}
	if what != ofItsOwn {
		b.waitingRoles[who] = now
	}
}

// unknownSpending is the refusal while it is not known what was spent. Vault loads every mount of a
// process within a minute. After that the budget waits only for a mount that does not exist any
// more, or whose records cannot be read.
func unknownSpending(now, until time.Time) error {
	const loading = time.Minute + 5*time.Second
	left := until.Sub(now)
	if soon := until.Add(loading - reach).Sub(now); soon > 0 {
		left = min(left, soon)
	}
	return &Throttled{
		Reason: "The plugin has just started, and does not know yet how many token requests its mounts sent in " +
			"the last 5 minutes",
		RetryAfter: left,
		Advice:     "Retry in %s. Tokens already cached are still served.",
	}
}

// newRequestID names the record of a token request.
func newRequestID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	return hex.EncodeToString(id[:])
}

// insert keeps the order; nearly always the time is the latest. mu is held.
func (b *Budget) insert(k booking) {
	i := len(b.log)
	for i > 0 && b.log[i-1].at.After(k.at) {
		i--
	}
	b.log = slices.Insert(b.log, i, k)
}

// remove takes a booking out. mu is held.
func (b *Budget) remove(id string) (booking, bool) {
	i := slices.IndexFunc(b.log, func(k booking) bool { return k.id == id })
	if i < 0 {
		return booking{}, false
	}
	k := b.log[i]
	b.log = slices.Delete(b.log, i, i+1)
	return k, true
}

// cancel gives back a request that was not sent.
func (b *Budget) cancel(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.remove(id)
}

// move notes that a request is sent later than it was booked for.
func (b *Budget) move(id string, at time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if k, ok := b.remove(id); ok {
		k.at = at
		b.insert(k)
	}
}

// leave forgets that a mount has asked for requests. Those that it sent still count.
func (b *Budget) leave(mount string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.mounts, mount)
}

// Recall counts requests that another process made, or this one before it forgot its mount. Requests
// that are known already are not counted twice.
func (b *Budget) Recall(now time.Time, mount string, requests []TokenRequest) {
	b.mu.Lock()
	defer b.mu.Unlock()
	known := map[string]bool{}
	for _, k := range b.log {
		known[k.id] = true
	}
	for _, r := range requests {
		if !known[r.ID] {
			b.mounts[mount] = true
			b.insert(booking{id: r.ID, at: r.At, who: payer{mount, r.Role}, repeatable: r.Repeatable})
		}
	}
	b.forget(now)
}

// Usage returns how many requests were sent in the last Window, the limit, and whether all requests
// are known. While they are not, the whole budget counts as used.
func (b *Budget) Usage(now time.Time) (used, limit int, known bool) {
	if b.unknown(now).After(now) {
		return b.limit, b.limit, false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.forget(now)
	return len(b.log), b.limit, true
}

// Scarce reports whether less than a quarter is left. Then it is better to keep a token that may be
// read again than to request another.
func (b *Budget) Scarce(now time.Time) bool {
	used, limit, _ := b.Usage(now)
	return limit-used < reserve(limit)
}

// forget drops the requests that do not count any more. A request that lies further ahead than any
// can be booked was logged before the clock was set back: it counts from now. mu is held.
func (b *Budget) forget(now time.Time) {
	ahead := len(b.log)
	for ahead > 0 && b.log[ahead-1].at.Sub(now) > longestWait {
		ahead--
		b.log[ahead].at = now
	}
	if ahead < len(b.log) { // some may have been booked for a moment later than now
		slices.SortStableFunc(b.log, func(a, z booking) int { return a.at.Compare(z.at) })
	}
	over := 0
	for over < len(b.log) && now.Sub(b.log[over].at) >= reach {
		over++
	}
	b.log = slices.Delete(b.log, 0, over)
	old := func(at time.Time) bool { age := now.Sub(at); return age >= Window || age < -longestWait }
	maps.DeleteFunc(b.waitingMounts, func(_ string, at time.Time) bool { return old(at) })
	maps.DeleteFunc(b.waitingRoles, func(_ payer, at time.Time) bool { return old(at) })
}
