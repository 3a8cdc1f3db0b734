package broker

import (
	"math/rand/v2"
	"time"
)

// A Holder is who reads a token on a lease, as far as that is known.
type Holder struct {
	EntityID    string
	DisplayName string
}

// A Holding is one lease on a token that lasts.
type Holding struct {
	Holder
	Since time.Time
}

// holds are the leases on a token. They are numbered from a random number on. So a lease that has
// ended is not mistaken for one that another process gave, and only leases that last take memory.
type holds struct {
	first, next uint64 // every number from first up to next-1 was given to a lease
	lasting     map[uint64]Holding
}

// newHolds returns no holds. No hold ever has the number UnknownIssue.
func newHolds() holds {
	first := rand.Uint64()>>1 + 1 //nolint:gosec // it is no secret: nobody can end a lease by its number
	return holds{first: first, next: first, lasting: map[uint64]Holding{}}
}

// add gives a hold and returns its number.
func (h *holds) add(holding Holding) (issue uint64) {
	issue = h.next
	h.next++
	h.lasting[issue] = holding
	return issue
}

// end takes a hold away, however often it is called, and reports whether the hold was ever given.
func (h *holds) end(issue uint64) (given bool) {
	delete(h.lasting, issue)
	return issue >= h.first && issue < h.next
}

// none reports whether no hold lasts.
func (h *holds) none() bool { return len(h.lasting) == 0 }

// UnknownIssue names no hold: releasing it makes a shared token's count unknown.
const UnknownIssue uint64 = 0
