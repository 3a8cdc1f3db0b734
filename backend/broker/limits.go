package broker

import "sync"

// Limits are what the mounts of one process share towards Paxos, which counts by
// address and not by mount: a Budget for each token endpoint, and a Throttle for
// each way there.
type Limits struct {
	tokenBudget int

	mu        sync.Mutex
	budgets   map[string]*Budget
	throttles map[string]*Throttle
}

// NewLimits makes a process's limits, with budgets of tokenBudget token requests in
// any [Window] for each endpoint. It must be at least 1.
func NewLimits(tokenBudget int) *Limits {
	return &Limits{tokenBudget: max(1, tokenBudget), budgets: map[string]*Budget{}, throttles: map[string]*Throttle{}}
}

// Budget returns the budget of a token endpoint.
func (l *Limits) Budget(tokenURL string) *Budget {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.budgets[tokenURL] == nil {
		l.budgets[tokenURL] = newBudget(l.tokenBudget)
	}
	return l.budgets[tokenURL]
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
