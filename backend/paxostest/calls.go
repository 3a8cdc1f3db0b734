package paxostest

import (
	"maps"
	"sync"
)

// A callCounter counts the requests that arrived, also those that were refused.
type callCounter struct {
	mu    sync.Mutex
	by    map[Endpoint]int
	total int
}

// add counts one request.
func (c *callCounter) add(e Endpoint) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.by == nil {
		c.by = map[Endpoint]int{}
	}
	c.by[e]++
	c.total++
}

// snapshot returns the total, and a copy of the counts by endpoint.
func (c *callCounter) snapshot() (total int, by map[Endpoint]int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.total, maps.Clone(c.by)
}

// Calls returns how many requests arrived at the endpoint, including those that were refused.
func (s *Server) Calls(e Endpoint) int {
	s.calls.mu.Lock()
	defer s.calls.mu.Unlock()
	return s.calls.by[e]
}

// TotalCalls returns how many requests arrived, including those to unknown paths. It does not count
// those to the control API.
func (s *Server) TotalCalls() int {
	total, _ := s.calls.snapshot()
	return total
}
