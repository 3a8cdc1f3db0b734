package broker

import (
	"context"
	"slices"
	"time"
)

// A Holder is who reads a token on a lease, as far as it is known.
type Holder struct {
	EntityID    string
	DisplayName string
}

// A hold is one lease on a token.
type hold struct {
	Holder
	since time.Time
	ended bool
}

// Found is what is known of a live token.
type Found struct {
	Row      Row // without its token
	Holders  []Holding
	Complete bool // Holders are all there are; false after a restart and for tokens without a lease
	Serving  bool // the next reader of its role gets it
}

// A Holding is one lease that lasts.
type Holding struct {
	Holder
	Since time.Time
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
	for _, h := range t.issues {
		if !h.ended {
			found.Holders = append(found.Holders, Holding{h.Holder, h.since})
		}
	}
	slices.SortFunc(found.Holders, func(a, z Holding) int { return a.Since.Compare(z.Since) })
	return found, true, nil
}
