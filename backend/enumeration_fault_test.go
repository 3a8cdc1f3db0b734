package backend_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"vault-plugin-secrets-paxos/backend/paxostest"
)

// A medium is what a plugin process reaches outside itself.
type medium string

// The two of them.
const (
	inStorage medium = "storage"
	atPaxos   medium = "Paxos"
)

// A step is one operation on storage or one call to Paxos.
type step struct {
	medium
	what   string
	writes bool // and so differs before and after its effect
}

// A kind is a way for a step to go wrong.
type kind string

// The kinds that storage and Paxos have in common. What hangs does so until the
// caller has left; what crashes takes the plugin process with it.
const (
	sound        kind = ""
	fails        kind = "fails"
	failsAfter   kind = "fails after its effect"
	hangs        kind = "hangs"
	hangsAfter   kind = "hangs after its effect"
	cancels      kind = "is done while the caller leaves"
	crashes      kind = "crashes"
	crashesAfter kind = "crashes after its effect"
	breaks       kind = "fails, and so do all that follow on it"
	severs       kind = "fails, and so do all that follow on storage and Paxos"
)

// The kinds that only one of them has.
const (
	readOnly  kind = "is refused as read-only"
	truncates kind = "gets half of its answer"
	redirects kind = "is redirected to another host"
	widens    kind = "is granted more than was asked for"
	narrows   kind = "is granted less than was asked for"
	overtaken kind = "waits while another request is served" // plays a part only where there is another
	throttles kind = "answers 429, and so do all that follow"
)

// answers are the kinds that the stand-in plays by itself.
func answers(k kind, elsewhere string) (paxostest.Fault, bool) {
	fault, ok := map[kind]paxostest.Fault{
		"answers 500":             {Status: http.StatusInternalServerError},
		"answers 400":             {Status: http.StatusBadRequest},
		"answers 401":             {Status: http.StatusUnauthorized},
		"answers 200 and no JSON": {Status: http.StatusOK, Body: "<html>" + canary + "</html>"},
		throttles:                 {Status: http.StatusTooManyRequests},
		redirects:                 {Redirect: elsewhere},
		widens: {Rewrite: func(reply map[string]any) {
			reply["scope"] = fmt.Sprint(reply["scope"], " funding:write_profile")
		}},
		narrows: {Rewrite: func(reply map[string]any) { reply["scope"] = "events:read_event" }},
	}[k]
	return fault, ok
}

// kinds are the ways for this step to go wrong.
func (s step) kinds() []kind {
	switch {
	case s.medium == inStorage && !s.writes:
		return []kind{fails, cancels, breaks, severs}
	case s.medium == inStorage:
		return []kind{fails, failsAfter, readOnly, hangs, hangsAfter, cancels, crashes, crashesAfter, breaks, severs}
	}
	all := []kind{fails, failsAfter, hangs, hangsAfter, cancels, crashes, crashesAfter, breaks, redirects,
		throttles, "answers 500", "answers 401"}
	if s.what == string(paxostest.TokenEndpoint) { // a 200 of the revocation endpoint is believed, whatever it says
		all = append(all, truncates, widens, narrows, "answers 400", "answers 200 and no JSON")
	}
	return all
}

// A fault is one step that goes wrong in one way.
type fault struct {
	step
	at    int // which of the steps on its medium, counted from 1
	kind  kind
	first bool // nothing has had an effect before it, nor has it
}

// faults are all that can go wrong in these steps, but for what comes to the same
// as another: a crash before a step is one after the effect before it; storage that
// stays away from the second of two reads on, and a caller who leaves then, leave undone
// what they leave undone from the first on; what stays away where nothing follows just fails.
func faults(steps []step) (all []fault) {
	count, effects := map[medium]int{}, 0
	for i, s := range steps {
		count[s.medium]++
		follows := func(m medium) bool {
			return slices.ContainsFunc(steps[i+1:], func(later step) bool { return later.medium == m })
		}
		again := i > 0 && !s.writes && !steps[i-1].writes
		for _, k := range s.kinds() {
			switch {
			case again && i < len(steps)-1 && steps[i-1] == s && steps[i+1] == s: // a loop
			case (k == crashes || k == readOnly) && effects > 0:
			case k == cancels && again:
			case k == breaks && (again || !follows(s.medium)):
			case k == severs && (again || !follows(atPaxos)):
			default:
				all = append(all, fault{s, count[s.medium], k, effects == 0 && !s.writes})
			}
		}
		if s.writes {
			effects++
		}
	}
	return all
}

// String names the fault as a test.
func (f fault) String() string {
	return strings.ReplaceAll(fmt.Sprintf("%s %d, %s, %s", f.medium, f.at, f.what, f.kind), "/", ":")
}

// A tap sees every step of the request that is being observed, and says how it is
// to go wrong.
type tap struct {
	mu    sync.Mutex
	open  bool
	fault fault
	steps []step
	count map[medium]int
	hit   bool // the fault has come about

	struck  chan struct{} // something hangs, or the process has died
	release chan struct{} // closed when time is up for what hangs
	leave   func()        // the caller leaves

	another   func()        // the request that overtakes
	overtaken chan struct{} // closed when that has been served
}

// watch begins with a request whose caller leaves when leave is called.
func (t *tap) watch(f fault, leave func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open, t.fault, t.leave = true, f, leave
	t.steps, t.count, t.hit = nil, map[medium]int{}, false
	t.struck, t.release = make(chan struct{}, 1), make(chan struct{})
}

// heal ends it, and tells whether the fault came about, and in which steps.
func (t *tap) heal() (hit bool, steps []step) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open = false
	return t.hit, t.steps
}

// expire lets go of what hangs, as its own deadline would.
func (t *tap) expire() {
	t.mu.Lock()
	defer t.mu.Unlock()
	select {
	case <-t.release:
	default:
		close(t.release)
	}
}

// next takes note of a step and returns how it goes.
func (t *tap) next(s step) kind {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.open {
		return sound
	}
	t.steps = append(t.steps, s)
	t.count[s.medium]++
	same := s.medium == t.fault.medium
	switch {
	case same && t.count[s.medium] == t.fault.at:
		t.hit = true
		return t.fault.kind
	case t.hit && (t.fault.kind == severs || same && t.fault.kind == breaks):
		return fails
	case t.hit && same && t.fault.kind == throttles:
		return throttles
	}
	return sound
}

// strike tells the test that something waits for it.
func (t *tap) strike() {
	select {
	case t.struck <- struct{}{}:
	default:
	}
}

// hang waits until the step's own caller has left or its time is up.
func (t *tap) hang(ctx context.Context) error {
	t.strike()
	select {
	case <-ctx.Done():
	case <-t.release:
	}
	return errLeft
}

// errLeft is what a storage operation answers over gRPC when its caller has left.
var errLeft = errors.New("rpc error: code = Canceled desc = context canceled")

// overtake serves another request before the step goes on, unless that request waits
// for this one.
func (t *tap) overtake() {
	go func() {
		defer close(t.overtaken)
		t.another()
	}()
	select {
	case <-t.overtaken:
	case <-time.After(heeds):
	}
}

// A life is one plugin process. When it is over nothing that it still does has an
// effect: it stands still until the test has ended.
type life struct {
	label string
	over  chan struct{}
	thaw  chan struct{}
}

// ended reports whether the process has died.
func (l *life) ended() bool {
	select {
	case <-l.over:
		return true
	default:
		return false
	}
}

// end kills the process. What it was doing stands still.
func (l *life) end(t *tap) {
	close(l.over)
	t.strike()
	<-l.thaw
}
