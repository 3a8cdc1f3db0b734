package spending

import (
	"context"
	"math/big"
	"time"
)

// Usage is how much of a daily limit is used.
type Usage struct {
	Limit, Used, Left Units
	NextAt            time.Time // when more is left: the oldest payment ends then. Zero if nothing is used
}

// Usage returns how much of each daily limit is used, by asset. The signer is [Mount] for the limits
// of the mount. It changes nothing, whatever the clock says.
func (l *Ledger) Usage(ctx context.Context, signer string, limits map[string]Units) (map[string]Usage, error) {
	b, err := l.ready(ctx)
	if err != nil {
		return nil, err
	}
	defer l.mu.Unlock()
	now := b.now(l.Now())
	all := make(map[string]Usage, len(limits))
	for asset, limit := range limits {
		all[asset] = b.usage(signer, asset, limit, now)
	}
	return all, nil
}

// usage returns how much of one limit is used. Payments that have ended may still be in the book.
func (b *book) usage(signer, asset string, limit Units, now time.Time) Usage {
	sum := b.sums[account{signer, asset}]
	if sum == nil {
		return Usage{Limit: limit, Left: limit}
	}
	used := new(big.Int).Set(sum)
	var next time.Time
	for place := b.order.Front(); place != nil; place = place.Next() {
		e := place.Value.(*entry)
		if signer != Mount && signer != e.Signer {
			continue
		}
		units := e.of(asset)
		if units.value().Sign() == 0 {
			continue
		}
		if now.Before(e.end()) {
			next = e.end()
			break
		}
		used.Sub(used, units.value())
	}
	return Usage{Limit: limit, Used: Units{used}, Left: limit.minus(Units{used}), NextAt: next}
}
