package broker

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// Paxos allows one token request per second and IP address, averaged over five
// minutes; a breach throttles every request from the address for five minutes
// (docs.paxos.com/guides/developer/rate-limits).
const (
	Window        = 5 * time.Minute
	MaximumBudget = 300 // token requests in any Window
	DefaultBudget = 240 // leaves a fifth to whoever else shares the address
)

// transit is by how much two requests may come closer together on their way: no
// window of Window at Paxos may see what only a longer one at our end held.
const transit = 2 * time.Second

// longestWait is how long a token request waits for room in the budget. What would
// take longer is refused.
const longestWait = 2 * time.Second

// A Throttled error refuses a call before Paxos is asked.
type Throttled struct {
	Reason     string
	RetryAfter time.Duration
	Banned     bool // by Paxos, and not by our own budget
}

// Error says why, and when to come back.
func (t *Throttled) Error() string {
	return fmt.Sprintf("%s; come back in %s", t.Reason, t.RetryAfter.Round(time.Second)+time.Second)
}

// A Budget keeps the token requests of the whole process to one endpoint below
// Paxos's limit, and shares them out fairly. It is a log of the requests of the last
// Window, so that no window of that length ever holds more.
type Budget struct {
	limit int

	mu     sync.Mutex
	all    usage
	mounts map[string]*usage
	payers map[payer]*usage
	claims map[payer]claim
	swept  time.Time // when the logs of mounts and payers were last cleared of what is old
}

func newBudget(limit int) *Budget {
	return &Budget{limit: limit, mounts: map[string]*usage{}, payers: map[payer]*usage{}, claims: map[payer]claim{}}
}

// Reserve books one token request and returns when it may be sent: now, or at most
// longestWait from now. Else it says when there will be room.
func (b *Budget) Reserve(now time.Time, charge Charge) (time.Time, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.forget(now)
	slot := b.slot(now, charge)
	if wait := slot.at.Sub(now); wait > longestWait {
		if slot.shared {
			b.claims[charge.payer()] = claim{charge.Kind, slot.at.Add(grace)} // served or not, for others may leave it nothing again
		}
		return time.Time{}, &Throttled{Reason: slot.reason.String(), RetryAfter: wait}
	}
	b.count(slot.at, charge.payer(), charge.Kind)
	return slot.at, nil
}

// count adds a request to every log it belongs to. mu is held.
func (b *Budget) count(at time.Time, who payer, kind Kind) {
	for _, log := range []*usage{&b.all, entry(b.mounts, who.mount), entry(b.payers, who)} {
		log.add(at, kind)
	}
}

// slot finds the first moment at which all pools have room: the role's, the mount's
// and the process's. mu is held.
func (b *Budget) slot(now time.Time, charge Charge) slot {
	s := slot{now: now, at: now}
	if last := b.all.last(); last.After(now) {
		s.at = last // behind those who wait already
	}
	own, ofMount := entry(b.payers, charge.payer()), entry(b.mounts, charge.Mount)
	own.forget(now)
	ofMount.forget(now)
	if len(own.all) == 0 && charge.Role != "" {
		charge.Kind = Upkeep // a role's first token: without it, none of its readers gets anything
	}
	b.roleShare(&s, charge, own)
	if pool := charge.Allowance.Mount; pool > 0 && pool < b.limit {
		b.share(&s, charge, own, ofMount, pool, func(who payer) bool { return who.mount == charge.Mount },
			shortage{"this mount's share of %d token requests per 5 minutes (token_budget) is spent", []any{pool}})
	}
	b.share(&s, charge, own, &b.all, b.limit, func(payer) bool { return true },
		shortage{"the budget of %d token requests per 5 minutes is spent", []any{b.limit}})
	return s
}

// roleShare applies the role's own limit.
func (b *Budget) roleShare(s *slot, charge Charge, own *usage) {
	pool := charge.Allowance.Role
	if pool == 0 {
		return
	}
	reason := shortage{"role %q has had its %d token requests per 5 minutes (mint_limit)", []any{charge.Role, pool}}
	if charge.Role == "" {
		reason = shortage{"this mount has verified secrets %d times in 5 minutes", []any{pool}}
	}
	s.later(own.all, pool, false, reason)
	if charge.Kind == Narrowed { // room is kept for the scopes of the role as such
		s.later(own.repeatable, half(pool), false, reason.further(", half of them for narrowed scopes"))
	}
}

