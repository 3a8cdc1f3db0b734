package paxostest

import (
	"sync"
	"time"
)

// rateWindow is the period over which Paxos averages its rate limit, and also how long a ban lasts.
const rateWindow = 5 * time.Minute

// defaultTokenLimit is how many token requests Paxos allows in a window: one per second on average.
const defaultTokenLimit = 300

// A throttle is Paxos's rate limit on token requests, per IP address. An address that exceeds it is
// banned: for a time, every request from it is refused.
type throttle struct {
	limit int // negative: no limit

	mu      sync.Mutex
	counted map[string][]time.Time // the requests that count for the limit, by IP, oldest first
	seen    map[string][]time.Time // all token requests, including refused ones, by IP, oldest first
	banned  map[string]time.Time   // when the ban ends, by IP
	most    int                    // the largest number of one IP in seen at any time
}

// newThrottle returns a throttle that allows limit token requests in any window; all if limit is
// negative.
func newThrottle(limit int) *throttle {
	return &throttle{
		limit:   limit,
		counted: map[string][]time.Time{},
		seen:    map[string][]time.Time{},
		banned:  map[string]time.Time{},
	}
}

// admit counts a request from ip and reports whether it is allowed. The request that exceeds the limit
// starts the ban.
func (t *throttle) admit(ip string, endpoint Endpoint, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if endpoint == TokenEndpoint {
		t.seen[ip] = append(within(t.seen[ip], now), now)
		t.most = max(t.most, len(t.seen[ip]))
	}
	if now.Before(t.banned[ip]) {
		return false
	}
	if endpoint != TokenEndpoint || t.limit < 0 {
		return true
	}
	t.counted[ip] = append(within(t.counted[ip], now), now)
	if len(t.counted[ip]) <= t.limit {
		return true
	}
	t.banned[ip] = now.Add(rateWindow)
	delete(t.counted, ip)
	return false
}

// within returns those of the times that are in the window that ends now.
func within(times []time.Time, now time.Time) []time.Time {
	start := now.Add(-rateWindow)
	for len(times) > 0 && !times[0].After(start) {
		times = times[1:]
	}
	return times
}

// bans returns the IP addresses that are banned now, with the end of each ban.
func (t *throttle) bans(now time.Time) map[string]time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	active := map[string]time.Time{}
	for ip, until := range t.banned {
		if now.Before(until) {
			active[ip] = until
		}
	}
	return active
}

// mostInWindow returns the largest number of token requests that one IP address sent in a window.
func (t *throttle) mostInWindow() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.most
}

// MostTokenRequestsInWindow returns the largest number of token requests that one IP address sent
// in any five minutes, including refused ones.
func (s *Server) MostTokenRequestsInWindow() int { return s.throttle.mostInWindow() }

// Banned reports whether requests from the IP address are refused now because it exceeded the limit.
func (s *Server) Banned(ip string) bool {
	_, banned := s.throttle.bans(s.now())[ip]
	return banned
}
