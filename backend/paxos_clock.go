package backend

import (
	"sync"
	"time"
)

// A paxosClock knows how far Paxos's clock was ahead of this node's when Paxos last answered. The
// zero value knows nothing yet.
type paxosClock struct {
	mu    sync.Mutex // guards all below
	ahead time.Duration
	known bool
}

// observe takes the Date of an answer of Paxos, and the time of this node when it arrived. A Date
// has whole seconds only, so the parts of a second are left out of account.
func (c *paxosClock) observe(date, at time.Time) {
	ahead := date.Sub(at.Truncate(time.Second))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead, c.known = ahead, true
}

// offset returns how far Paxos's clock is ahead of this node's, in whole seconds; negative if it is
// behind. It is not known until Paxos has answered this process.
func (c *paxosClock) offset() (ahead time.Duration, known bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ahead, c.known
}
