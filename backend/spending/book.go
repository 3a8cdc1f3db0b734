package spending

import (
	"container/list"
	"math/big"
	"slices"
	"time"
)

// A book is what a ledger knows between two resets. The ledger's lock guards all of it.
type book struct {
	loaded  bool
	reading chan struct{} // closed when the read under way has ended; nil if there is none
	suspect []*page       // that have to be read before anything else, because a write has failed

	pages    []*page
	payments map[Hash]*entry // by Key
	refs     map[Hash]*entry // by Ref
	sums     map[account]*big.Int
	order    *list.List // of *entry, by the time at which they were last signed
	latest   time.Time  // no time before it counts as now
}

// An account is whose sum of what asset it is.
type account struct{ signer, asset string }

// An entry is a payment that counts.
type entry struct {
	Row
	place *list.Element // in the book's order
	page  *page         // that has the row, or will

	// What storage is known to have. It lags behind while a write is under way or unknown.
	storedAt time.Time // zero if it is not known to have the payment
	storedIn *page
}

func newBook() *book {
	return &book{payments: map[Hash]*entry{}, refs: map[Hash]*entry{}, sums: map[account]*big.Int{},
		order: list.New()}
}

// end is when the payment stops counting.
func (e *entry) end() time.Time { return e.At.Add(Window) }

// advance returns what counts as now, and takes out the payments that have ended by then. Time
// never runs backwards: if the clock was set back, it stands still until the clock catches up.
func (b *book) advance(clock time.Time) time.Time {
	now := b.now(clock)
	b.latest = now
	for first := b.order.Front(); first != nil; first = b.order.Front() {
		e := first.Value.(*entry)
		if now.Before(e.end()) {
			break
		}
		b.remove(e)
	}
	return now
}

// now returns what counts as now.
func (b *book) now(clock time.Time) time.Time {
	if clock.Before(b.latest) {
		return b.latest
	}
	return clock.Round(0).UTC() // as it is read from storage
}

// counted returns how many payments have not ended. Those that have may still be in the book.
func (b *book) counted(now time.Time) int {
	count := len(b.payments)
	for place := b.order.Front(); place != nil && !now.Before(place.Value.(*entry).end()); place = place.Next() {
		count--
	}
	return count
}

// add counts a payment that did not count. It has no time and no page yet.
func (b *book) add(p Payment) *entry {
	p.Amounts = slices.Clone(p.Amounts)
	e := &entry{Row: Row{Payment: p}}
	e.place = b.order.PushBack(e)
	b.payments[p.Key] = e
	if p.Ref != (Hash{}) {
		b.refs[p.Ref] = e
	}
	for _, amount := range p.Amounts {
		for _, signer := range []string{p.Signer, Mount} {
			sum := b.sums[account{signer, amount.Asset}]
			if sum == nil {
				sum = new(big.Int)
				b.sums[account{signer, amount.Asset}] = sum
			}
			sum.Add(sum, amount.Units.value())
		}
	}
	return e
}

// remove ends a payment.
func (b *book) remove(e *entry) {
	b.order.Remove(e.place)
	delete(b.payments, e.Key)
	if b.refs[e.Ref] == e {
		delete(b.refs, e.Ref)
	}
	e.page.drop(e)
	for _, amount := range e.Amounts {
		for _, signer := range []string{e.Signer, Mount} {
			sum := b.sums[account{signer, amount.Asset}]
			if sum.Sub(sum, amount.Units.value()).Sign() == 0 {
				delete(b.sums, account{signer, amount.Asset})
			}
		}
	}
}

// move gives a payment its time and its page.
func (b *book) move(e *entry, to *page, at time.Time) {
	if e.page != to {
		e.page.drop(e)
		to.entries = append(to.entries, e)
		e.page = to
	}
	e.At = at
	after := b.order.Back() // the time is almost always the latest
	for after != nil && (after == e.place || after.Value.(*entry).At.After(at)) {
		after = after.Prev()
	}
	if after == nil {
		b.order.MoveToFront(e.place)
	} else {
		b.order.MoveAfter(e.place, after)
	}
}
