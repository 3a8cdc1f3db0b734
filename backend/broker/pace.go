package broker

import "time"

// Revocations and API calls begin at firstRate a second and double while Paxos does
// not object, up to the mount's ceiling: that 50 a second hold for them is only
// inferred.
const firstRate = 5

// DefaultCallRate is that ceiling where none is set.
const DefaultCallRate = 40

// A pace lets at most rate calls into any second.
type pace struct {
	rate  int
	calls []time.Time // of the last second, oldest first
	done  int         // calls that succeeded at this rate
}

// take counts a call if there is room for it, else says how long until there is.
func (p *pace) take(now time.Time, ceiling int) time.Duration {
	for len(p.calls) > 0 && (now.Sub(p.calls[0]) >= time.Second || p.calls[0].After(now)) { // or the clock was set back
		p.calls = p.calls[1:]
	}
	if p.done >= p.rate && p.rate < ceiling {
		p.rate, p.done = 2*p.rate, 0
	}
	most := min(p.rate, ceiling)
	if len(p.calls) >= most {
		return p.calls[len(p.calls)-most].Add(time.Second).Sub(now)
	}
	p.calls = append(p.calls, now)
	return 0
}

// succeeded counts towards a higher rate.
func (p *pace) succeeded() { p.done++ }

// reset begins anew, after a 429.
func (p *pace) reset() { p.rate, p.done = firstRate, 0 }
