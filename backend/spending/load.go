package spending

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"
)

// readers is how many pages are read at once.
const readers = 16

// ready returns the book, with the ledger's lock held, when it knows all that storage knows. It reads
// all pages of a new book, and later each page whose last write has failed. One caller reads, and the
// others wait.
func (l *Ledger) ready(ctx context.Context) (*book, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, &NotLoaded{err}
		}
		l.mu.Lock()
		b := l.book
		if b.loaded && len(b.suspect) == 0 {
			return b, nil
		}
		if reading := b.reading; reading != nil {
			l.mu.Unlock()
			select {
			case <-reading:
			case <-ctx.Done():
			}
			continue
		}
		b.reading = make(chan struct{})
		loaded, suspect := b.loaded, slices.Clone(b.suspect)
		l.mu.Unlock()

		var err error
		if loaded {
			err = l.reread(ctx, b, suspect)
		} else {
			err = l.load(ctx, b)
		}

		l.mu.Lock()
		close(b.reading)
		b.reading = nil
		l.mu.Unlock()
		if err != nil {
			return nil, &NotLoaded{err}
		}
	}
}

// load fills a new book from all pages.
func (l *Ledger) load(ctx context.Context, b *book) error {
	ids, err := l.Records.Pages(ctx)
	if err != nil {
		return err
	}
	pages, err := l.read(ctx, ids)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	type place struct {
		row Row
		in  *page
	}
	newest := map[Hash]place{}
	for _, stored := range pages {
		p := newPage(stored.ID)
		p.closed = true // another ledger made it
		b.pages = append(b.pages, p)
		for _, row := range stored.Rows {
			if known, ok := newest[row.Key]; !ok || row.At.After(known.row.At) {
				newest[row.Key] = place{row, p}
			}
		}
	}
	sorted := make([]place, 0, len(newest))
	for _, at := range newest {
		sorted = append(sorted, at)
	}
	slices.SortFunc(sorted, func(x, y place) int { return x.row.At.Compare(y.row.At) })
	for _, at := range sorted {
		e := b.add(at.row.Payment)
		b.move(e, at.in, at.row.At)
		e.storedAt, e.storedIn = at.row.At, at.in
	}
	if len(sorted) > 0 {
		b.latest = sorted[len(sorted)-1].row.At
	}
	b.loaded = true
	return nil
}

// reread learns what became of writes that have failed.
func (l *Ledger) reread(ctx context.Context, b *book, suspect []*page) error {
	ids := make([]string, len(suspect))
	for i, p := range suspect {
		ids[i] = p.id
	}
	pages, err := l.read(ctx, ids)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, p := range suspect {
		b.settle(p, pages[i])
	}
	b.suspect = slices.DeleteFunc(b.suspect, func(p *page) bool { return slices.Contains(suspect, p) })
	return nil
}

// read reads pages. One that does not exist is empty.
func (l *Ledger) read(ctx context.Context, ids []string) ([]Page, error) {
	pages := make([]Page, len(ids))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(readers)
	for i, id := range ids {
		group.Go(func() error {
			page, exists, err := l.Records.Page(ctx, id)
			if !exists {
				page = Page{}
			}
			page.ID = id
			pages[i] = page
			return err
		})
	}
	return pages, group.Wait()
}
