package broker

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"time"
)

// A Holder is who reads a token on a lease, as far as it is known.
type Holder struct {
	EntityID    string
	DisplayName string
}

// A Holding is one lease on a token that lasts.
type Holding struct {
	Holder
	Since time.Time
}

// holds are the leases on a token. They are numbered from a random number on, so that
// one that has ended is told from one that another process gave, and only those that
// last take memory.
type holds struct {
	first, next uint64 // of first to next, without next, each was given
	lasting     map[uint64]Holding
}

// newHolds returns no holds. None is ever UnknownIssue.
func newHolds() holds {
	first := rand.Uint64()>>1 + 1
	return holds{first: first, next: first, lasting: map[uint64]Holding{}}
}

// add gives a hold and returns its number.
func (h *holds) add(holding Holding) (issue uint64) {
	issue = h.next
	h.next++
	h.lasting[issue] = holding
	return issue
}

// end takes a hold away, however often, and reports whether it was ever given.
func (h *holds) end(issue uint64) (given bool) {
	delete(h.lasting, issue)
	return issue >= h.first && issue < h.next
}

// none reports whether no hold lasts.
func (h *holds) none() bool { return len(h.lasting) == 0 }

// Found is what is known of a live token.
type Found struct {
	Row      Row // without its token
	Holders  []Holding
	Complete bool // Holders are all there are; false after a restart and for tokens without a lease
	Serving  bool // the next reader of its role gets it
}

// Lookup tells whose a token is. It calls nobody.
func (b *Broker) Lookup(ctx context.Context, fingerprint string) (Found, bool, error) {
	if err := b.load(ctx); err != nil {
		return Found{}, false, err
	}
	now := b.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.tokens[fingerprint]
	if t == nil || t.expired(now) {
		return Found{}, false, nil
	}
	found := Found{Row: t.public(), Complete: t.Key.Leased && t.counted, Serving: b.serving[t.Key] == t}
	found.Holders = slices.SortedFunc(maps.Values(t.holds.lasting), func(a, z Holding) int {
		return a.Since.Compare(z.Since)
	})
	return found, true, nil
}

// Count tells how many live tokens there are of some kind, and how many leases that
// this process knows of last on them. It calls nobody.
func (b *Broker) Count(ctx context.Context, of func(Row) bool) (tokens, leases int, err error) {
	if err := b.load(ctx); err != nil {
		return 0, 0, err
	}
	now := b.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, t := range b.tokens {
		if !t.expired(now) && of(t.Row) {
			tokens++
			leases += len(t.holds.lasting)
		}
	}
	return tokens, leases, nil
}
