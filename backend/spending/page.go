package spending

import (
	"slices"
	"time"
)

// A page is where payments are stored together. The ledger's lock guards all of it but turn.
type page struct {
	id      string
	closed  bool     // it is not written any more
	entries []*entry // payments whose place this is

	turn    chan struct{} // holds one element while somebody writes the page
	writing bool
	next    *write // for what has changed since the write under way began; nil if nothing has
}

// A write is one write of a page, which many callers may share.
type write struct {
	changes []change
	done    chan struct{} // closed when err is set
	err     error
}

// A change is what a write makes storage know of a payment.
type change struct {
	entry *entry
	at    time.Time
}

func newPage(id string) *page { return &page{id: id, turn: make(chan struct{}, 1)} }

// drop takes a payment off the page. The nil page has none.
func (p *page) drop(e *entry) {
	if p == nil {
		return
	}
	if i := slices.Index(p.entries, e); i >= 0 {
		p.entries = slices.Delete(p.entries, i, i+1)
	}
}

// join makes the payment part of the page's next write.
func (p *page) join(e *entry) *write {
	if p.next == nil {
		p.next = &write{done: make(chan struct{})}
	}
	p.next.changes = append(p.next.changes, change{e, e.At})
	return p.next
}

// finish tells everybody who waits for the write how it ended.
func (w *write) finish(err error) {
	w.err = err
	close(w.done)
}
