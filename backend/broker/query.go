package broker

import (
	"context"
	"maps"
	"slices"
	"time"
)

// Found is what is known of a live token.
type Found struct {
	Row      Row // without its token
	Holders  []Holding
	Complete bool // Holders are all there are; false after a restart and for tokens without a lease
	Serving  bool // the next reader of its role gets it
}

// Lookup tells who holds a token. It makes no call to Paxos.
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

// Count tells how many live tokens of some kind there are, and how many leases on them last that this
// process knows of. It makes no call to Paxos.
func (b *Broker) Count(ctx context.Context, of func(Row) bool) (tokens, leases int, err error) {
	err = b.eachLive(ctx, func(t *token, _ time.Time) {
		if of(t.Row) {
			tokens++
			leases += len(t.holds.lasting)
		}
	})
	return tokens, leases, err
}

// Live returns the rows of all tokens that have not ended.
func (b *Broker) Live(ctx context.Context) (rows []Row, err error) {
	err = b.eachLive(ctx, func(t *token, _ time.Time) { rows = append(rows, t.Row) })
	return rows, err
}

// eachLive visits every token that has not expired. mu is held during the visit.
func (b *Broker) eachLive(ctx context.Context, visit func(t *token, now time.Time)) error {
	if err := b.load(ctx); err != nil {
		return err
	}
	now := b.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, t := range b.tokens {
		if !t.expired(now) {
			visit(t, now)
		}
	}
	return nil
}
