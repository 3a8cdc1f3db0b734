package limits

import (
	"fmt"
	"time"
)

// A slot is when a request may be sent, and what keeps it from being sent earlier.
type slot struct {
	at     time.Time
	reason func() string
	advice string
	scarce scarcity
}

// A scarcity says whose use of the budget leaves too little.
type scarcity int

const (
	ofItsOwn    scarcity = iota // the role itself, which has its own limit
	amongRoles                  // other roles of the mount
	amongMounts                 // other mounts
)

// later moves the slot to the time at which fewer than most of the bookings that match still count,
// if that is later, and reports whether it did. mu is held.
func (b *Budget) later(s *slot, match matcher, most int, scarce scarcity, reason func() string) bool {
	oldest, ok := b.latest(match, most)
	if !ok {
		return false
	}
	at := oldest.Add(reach)
	if !at.After(s.at) {
		return false
	}
	s.at, s.scarce, s.reason, s.advice = at, scarce, reason, ""
	return true
}

// A matcher selects bookings.
type matcher func(booking) bool

// repeatable selects the repeatable bookings among those that another matcher selects.
func repeatable(match matcher) matcher {
	return func(k booking) bool { return k.repeatable && match(k) }
}

// latest returns the time of the booking that comes at this place, counted from the end, among the
// bookings that match. It reports false if fewer match. mu is held.
func (b *Budget) latest(match matcher, count int) (time.Time, bool) {
	for i := len(b.log) - 1; i >= 0; i-- {
		if match(b.log[i]) {
			if count--; count <= 0 {
				return b.log[i].at, true
			}
		}
	}
	return time.Time{}, false
}

// count returns how many bookings match. mu is held.
func (b *Budget) count(match matcher) (n int) {
	for _, k := range b.log {
		if match(k) {
			n++
		}
	}
	return n
}

// slot finds the first moment at which all pools have room: the role's, the mount's and the
// process's. mu is held.
func (b *Budget) slot(now time.Time, charge Charge) slot {
	s := slot{at: now}
	if n := len(b.log); n > 0 && b.log[n-1].at.After(now) {
		s.at = b.log[n-1].at // behind those who wait already
	}
	mine := func(k booking) bool { return k.who == charge.payer() }
	b.ownLimit(&s, charge, mine)
	if _, some := b.latest(mine, 1); !charge.Kind.upkeep() && !some {
		charge.Kind = first // without it, no reader of the role gets a token
	}
	b.wholeBudget(&s, charge)
	pool := b.mountShare(&s, charge)
	b.roleShare(&s, charge, mine, pool)
	return s
}

// ownLimit applies the role's own limit.
func (b *Budget) ownLimit(s *slot, charge Charge, mine matcher) {
	most := charge.Allowance.Role
	if most == 0 {
		return
	}
	if charge.Exhausted != "" {
		b.later(s, mine, most, ofItsOwn, say(charge.Exhausted, most))
		return
	}
	if charge.Kind == Refresh {
		most *= refreshAllowance
	}
	const advice = "Retry in %s, or ask your Vault operators to raise mint_limit."
	text := "Role %q used all %d of its token requests per 5 minutes (mint_limit=%d)"
	if charge.Kind == Refresh {
		text = "Role %q used all %d of its token requests per 5 minutes, refreshes included (3 times mint_limit=%d)"
	}
	if b.later(s, mine, most, ofItsOwn, say(text, charge.Role, most, charge.Allowance.Role)) {
		s.advice = advice
	}
	if charge.Kind != Narrowed { // room is kept for the scopes of the role as such
		return
	}
	if b.later(s, repeatable(mine), half(most), ofItsOwn,
		say("Role %q used all %d of its narrowed-token requests (half of mint_limit=%d)", charge.Role, half(most),
			most)) {
		s.advice = advice
	}
}

// say returns a text that is put together only if it is needed.
func say(format string, values ...any) func() string {
	return func() string { return fmt.Sprintf(format, values...) }
}

// reached says who has reached the limit of a pool, and what the rest of the pool is reserved for.
func reached(who string, pool, most int, reserved string) func() string {
	return func() string {
		text := fmt.Sprintf("%s of %d token requests per 5 minutes", who, pool)
		if rest := pool - most; rest > 0 {
			text += fmt.Sprintf(", of which %d are reserved for %s", rest, reserved)
		}
		return text
	}
}

