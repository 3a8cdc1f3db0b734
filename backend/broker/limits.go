package broker

import (
	"sync"
	"time"

	"vault-plugin-secrets-paxos/backend/paxos"
)

// Limits are what the mounts of one process share towards Paxos, which counts by
// address and not by mount: a Budget for each token endpoint, and a Throttle for
// each way there.
type Limits struct {
	tokenBudget int
	census      *census

	mu        sync.Mutex
	budgets   map[string]*Budget
	throttles map[string]*Throttle
	undated   map[string][]TokenRequest // of each mount: requests that nobody can tell when and where they were sent
}

// NewLimits makes a process's limits, with budgets of tokenBudget token requests in
// any [Window] for each endpoint. It must be at least 1.
func NewLimits(tokenBudget int) *Limits {
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

// recall counts the requests that a mount has on record. One whose record cannot be
// read counts from now on, at every endpoint.
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

// Throttle returns the throttle of a way to Paxos, as [paxos.Settings.Way] names
// them. A mount behind a bad proxy has a way of its own, and harms no other.
func (l *Limits) Throttle(way string) *Throttle {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.throttles[way] == nil {
		l.throttles[way] = newThrottle()
	}
	return l.throttles[way]
}
