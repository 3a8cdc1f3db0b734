package limits

import "time"

// Revocations and API calls begin at firstRate a second. The rate doubles while Paxos answers none of
// them with 429, up to the most that the mount allows: that Paxos allows 50 a second is only
// inferred.
const firstRate = 5

// DefaultCallRate is how many revocations and calls of the API a mount may send per second if its
// config sets no api_rate.
const DefaultCallRate = 40

// A pace lets at most rate calls into any second.
type pace struct {
	rate  int
	calls []time.Time // of the last second, oldest first
	done  int         // calls that succeeded at this rate
}

func newPace() pace { return pace{rate: firstRate} }

// take counts a call if there is room for it, and otherwise says how long to wait for room.
func (p *pace) take(now time.Time, most int) time.Duration {
	for len(p.calls) > 0 && (now.Sub(p.calls[0]) >= time.Second || p.calls[0].After(now)) { // or the clock was set back
		p.calls = p.calls[1:]
	}
	if p.done >= p.rate && p.rate < most {
		p.rate, p.done = 2*p.rate, 0
	}
	most = min(most, p.rate)
	if len(p.calls) >= most {
		return p.calls[len(p.calls)-most].Add(time.Second).Sub(now)
	}
	p.calls = append(p.calls, now)
	return 0
}

// succeeded counts towards a higher rate.
func (p *pace) succeeded() { p.done++ }

// reset begins again at the first rate, after a 429.
func (p *pace) reset() { p.rate, p.done = firstRate, 0 }
