package broker

import (
	"fmt"
	"time"
)

// A slot is when a request may be sent, and what keeps it from being sent earlier.
type slot struct {
	at     time.Time
	reason string
	advice string
	scarce scarcity
}

// A scarcity says whose use of the budget leaves too little.
type scarcity int

const (
	ofItsOwn    scarcity = iota // the role's, which has its own limit
	amongRoles                  // that of other roles of the mount
	amongMounts                 // that of other mounts
)

// later moves the slot to the time at which fewer than most of the calls are in the
// Window any more, if that is later, and reports whether it did.
func (s *slot) later(calls []time.Time, most int, scarce scarcity, reason string) bool {
	if len(calls) < most {
		return false
	}
	at := calls[len(calls)-most].Add(Window + transit)
	if !at.After(s.at) {
		return false
	}
	s.at, s.scarce, s.reason, s.advice = at, scarce, reason, ""
	return true
}

// slot finds the first moment at which all pools have room: the role's, the mount's
// and the process's. mu is held.
func (b *Budget) slot(now time.Time, charge Charge) slot {
	s := slot{at: now}
	if n := len(b.log); n > 0 && b.log[n-1].at.After(now) {
		s.at = b.log[n-1].at // behind those who wait already
	}
	mine := b.times(false, func(who payer) bool { return who == charge.payer() })
	b.ownLimit(&s, charge, mine)
	if charge.Kind != Upkeep && len(mine) == 0 {
		charge.Kind = first // without it, none of the role's readers gets anything
	}
	b.wholeBudget(&s, charge)
	pool := b.mountShare(&s, charge)
	b.roleShare(&s, charge, pool)
	return s
}

// ownLimit applies the role's own limit.
func (b *Budget) ownLimit(s *slot, charge Charge, mine []time.Time) {
	most := charge.Allowance.Role
	if most == 0 {
		return
	}
	if text, ok := purposes[charge.Role]; ok {
		s.later(mine, most, ofItsOwn, fmt.Sprintf(text, most))
		return
	}
	const advice = "Retry in %s, or ask your Vault operators to raise mint_limit."
	if s.later(mine, most, ofItsOwn, fmt.Sprintf("Role %q used all %d of its token requests per 5 minutes (mint_limit=%d)", charge.Role, most, most)) {
		s.advice = advice
	}
	if charge.Kind != Narrowed { // room is kept for the scopes of the role as such
		return
	}
	narrowed := b.times(true, func(who payer) bool { return who == charge.payer() })
	if s.later(narrowed, half(most), ofItsOwn, fmt.Sprintf("Role %q used all %d of its narrowed-token requests (half of mint_limit=%d)", charge.Role, half(most), most)) {
		s.advice = advice
	}
}

// wholeBudget applies the limit of the process. Where several mounts use the budget,
// the last eighth is kept for those that have had less than an equal share: a mount of
// many roles would else take it all with their first tokens.
func (b *Budget) wholeBudget(s *slot, charge Charge) {
	everybody := func(payer) bool { return true }
	most := ceiling(charge.Kind, b.limit)
	reason := fmt.Sprintf("The budget of %d token requests per 5 minutes is used up", b.limit)
	if most < b.limit {
		reason += ", but for the quarter that is kept for refreshes and first tokens"
	}
	if charge.Kind == first && len(b.mounts) > 1 {
		if had := b.times(false, func(who payer) bool { return who.mount == charge.Mount }); len(had) >= b.limit/len(b.mounts) {
			most = min(most, b.limit-b.limit/8)
			reason += ", but for what is kept for other mounts"
		}
	}
	s.later(b.times(false, everybody), most, amongMounts, reason)
	if charge.Kind.repeatable() {
		s.later(b.times(true, everybody), half(b.limit), amongMounts,
			fmt.Sprintf("The budget of %d token requests per 5 minutes is used up as far as unique and narrowed tokens may: at most half of it", b.limit))
	}
}

// mountShare applies what bounds the mount: its token_budget, and an equal share
// while other mounts are waiting. It returns what its roles have to share. What keeps
// tokens alive that are there already is not bound by the equal share.
func (b *Budget) mountShare(s *slot, charge Charge) (pool int) {
	ofMount := func(who payer) bool { return who.mount == charge.Mount }
	pool = b.limit
	if own := charge.Allowance.Mount; own > 0 && own < pool {
		pool = own
		b.within(s, charge, ofMount, own, amongRoles, fmt.Sprintf("This mount used up its token_budget of %d token requests per 5 minutes", own))
	}
	waiting := func(mount string) bool { _, ok := b.waitingMounts[mount]; return ok && mount != charge.Mount }
	others := 0
	for mount := range b.waitingMounts {
		if waiting(mount) {
			others++
		}
	}
	if others == 0 || charge.Kind == Upkeep {
		return pool
	}
	content := b.times(false, func(who payer) bool { return who.mount != charge.Mount && !waiting(who.mount) })
	if share := equal(b.limit, len(content), others); share < pool {
		pool = share
		b.within(s, charge, ofMount, share, amongMounts,
			fmt.Sprintf("This mount used up its equal share of %d token requests per 5 minutes; other mounts are waiting", share))
	}
	return pool
}

// within holds those that match to a pool of their own.
func (b *Budget) within(s *slot, charge Charge, match func(payer) bool, pool int, scarce scarcity, reason string) {
	s.later(b.times(false, match), ceiling(charge.Kind, pool), scarce, reason)
	if charge.Kind.repeatable() {
		s.later(b.times(true, match), half(pool), scarce, reason+" (unique and narrowed tokens: at most half of it)")
	}
}

// roleShare gives the role an equal share of its mount's pool while other roles of
// the mount are waiting.
func (b *Budget) roleShare(s *slot, charge Charge, pool int) {
	if charge.Kind == Upkeep || charge.Kind == first {
		return
	}
	waiting := func(who payer) bool {
		_, ok := b.waitingRoles[who]
		return ok && who.mount == charge.Mount && who != charge.payer()
	}
	others := 0
	for who := range b.waitingRoles {
		if waiting(who) {
			others++
		}
	}
	if others == 0 {
		return
	}
	repeatable, open := charge.Kind.repeatable(), ceiling(charge.Kind, pool)
	if repeatable {
		open = half(pool)
	}
	content := b.times(repeatable, func(who payer) bool {
		return who.mount == charge.Mount && who != charge.payer() && !waiting(who)
	})
	mine := b.times(repeatable, func(who payer) bool { return who == charge.payer() })
	share := equal(open, len(content), others)
	s.later(mine, share, amongRoles, fmt.Sprintf("Role %q used up its equal share of %d token requests per 5 minutes; other roles are waiting", charge.Role, share))
}

// equal is the share of one of several who wait for more, of what those leave who do
// not.
func equal(pool, content, others int) int { return max(1, (pool-content)/(others+1)) }

// times are the requests of those that match, oldest first; only the repeatable ones
// if that is asked. mu is held.
func (b *Budget) times(repeatable bool, match func(payer) bool) []time.Time {
	times := make([]time.Time, 0, len(b.log))
	for _, k := range b.log {
		if match(k.who) && (k.repeatable || !repeatable) {
			times = append(times, k.at)
		}
	}
	return times
}
