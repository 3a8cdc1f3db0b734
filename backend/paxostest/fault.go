package paxostest

import (
	"net/http"
	"sync"
	"time"
)

// A Fault is one way for a request to go wrong. Its steps happen in the order of the fields:
// waiting, dropping, the answer (a made-up one, or the real one after the work was done), then what
// becomes of that answer on its way back.
type Fault struct {
	Delay time.Duration // wait this long on the real clock; ends early when the client goes away or the server closes
	Hang  bool          // never answer; ends when the client goes away or the server closes
	// wait until it is closed, then go on, even if the client has gone; ends early when the server
	// closes
	Hold <-chan struct{}
	Drop bool // close the connection before doing anything

	Status int // answer this status without doing the work (with Redirect: instead of 307)
	// the body of that answer, and on its own a 200; by default an error fitting the endpoint and
	// status
	Body     string
	Header   http.Header // added to the answer, real or made up
	Redirect string      // answer 307 to this URL without doing the work

	Rewrite   func(map[string]any) // do the work, then edit the JSON object that it answers
	DropReply bool                 // do the work, then close the connection instead of answering
	Truncate  bool                 // send half of the answer's body under the full Content-Length, then close
	Drip      time.Duration        // send the answer's body one byte per Drip of real time
}

// invented says whether the answer is made up, so that the work is not done.
func (f Fault) invented() bool { return f.Status != 0 || f.Body != "" || f.Redirect != "" }

// A faultQueue holds the faults to come.
type faultQueue struct {
	mu   sync.Mutex
	next map[Endpoint][]Fault
	all  map[Endpoint]Fault
}

// take returns the fault of the next request at the endpoint. Without one it is the zero Fault,
// which does no harm.
func (q *faultQueue) take(e Endpoint) Fault {
	q.mu.Lock()
	defer q.mu.Unlock()
	if queued := q.next[e]; len(queued) > 0 {
		q.next[e] = queued[1:]
		return queued[0]
	}
	return q.all[e]
}

// FailNext makes the next requests at the endpoint fail, one per fault, in order. They go before a
// fault of FailAll.
func (s *Server) FailNext(e Endpoint, f ...Fault) {
	q := &s.faults
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.next == nil {
		q.next = map[Endpoint][]Fault{}
	}
	q.next[e] = append(q.next[e], f...)
}

// FailAll makes every request at the endpoint fail until Heal.
func (s *Server) FailAll(e Endpoint, f Fault) {
	q := &s.faults
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.all == nil {
		q.all = map[Endpoint]Fault{}
	}
	q.all[e] = f
}

// Heal forgets every fault, also those queued. A request that already waits goes on waiting.
func (s *Server) Heal() {
	q := &s.faults
	q.mu.Lock()
	defer q.mu.Unlock()
	q.next, q.all = nil, nil
}
