package spending

import (
	"context"
	"crypto/rand"
	"slices"
	"time"
)

// writeTimeout is for how long storage may work on a page. A caller who goes away does not end the
// write, which others share.
const writeTimeout = 30 * time.Second

// home returns the page that the payment is written to. A payment stays on its page while that is
// open. A page is added only where all open pages are full, so that there are few of them, and one
// that nobody writes now is preferred.
func (b *book) home(e *entry) *page {
	if e.page != nil && !e.page.closed {
		return e.page
	}
	var room *page
	for _, p := range b.pages {
		if p.closed || len(p.entries) >= PageSize {
			continue
		}
		if !p.writing && p.next == nil {
			return p
		}
		room = p
	}
	if room == nil {
		room = newPage(rand.Text())
		b.pages = append(b.pages, room)
	}
	return room
}

// await returns when the write is done, no matter which caller does it. One of those who wait for it
// does. If all of them go away before it begins, the next caller who writes the page does.
func (l *Ledger) await(ctx context.Context, b *book, p *page, w *write) error {
	for {
		select {
		case <-w.done: // which is good news, even if ctx has ended too
			return w.err
		default:
		}
		select {
		case <-w.done:
		case p.turn <- struct{}{}:
			l.write(ctx, b, p, w)
			<-p.turn
		case <-ctx.Done():
			return &NotStored{ctx.Err()}
		}
	}
}

// write does the page's next write, unless it was done while the caller waited for the turn.
func (l *Ledger) write(ctx context.Context, b *book, p *page, w *write) {
	l.mu.Lock()
	if p.next != w {
		l.mu.Unlock()
		return
	}
	p.next, p.writing = nil, true
	stored := Page{ID: p.id, Rows: make([]Row, len(p.entries))}
	for i, e := range p.entries {
		stored.Rows[i] = e.Row
	}
	l.mu.Unlock()

	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	err := l.Records.PutPage(ctx, stored)

	l.mu.Lock()
	defer l.mu.Unlock()
	p.writing = false
	switch {
	case err != nil:
		b.distrust(p, w, err)
	case l.book != b:
		w.finish(&NotStored{errReset})
	default:
		for _, c := range w.changes {
			c.entry.storedAt, c.entry.storedIn = c.at, p
		}
		w.finish(nil)
	}
}

// distrust closes a page of which a write has failed, and has it read before the book is used again.
// Until then all that may be stored counts. Those who wait for the next write of the page have to
// repeat their requests.
func (b *book) distrust(p *page, failed *write, err error) {
	p.closed = true
	b.suspect = append(b.suspect, p)
	failed.finish(&NotStored{err})
	if p.next != nil {
		p.next.finish(&NotStored{err})
		p.next = nil
	}
}

// settle makes the book agree with a page that it distrusted, as it was read from storage. Only what
// storage was not known to have is decided by it.
func (b *book) settle(p *page, stored Page) {
	rows := map[Hash]Row{}
	for _, row := range stored.Rows {
		rows[row.Key] = row
	}
	for _, e := range slices.Clone(p.entries) {
		if row, ok := rows[e.Key]; ok && row.At.After(e.storedAt) {
			e.storedAt, e.storedIn = row.At, p
		}
		if e.storedIn == nil {
			b.remove(e) // it was not signed
		} else {
			b.move(e, e.storedIn, e.storedAt)
		}
	}
}
