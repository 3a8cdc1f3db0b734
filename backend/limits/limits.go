package limits

import (
	"sync"
	"time"

	"vault-plugin-secrets-paxos/backend/paxos"
)

// Limits are what the mounts of one process share towards Paxos, which counts by address and not by
// mount: a Budget for each token endpoint, and a Throttle for each route to Paxos.
type Limits struct {
	tokenBudget int
	census      *census

	mu        sync.Mutex
	budgets   map[string]*Budget
	throttles map[string]*Throttle
	undated   map[string][]TokenRequest // by mount: requests whose time and endpoint cannot be read
}

// New makes the limits of a process. In any [Window], tokenBudget token requests may be sent to each
// endpoint. It counts as 1 if it is less.
func New(tokenBudget int) *Limits {
	return &Limits{
		tokenBudget: max(1, tokenBudget), census: newCensus(),
		budgets: map[string]*Budget{}, throttles: map[string]*Throttle{}, undated: map[string][]TokenRequest{},
	}
}

// Budget returns the budget of a token endpoint, however its address is spelt.
func (l *Limits) Budget(tokenURL string) *Budget {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.budget(paxos.CanonicalURL(tokenURL))
}

// budget is Budget for an address in its canonical form. mu is held.
func (l *Limits) budget(endpoint string) *Budget {
	b := l.budgets[endpoint]
	if b == nil {
		b = newBudget(l.tokenBudget, func(now time.Time) time.Time { return l.census.unknownUntil(now, endpoint) })
		for mount, requests := range l.undated {
			b.Recall(requests[0].At, mount, requests)
		}
		l.budgets[endpoint] = b
	}
	return b
}

// recall counts the requests that a mount has on record. One whose record cannot be read counts from
// now on, at every endpoint.
func (l *Limits) recall(now time.Time, mount string, requests []TokenRequest) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.undated, mount)
	byEndpoint := map[string][]TokenRequest{}
	for _, r := range requests {
		if r.At.IsZero() {
			r.At = now
			l.undated[mount] = append(l.undated[mount], r)
		} else {
			byEndpoint[r.Endpoint] = append(byEndpoint[r.Endpoint], r)
		}
	}
	for endpoint, sent := range byEndpoint {
		l.budget(endpoint).Recall(now, mount, sent)
	}
	for _, b := range l.budgets {
		b.Recall(now, mount, l.undated[mount])
	}
}

// leave notes that a mount asks for no more requests, so that nothing is kept for it.
func (l *Limits) leave(mount string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, b := range l.budgets {
		b.leave(mount)
	}
}

// Throttle returns the throttle of a route to Paxos, as [paxos.Settings.Route] names it. A mount
// behind a bad proxy has a route of its own, and disturbs no other.
func (l *Limits) Throttle(route string) *Throttle {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.throttles[route] == nil {
		l.throttles[route] = &Throttle{pace: newPace()}
	}
	return l.throttles[route]
}
