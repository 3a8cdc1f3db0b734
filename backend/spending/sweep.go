package spending

import (
	"context"
	"slices"
)

// Sweep deletes the pages of which no payment counts any more, or whose payments are all stored
// elsewhere meanwhile. A page whose deletion fails is deleted next time. Call it only while the clock
// is believed: what has ended by a clock that runs ahead is forgotten.
func (l *Ledger) Sweep(ctx context.Context) error {
	b, err := l.ready(ctx)
	if err != nil {
		return err
	}
	b.advance(l.Now())
	unused := b.unused()
	l.mu.Unlock()
	for _, p := range unused {
		if err := l.Records.DeletePage(ctx, p.id); err != nil {
			return err
		}
		l.mu.Lock()
		b.pages = slices.DeleteFunc(b.pages, func(other *page) bool { return other == p })
		l.mu.Unlock()
	}
	return nil
}

// unused returns the pages that no payment needs, and closes them, so that none is written while it
// is deleted.
func (b *book) unused() []*page {
	needed := map[*page]bool{}
	for _, e := range b.payments {
		needed[e.page], needed[e.storedIn] = true, true
	}
	var unused []*page
	for _, p := range b.pages {
		if !needed[p] {
			p.closed = true
			unused = append(unused, p)
		}
	}
	return unused
}
