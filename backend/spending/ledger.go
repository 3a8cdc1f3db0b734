package spending

import (
	"context"
	"errors"
	"sync"
	"time"
)

const (
	// Window is for how long a payment counts after it was last signed: the day, 30 minutes in which
	// Paxos takes a signature, and 5 minutes by which clocks may differ.
	Window = 24*time.Hour + 35*time.Minute
	// MaxPayments is how many payments may count at once, so that they can all be read in a moment.
	MaxPayments = 20_000
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

// Limits are the daily limits that a payment has to keep to, by asset. An asset that a map lacks is
// not limited by it.
type Limits struct {
	Signer map[string]Units
	Mount  map[string]Units
}

// errReset is why a payment is not signed that was stored for a ledger that was reset meanwhile.
var errReset = errors.New("the ledger was reset meanwhile")

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
