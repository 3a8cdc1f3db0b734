package broker

import (
	"fmt"
	"slices"
	"time"
)

// grace is how long a claim lasts after the time at which the role was told to come
// back. It outlasts several windows, because who asks seldom cannot catch up when
// there is room for a moment only.
const grace = 3 * Window

// A claim is a role's that was refused for want of room that others used up: until
// it ends, none of them gets more than an equal share.
type claim struct {
	kind  Kind
	until time.Time
}

// over reports whether the role did not come back, or the clock was set back.
func (c claim) over(now time.Time) bool {
	return now.After(c.until) || c.until.Sub(now) > grace+2*Window
}

// level is the max-min fair share of a pool: how many requests a role may have in
// the Window so that every role that claims more can have as many, while those that
// claim no more keep what they have. Without a claim of others there is none.
// mu is held.
func (b *Budget) level(charge Charge, pool int, in func(payer) bool, repeatable bool) (level int, contended bool) {
	claimants := 1 // the charge itself
	for who, c := range b.claims {
		if who != charge.payer() && in(who) && (!repeatable || c.kind.repeatable()) {
			claimants++
		}
	}
	if claimants == 1 {
		return 0, false
	}
	var content []int // what the roles have that claim no more
	for who, log := range b.payers {
		if _, claims := b.claims[who]; claims || who == charge.payer() || !in(who) {
			continue
		}
		if repeatable {
			content = append(content, len(log.repeatable))
		} else {
			content = append(content, len(log.all))
		}
	}
	return fill(pool, claimants, content), true
}

// fill raises the level until the pool is full: claimants take all of it, the
// content no more than they have.
func fill(pool, claimants int, content []int) int {
	slices.Sort(content)
	sharers := claimants + len(content)
	for _, has := range content {
		if has*sharers >= pool { // this one, and those after it, are above the level
			break
		}
		pool -= has
		sharers--
	}
	return max(1, pool/sharers)
}

// A slot is when a request may be sent, and what keeps it from being sent earlier.
type slot struct {
	now    time.Time
	at     time.Time
	reason shortage
	shared bool // what is short is shared with others
}

// A shortage is what there is too little of: a format with the number that there is.
type shortage struct {
	format string
	values []any
}

// String says it.
func (s shortage) String() string { return fmt.Sprintf(s.format, s.values...) }

// further adds to it.
func (s shortage) further(text string) shortage { return shortage{s.format + text, s.values} }

// later moves the slot to the time at which fewer than most of the calls are in the
// Window any more, if that is later.
func (s *slot) later(calls []time.Time, most int, shared bool, reason shortage) {
	if len(calls) < most {
		return
	}
	if at := calls[len(calls)-most].Add(Window + transit); at.After(s.at) {
		s.at, s.reason, s.shared = at, reason, shared
	}
}
