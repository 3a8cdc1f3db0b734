package paxostest

import (
	"net/http"
	"sync"
	"time"
)

// A Fault is one way in which a request can fail. Its steps happen in the order of the fields: the
// request waits, its connection is dropped, it is answered (with a made-up answer, or with the real
// one after the work was done), and then something happens to the answer.
type Fault struct {
	// Delay waits that long by the real clock. The request is dropped if the client goes away or the
	// server closes meanwhile.
	Delay time.Duration
	Hang  bool // never answer; ends when the client goes away or the server closes
	// Hold waits until the channel is closed, and then continues even if the client has gone. The
	// request is dropped if the server closes meanwhile.
	Hold <-chan struct{}
	Drop bool // close the connection before the work is done

	Status int // answer this status without doing the work; with Redirect, instead of 307
	// Body is the body of that answer; without Status, the status is 200. If Body is empty, the answer
	// is the error of the endpoint for the status.
	Body     string
	Header   http.Header // headers to set in the answer, whether it is real or made up
	Redirect string      // answer 307 to this URL without doing the work

	Rewrite   func(map[string]any) // do the work, then change the JSON object of the answer
	DropReply bool                 // do the work, then close the connection without an answer
	Truncate  bool                 // send half of the body with the full Content-Length, then close the connection
	Drip      time.Duration        // send the body byte by byte, waiting this long after each by the real clock
}

// invented reports whether the answer is made up, so that the work is not done.
func (f Fault) invented() bool { return f.Status != 0 || f.Body != "" || f.Redirect != "" }

// A faultQueue holds the faults for later requests.
type faultQueue struct {
	mu   sync.Mutex
	next map[Endpoint][]Fault
	all  map[Endpoint]Fault
}

// take returns the fault for a request at the endpoint. If there is none, it returns the zero Fault,
// which changes nothing.
func (q *faultQueue) take(e Endpoint) Fault {
	q.mu.Lock()
	defer q.mu.Unlock()
	if queued := q.next[e]; len(queued) > 0 {
		q.next[e] = queued[1:]
		return queued[0]
	}
	return q.all[e]
}

// FailNext makes the next requests at the endpoint fail, one per fault, in this order. These faults
// come before one of FailAll.
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

// Heal removes every fault of every endpoint. It does not release a request that is already waiting.
func (s *Server) Heal() {
	q := &s.faults
	q.mu.Lock()
	defer q.mu.Unlock()
	q.next, q.all = nil, nil
}
