package paxostest

import (
	"maps"
	"sync"
)

// An Endpoint is one of the doors whose requests are counted and can be made to fail.
type Endpoint string

// The endpoints. Their text is also their name in the control API.
const (
	Discovery         Endpoint = "discovery"
	TokenEndpoint     Endpoint = "token"
	Revoke            Endpoint = "revoke"
	ListCredentials   Endpoint = "list-credentials"
	DeleteCredentials Endpoint = "delete-credentials"
	Operations        Endpoint = "operations"
)

// known says whether e is one of the endpoints.
func (e Endpoint) known() bool {
	switch e {
	case Discovery, TokenEndpoint, Revoke, ListCredentials, DeleteCredentials, Operations:
		return true
	}
	return false
}

// isOAuth says whether e belongs to the OAuth host, whose errors have the shape of RFC 6749.
func (e Endpoint) isOAuth() bool { return e == Discovery || e == TokenEndpoint || e == Revoke }

// A callCounter counts the requests that arrived, whatever became of them.
type callCounter struct {
	mu    sync.Mutex
	by    map[Endpoint]int
	total int
}

// add notes one request.
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

// Calls is how many requests arrived at the endpoint, whatever became of them.
func (s *Server) Calls(e Endpoint) int {
	s.calls.mu.Lock()
	defer s.calls.mu.Unlock()
	return s.calls.by[e]
}

// TotalCalls is how many requests arrived, those to unknown paths included and those to the control
// API not.
func (s *Server) TotalCalls() int {
	total, _ := s.calls.snapshot()
	return total
}
