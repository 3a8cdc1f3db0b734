package broker

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// Paxos allows one token request per second and IP address, averaged over five
// minutes; a breach throttles every request from the address for five minutes
// (docs.paxos.com/guides/developer/rate-limits).
const (
	Window        = 5 * time.Minute
	MaximumBudget = 300 // token requests in any Window
	DefaultBudget = 240 // leaves a fifth to whoever else shares the address
)

// A ban is as long as Paxos says, within these bounds, and as its documentation
// says where Paxos says nothing.
const (
	defaultBan = 5 * time.Minute
	minimumBan = time.Second
	maximumBan = 15 * time.Minute
)

// A Throttled error refuses a mint before Paxos is asked.
type Throttled struct {
	Reason     string
	RetryAfter time.Duration
}

// Error says why, and when to come back.
func (t *Throttled) Error() string {
	return fmt.Sprintf("%s; come back in %s", t.Reason, t.RetryAfter.Round(time.Second)+time.Second)
}

// A Budget keeps the calls of the whole process to one token endpoint below its
// limit: a log of the calls of the last Window, so that no window of that length
// ever holds more. It also knows when the endpoint has banned us.
type Budget struct {
	limit int

	mu          sync.Mutex
	calls       []time.Time // of the last Window, oldest first
	bannedUntil time.Time
}

// Budgets holds one Budget for each token endpoint that the process calls.
type Budgets struct {
	limit int

	mu  sync.Mutex
	all map[string]*Budget
}

// NewBudgets makes the process's budgets of limit calls per Window each.
func NewBudgets(limit int) *Budgets { return &Budgets{limit: limit, all: map[string]*Budget{}} }

// For returns the budget of a token endpoint.
func (b *Budgets) For(tokenURL string) *Budget {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.all[tokenURL] == nil {
		b.all[tokenURL] = &Budget{limit: b.limit}
	}
	return b.all[tokenURL]
}

// Take spends one call, or says when there will be one.
func (b *Budget) Take(now time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if now.Before(b.bannedUntil) {
		return &Throttled{Reason: "Paxos throttles this address (HTTP 429)", RetryAfter: b.bannedUntil.Sub(now)}
	}
	b.forget(now)
	if len(b.calls) >= b.limit {
		return &Throttled{
			Reason:     fmt.Sprintf("the budget of %d token requests per 5 minutes is spent", b.limit),
			RetryAfter: b.calls[len(b.calls)-b.limit].Add(Window).Sub(now),
		}
	}
	b.calls = append(b.calls, now)
	return nil
}

// Ban stops all calls after a 429. retryAfter is what Paxos said, 0 for nothing.
func (b *Budget) Ban(now time.Time, retryAfter time.Duration) {
	if retryAfter == 0 {
		retryAfter = defaultBan
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if until := now.Add(min(max(retryAfter, minimumBan), maximumBan)); until.After(b.bannedUntil) { // two calls may meet the same ban
		b.bannedUntil = until
	}
}

// Recall counts calls made before this process started, as the ledger knows them.
func (b *Budget) Recall(times []time.Time, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, at := range times {
		if !slices.ContainsFunc(b.calls, at.Equal) {
			b.calls = append(b.calls, at)
		}
	}
	slices.SortFunc(b.calls, time.Time.Compare)
	b.forget(now)
}

// Usage returns the calls of the last Window, the limit, and when the ban ends
// (zero if there is none).
func (b *Budget) Usage(now time.Time) (used, limit int, bannedUntil time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.forget(now)
	if now.Before(b.bannedUntil) {
		bannedUntil = b.bannedUntil
	}
	return len(b.calls), b.limit, bannedUntil
}

// forget drops the calls that no window reaches any more. mu is held.
func (b *Budget) forget(now time.Time) {
	first := slices.IndexFunc(b.calls, func(at time.Time) bool { return now.Sub(at) < Window })
	if first < 0 {
		first = len(b.calls)
	}
	b.calls = b.calls[first:]
}