// share applies the rules of a pool that roles share.
func (b *Budget) share(s *slot, charge Charge, own, log *usage, pool int, in func(payer) bool, reason shortage) {
	s.later(log.all, ceiling(charge.Kind, pool), true, reason)
	if charge.Kind == Upkeep {
		return
	}
	if level, contended := b.level(charge, ceiling(charge.Kind, pool), in, false); contended {
		s.later(own.all, level, true, reason.further(", and it is others' turn"))
	}
	if !charge.Kind.repeatable() {
		return
	}
	reason = reason.further(", as far as tokens of one's own and narrowed scopes may")
	s.later(log.repeatable, half(pool), true, reason)
	if level, contended := b.level(charge, half(pool), in, true); contended {
		s.later(own.repeatable, level, true, reason.further(", and it is others' turn"))
	}
}

// Recall counts requests made before this process started, as the ledger knows them.
func (b *Budget) Recall(now time.Time, mount string, rows []Row) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, row := range rows {
		who := payer{mount, row.RoleName}
		log := entry(b.payers, who)
		same := func(at time.Time) bool { return at.Equal(row.MintedAt) }
		told := 0
		for _, other := range rows {
			if other.RoleName == row.RoleName && same(other.MintedAt) {
				told++
			}
		}
		if occurrences(log.all, same) < told { // this process may have made it
			b.count(row.MintedAt, who, row.kind())
		}
	}
	b.forget(now)
}

func occurrences(times []time.Time, match func(time.Time) bool) (n int) {
	for _, at := range times {
		if match(at) {
			n++
		}
	}
	return n
}

// Usage returns the requests of the last Window, and the limit.
func (b *Budget) Usage(now time.Time) (used, limit int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.forget(now)
	return len(b.all.all), b.limit
}

// Scarce reports whether less than a quarter is left: then a token that may be
// wanted again is better kept than minted anew.
func (b *Budget) Scarce(now time.Time) bool {
	used, limit := b.Usage(now)
	return limit-used < reserve(limit)
}

// forget drops what no window reaches any more: at once from the log of all, once a
// second from those of many. mu is held.
func (b *Budget) forget(now time.Time) {
	b.all.forget(now)
	if age := now.Sub(b.swept); 0 <= age && age < time.Second {
		return
	}
	b.swept = now
	for _, log := range b.mounts {
		log.forget(now)
	}
	for _, log := range b.payers {
		log.forget(now)
	}
	maps.DeleteFunc(b.mounts, func(_ string, log *usage) bool { return len(log.all) == 0 })
	maps.DeleteFunc(b.payers, func(_ payer, log *usage) bool { return len(log.all) == 0 })
	maps.DeleteFunc(b.claims, func(_ payer, c claim) bool { return c.over(now) })
}

// A usage is a log of requests, oldest first.
type usage struct{ all, repeatable []time.Time }

// entry returns the log of a key, and makes it.
func entry[K comparable](logs map[K]*usage, key K) *usage {
	if logs[key] == nil {
		logs[key] = &usage{}
	}
	return logs[key]
}

func (u *usage) add(at time.Time, kind Kind) {
	u.all = insert(u.all, at)
	if kind.repeatable() {
		u.repeatable = insert(u.repeatable, at)
	}
}

// insert keeps the order; nearly always the time is the latest.
func insert(times []time.Time, at time.Time) []time.Time {
	i := len(times)
	for i > 0 && times[i-1].After(at) {
		i--
	}
	return slices.Insert(times, i, at)
}

// last is the time of the latest request, zero if there is none.
func (u *usage) last() time.Time {
	if len(u.all) == 0 {
		return time.Time{}
	}
	return u.all[len(u.all)-1]
}

func (u *usage) forget(now time.Time) {
	u.all, u.repeatable = within(u.all, now), within(u.repeatable, now)
}

// within drops the times that no window reaches any more. One that lies further
// ahead than any can be booked was logged before the clock was set back: it counts
// from now.
func within(times []time.Time, now time.Time) []time.Time {
	for i := len(times) - 1; i >= 0 && times[i].Sub(now) > longestWait; i-- {
		times[i] = now
	}
	first := 0
	for first < len(times) && now.Sub(times[first]) >= Window+transit {
		first++
	}
	return times[first:]
}
