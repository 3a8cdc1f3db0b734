package spending

import (
	"math/big"
	"time"
)

// check refuses a payment that does not count yet and may not. Payments that have ended must be out of
// the book. What is used is looked up only for a refusal, because that takes longer the more payments
// other signers have.
func (b *book) check(p Payment, limits Limits, now time.Time) error {
	if err := b.checkRef(p, now); err != nil {
		return err
	}
	if len(b.payments) >= MaxPayments {
		return &TooMany{NextAt: b.order.Front().Value.(*entry).end()}
	}
	for _, amount := range p.Amounts {
		needed := p.of(amount.Asset)
		for _, bound := range []struct {
			signer string
			limits map[string]Units
		}{{p.Signer, limits.Signer}, {Mount, limits.Mount}} {
			limit, ok := bound.limits[amount.Asset]
			if !ok {
				continue
			}
			sum := new(big.Int).Set(needed.value())
			if used := b.sums[account{bound.signer, amount.Asset}]; used != nil {
				sum.Add(sum, used)
			}
			if sum.Cmp(limit.value()) > 0 {
				return &Exceeded{Signer: bound.signer, Asset: amount.Asset, Amount: needed,
					Usage: b.usage(bound.signer, amount.Asset, limit, now)}
			}
		}
	}
	return nil
}

// checkRef refuses a payment whose ref_id another payment has that counts. Payments that have ended
// may still be in the book.
func (b *book) checkRef(p Payment, now time.Time) error {
	if other := b.refs[p.Ref]; other != nil && now.Before(other.end()) {
		return &RefReused{Until: other.end()}
	}
	return nil
}

// of returns how much of an asset the payment moves.
func (p Payment) of(asset string) Units {
	sum := new(big.Int)
	for _, amount := range p.Amounts {
		if amount.Asset == asset {
			sum.Add(sum, amount.Units.value())
		}
	}
	return Units{sum}
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
