package spending

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Options are what a Ledger works with. All of them must be set.
type Options struct {
	Records Records
	Now     func() time.Time
}

// A Ledger knows every payment of a mount that counts. Use [New].
type Ledger struct {
	Options

	mu   sync.Mutex // never held while Records work
	book *book
}

// New returns a ledger that has not touched its records yet.
func New(options Options) *Ledger { return &Ledger{Options: options, book: newBook()} }

// errReset is why a payment is not signed that was stored for a ledger that was reset meanwhile.
var errReset = errors.New("the record of payments was reset at the same time")

// Spend counts a payment and stores it. The payment may be signed only if the error is nil, and with
// a timestamp from before the call, because it counts from the time of the call. A payment that
// counts already keeps its amounts: it only counts for longer, and is stored again.
//
// The refusals are [*Exceeded], [*RefReused] and [*TooMany]. A [*NotLoaded] or [*NotStored] error
// says that storage has failed, and that the same request may be repeated.
func (l *Ledger) Spend(ctx context.Context, p Payment, limits Limits) error {
	b, err := l.ready(ctx)
	if err != nil {
		return err
	}
	now := b.advance(l.Now())
	e := b.payments[p.Key]
	if e == nil {
		if err := b.check(p, limits, now); err != nil {
			l.mu.Unlock()
			return err
		}
		e = b.add(p)
	}
	b.move(e, b.home(e), now)
	page, shared := e.page, e.page.join(e)
	l.mu.Unlock()
	return l.await(ctx, b, page, shared)
}

// Check returns the refusal that Spend would return now. It counts and stores nothing.
func (l *Ledger) Check(ctx context.Context, p Payment, limits Limits) error {
	b, err := l.ready(ctx)
	if err != nil {
		return err
	}
	defer l.mu.Unlock()
	now := b.advance(l.Now())
	if b.payments[p.Key] != nil {
		return nil
	}
	return b.check(p, limits, now)
}

// CheckRef refuses a payment that does not count if another one that counts has its ref_id. It takes no
// place in the ledger, so it is not refused because the ledger is full. It changes nothing, whatever
// the clock says.
func (l *Ledger) CheckRef(ctx context.Context, p Payment) error {
	b, err := l.ready(ctx)
	if err != nil {
		return err
	}
	defer l.mu.Unlock()
	if b.payments[p.Key] != nil {
		return nil
	}
	return b.checkRef(p, b.now(l.Now()))
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

// Counted returns how many payments count, at most [MaxPayments]. It changes nothing.
func (l *Ledger) Counted(ctx context.Context) (int, error) {
	b, err := l.ready(ctx)
	if err != nil {
		return 0, err
	}
	defer l.mu.Unlock()
	return b.counted(b.now(l.Now())), nil
}

// Load reads all pages, unless they were read already.
func (l *Ledger) Load(ctx context.Context) error {
	_, err := l.ready(ctx)
	if err == nil {
		l.mu.Unlock()
	}
	return err
}

// Reset forgets all that came from the records, because another node works or worked in this one's
// place. What is being stored meanwhile is not signed: those who read the records next may not see
// it.
func (l *Ledger) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.book = newBook()
}
