package paxostest

import (
	"sync"
	"time"
)

// rateWindow is the period over which Paxos averages its limit, and also how long it throttles
// whoever breaks it.
const rateWindow = 5 * time.Minute

// defaultTokenLimit is one token request a second averaged over the window.
const defaultTokenLimit = 300

// A throttle is Paxos's rate limit on the token endpoint, per IP, with the ban on everything that
// follows a breach.
type throttle struct {
	limit int // negative: none

	mu      sync.Mutex
	counted map[string][]time.Time // the requests that count against the limit, by IP, oldest first
	seen    map[string][]time.Time // every token request, also those refused, by IP, oldest first
	banned  map[string]time.Time   // until when, by IP
	most    int
}

// newThrottle returns a throttle that lets limit token requests through in any window; negative
// means all.
func newThrottle(limit int) *throttle {
	return &throttle{
		limit:   limit,
		counted: map[string][]time.Time{},
		seen:    map[string][]time.Time{},
		banned:  map[string]time.Time{},
	}
}

// admit notes a request from ip and says whether it goes through. The request that breaks the limit
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

// within drops the times that have left the window ending now.
func within(times []time.Time, now time.Time) []time.Time {
	start := now.Add(-rateWindow)
	for len(times) > 0 && !times[0].After(start) {
		times = times[1:]
	}
	return times
}

// bans lists the IPs that are throttled at the moment, with the end of each ban.
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

// mostInWindow is the largest number of token requests one IP sent within a window.
func (t *throttle) mostInWindow() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.most
}

// MostCallsInWindow is the largest number of token requests that one IP sent within any five
// minutes, refused ones too.
func (s *Server) MostCallsInWindow() int { return s.throttle.mostInWindow() }

// Banned says whether requests from the IP are being throttled at the moment.
func (s *Server) Banned(ip string) bool {
	_, banned := s.throttle.bans(s.now())[ip]
	return banned
}
