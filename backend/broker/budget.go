package broker

import (
	"fmt"
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
}

// Error says why, and when to come back.
func (t *Throttled) Error() string {
	return fmt.Sprintf("%s; come back in %s", t.Reason, t.RetryAfter.Round(time.Second)+time.Second)
}

// A Budget keeps the token requests of the whole process to one endpoint below
// Paxos's limit, and shares them out. It is a log of the requests of the last
// Window, so that no window of that length ever holds more.
type Budget struct {
	limit int

	mu    sync.Mutex
	calls []call // of the last Window and the next moments, oldest first
	turns turns
}

// A call is a token request that was made, or will be in a moment.
type call struct {
	at time.Time
	payer
	kind Kind
}

func newBudget(limit int) *Budget { return &Budget{limit: limit, turns: turns{}} }

// Reserve books one token request and returns when it may be sent: now, or at most
// longestWait from now. Else it says when there will be room.
func (b *Budget) Reserve(now time.Time, charge Charge) (time.Time, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.forget(now)
	b.turns.forget(now)
	slot := b.slot(now, charge)
	if wait := slot.at.Sub(now); wait > longestWait {
		if slot.shared {
			b.turns.promise(charge, slot.at)
		}
		return time.Time{}, &Throttled{Reason: slot.reason, RetryAfter: wait}
	}
	b.turns.done(charge.payer())
	b.calls = append(b.calls, call{slot.at, charge.payer(), charge.Kind})
	return slot.at, nil
}

// A slot is when a request may be sent, and what keeps it from being sent earlier.
type slot struct {
	now    time.Time
	at     time.Time
	reason string
	shared bool // what is short is shared with others, and taken in turns
}

// later moves the slot to the time at which fewer than most of the calls are in the
// Window any more, if that is later.
func (s *slot) later(calls []call, most int, shared bool, reason string) {
	at := s.now.Add(Window) // for a pool that is promised to others as a whole
	if most > 0 {
		if len(calls) < most {
			return
		}
		at = calls[len(calls)-most].at.Add(Window + transit)
	}
	if at.After(s.at) {
		s.at, s.reason, s.shared = at, reason, shared
	}
}

// slot finds the first moment at which all pools have room: the role's, the mount's
// and the process's. mu is held.
func (b *Budget) slot(now time.Time, charge Charge) slot {
	s := slot{now: now, at: now}
	if len(b.calls) > 0 && b.calls[len(b.calls)-1].at.After(now) {
		s.at = b.calls[len(b.calls)-1].at // behind those who wait already
	}
	ofRole := b.of(func(c call) bool { return c.payer == charge.payer() })
	if len(ofRole) == 0 && charge.Role != "" {
		charge.Kind = Upkeep // a role's first token: without it, none of its readers gets anything
	}
	if pool := charge.Allowance.Role; pool > 0 {
		reason := fmt.Sprintf("role %q has had its %d token requests per 5 minutes (mint_limit)", charge.Role, pool)
		if charge.Role == "" {
			reason = fmt.Sprintf("this mount has verified secrets %d times in 5 minutes", pool)
		}
		s.later(ofRole, pool, false, reason)
		if charge.Kind == Narrowed { // room is kept for the scopes of the role as such
			s.later(only(ofRole, Kind.repeatable), half(pool), false, reason+", half of them for narrowed scopes")
		}
	}
	if pool := charge.Allowance.Mount; pool > 0 && pool < b.limit {
		ofMount := b.of(func(c call) bool { return c.mount == charge.Mount })
		b.share(&s, charge, ofMount, pool, b.ahead(charge, len(ofRole), true), fmt.Sprintf("this mount's share of %d token requests per 5 minutes (token_budget) is spent", pool))
	}
	b.share(&s, charge, b.calls, b.limit, b.ahead(charge, len(ofRole), false), fmt.Sprintf("the budget of %d token requests per 5 minutes is spent", b.limit))
	return s
}

// share applies a pool's rules to the slot. What others were promised is spent.
func (b *Budget) share(s *slot, charge Charge, calls []call, pool int, ahead promised, reason string) {
	s.later(calls, ceiling(charge.Kind, pool)-ahead.all, true, reason)
	if charge.Kind.repeatable() {
		s.later(only(calls, Kind.repeatable), half(pool)-ahead.repeatable, true, reason+", as far as tokens of one's own and narrowed scopes may")
	}
}

// ahead counts the turns that come before the charge, whose role has used so much:
// those of roles that have used less, or as much and were refused earlier. Upkeep
// waits for nobody's turn. mu is held.
func (b *Budget) ahead(charge Charge, used int, inMount bool) promised {
	var before promised
	if charge.Kind == Upkeep {
		return before
	}
	own, waits := b.turns[charge.payer()]
	for who, turn := range b.turns {
		if who == charge.payer() || inMount && who.mount != charge.Mount {
			continue
		}
		theirs := len(b.of(func(c call) bool { return c.payer == who }))
		if theirs > used || theirs == used && waits && own.order < turn.order {
			continue
		}
		before.all++
		if turn.Kind.repeatable() {
			before.repeatable++
		}
	}
	return before
}

// of returns the calls that match. mu is held.
func (b *Budget) of(match func(call) bool) []call {
	var matching []call
	for _, c := range b.calls {
		if match(c) {
			matching = append(matching, c)
		}
	}
	return matching
}

// only returns the calls of the kinds that match.
func only(calls []call, match func(Kind) bool) []call {
	return slices.DeleteFunc(slices.Clone(calls), func(c call) bool { return !match(c.kind) })
}

// Recall counts requests made before this process started, as the ledger knows them.
func (b *Budget) Recall(now time.Time, mount string, rows []Row) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, row := range rows {
		earlier := call{row.MintedAt, payer{mount, row.RoleName}, row.kind()}
		if !slices.ContainsFunc(b.calls, func(c call) bool { return c.at.Equal(earlier.at) && c.payer == earlier.payer }) {
			b.calls = append(b.calls, earlier)
		}
	}
	slices.SortStableFunc(b.calls, func(a, z call) int { return a.at.Compare(z.at) })
	b.forget(now)
}

// Usage returns the requests of the last Window, and the limit.
func (b *Budget) Usage(now time.Time) (used, limit int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.forget(now)
	return len(b.calls), b.limit
}

// Scarce reports whether less than a quarter is left: then a token that may be
// wanted again is better kept than minted anew.
func (b *Budget) Scarce(now time.Time) bool {
	used, limit := b.Usage(now)
	return limit-used < reserve(limit)
}

// forget drops the calls that no window reaches any more. A call that lies further
// ahead than any can be booked was made before the clock was set back: it counts
// from now. mu is held.
func (b *Budget) forget(now time.Time) {
	for i, c := range b.calls {
		if c.at.Sub(now) > longestWait {
			b.calls[i].at = now
		}
	}
	b.calls = slices.DeleteFunc(b.calls, func(c call) bool { return now.Sub(c.at) >= Window+transit })
}
