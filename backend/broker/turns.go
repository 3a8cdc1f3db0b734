package broker

import "time"

// grace is how long a turn is kept for a role that was told when to come back.
const grace = 15 * time.Second

// Turns are the promises of a budget: a role that was refused for want of room that
// others used up gets the next, before any role that has had more than it.
type turns map[payer]turn

// A turn is one promise.
type turn struct {
	Charge
	until time.Time
	order int // who was refused first
}

// promised counts the turns that come before somebody's.
type promised struct{ all, repeatable int }

// promise keeps a turn for the role until a little after the time it was told.
func (t turns) promise(charge Charge, at time.Time) {
	order := 0
	for _, other := range t {
		order = max(order, other.order+1)
	}
	if earlier, ok := t[charge.payer()]; ok {
		order = earlier.order
	}
	t[charge.payer()] = turn{charge, at.Add(grace), order}
}

// done takes the turn back: it was used.
func (t turns) done(who payer) { delete(t, who) }

// forget drops the turns whose roles did not come back.
func (t turns) forget(now time.Time) {
	for who, turn := range t {
		if now.After(turn.until) || turn.until.Sub(now) > 2*Window { // or the clock was set back
			delete(t, who)
		}
	}
}