// upkeepAndFirst is what the rest of a pool is reserved for, as refusals say it.
const upkeepAndFirst = "refreshes and first tokens of roles"

// wholeBudget applies the limit of the process. Where several mounts use the budget, the last eighth
// is kept for mounts that have had less than an equal share. Otherwise a mount of many roles would
// take it all with their first tokens.
func (b *Budget) wholeBudget(s *slot, charge Charge) {
	everybody := func(booking) bool { return true }
	most, reserved := ceiling(charge.Kind, b.limit), upkeepAndFirst
	if charge.Kind == first && len(b.mounts) > 1 {
		if _, much := b.latest(ofMount(charge.Mount), max(1, b.limit/len(b.mounts))); much {
			most, reserved = min(most, b.limit-b.limit/8), "mounts that used less than an equal share"
		}
	}
	b.later(s, everybody, most, amongMounts,
		reached("This plugin process reached its limit", b.limit, most, reserved))
	if charge.Kind.repeatable() {
		b.later(s, repeatable(everybody), half(b.limit), amongMounts,
			say("Unique and narrowed tokens used all %d token requests per 5 minutes that they may use (half of "+
				"the limit of this plugin process)", half(b.limit)))
	}
}

// ofMount selects a mount's bookings.
func ofMount(mount string) matcher { return func(k booking) bool { return k.who.mount == mount } }

// mountShare applies what limits the mount: its token_budget, and an equal share while other mounts
// are waiting. It returns what the roles of the mount have to share. The equal share does not limit
// requests that only replace tokens.
func (b *Budget) mountShare(s *slot, charge Charge) (pool int) {
	pool = b.limit
	if own := charge.Allowance.Mount; own > 0 && own < pool {
		pool = own
		if b.within(s, charge, own, amongRoles, "This mount reached its token_budget") {
			s.advice = "Retry in %s, or ask your Vault operators to raise token_budget."
		}
	}
	waiting := func(mount string) bool { _, ok := b.waitingMounts[mount]; return ok && mount != charge.Mount }
	others := countKeys(b.waitingMounts, waiting)
	if others == 0 || charge.Kind.upkeep() {
		return pool
	}
	content := b.count(func(k booking) bool { return k.who.mount != charge.Mount && !waiting(k.who.mount) })
	if share := equal(b.limit, content, others); share < pool {
		pool = share
		b.within(s, charge, share, amongMounts, "This mount reached its equal share while other mounts are waiting")
	}
	return pool
}

// within limits the mount to a pool of its own, and reports whether the request must wait for it. The
// text says who has reached which limit, up to its number.
func (b *Budget) within(s *slot, charge Charge, pool int, scarce scarcity, text string) bool {
	all, most := ofMount(charge.Mount), ceiling(charge.Kind, pool)
	waits := b.later(s, all, most, scarce, reached(text, pool, most, upkeepAndFirst))
	if charge.Kind.repeatable() && b.later(s, repeatable(all), half(pool), scarce,
		say("%s of %d token requests per 5 minutes, of which unique and narrowed tokens may use half", text, pool)) {
		waits = true
	}
	return waits
}

// roleShare limits the role to an equal share of its mount's pool while other roles of the mount are
// waiting.
func (b *Budget) roleShare(s *slot, charge Charge, mine matcher, pool int) {
	if charge.Kind.upkeep() || charge.Kind == first {
		return
	}
	waiting := func(who payer) bool {
		_, ok := b.waitingRoles[who]
		return ok && who.mount == charge.Mount && who != charge.payer()
	}
	others := countKeys(b.waitingRoles, waiting)
	if others == 0 {
		return
	}
	open := ceiling(charge.Kind, pool)
	content := matcher(func(k booking) bool { return k.who.mount == charge.Mount && !mine(k) && !waiting(k.who) })
	if charge.Kind.repeatable() {
		open, mine, content = half(pool), repeatable(mine), repeatable(content)
	}
	share := equal(open, b.count(content), others)
	b.later(s, mine, share, amongRoles,
		say("Role %q reached its equal share of %d token requests per 5 minutes; other roles are waiting",
			charge.Role, share))
}

// countKeys returns how many keys match.
func countKeys[K comparable, V any](all map[K]V, match func(K) bool) (n int) {
	for key := range all {
		if match(key) {
			n++
		}
	}
	return n
}

// equal is the share of one of those who wait for more, in what the others leave.
func equal(pool, content, others int) int { return max(1, (pool-content)/(others+1)) }
