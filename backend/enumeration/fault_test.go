package enumeration

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// A medium is what a plugin process reaches outside itself.
type dependency string

// The two of them.
const (
	inStorage dependency = "storage"
	atPaxos   dependency = "Paxos"
)

// A step is one operation on storage or one call to Paxos.
type step struct {
	dependency
	what   string
	writes bool // and so differs before and after its effect
}

// A kind is a way for a step to go wrong.
type kind string

// The kinds that storage and Paxos have in common. What hangs does so until the
// caller has left; what crashes takes the plugin process with it.
const (
	works        kind = ""
	fails        kind = "fails"
	failsAfter   kind = "fails after its effect"
	hangs        kind = "hangs"
	hangsAfter   kind = "hangs after its effect"
	cancels      kind = "is done while the caller leaves"
	crashes      kind = "crashes"
	crashesAfter kind = "crashes after its effect"
	staysDown    kind = "fails, and so do all that follow on it"
	allStayDown  kind = "fails, and so do all that follow on storage and Paxos"
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
func paxosFault(k kind, elsewhere string) (paxostest.Fault, bool) {
	fault, ok := map[kind]paxostest.Fault{
		"answers 500":             {Status: http.StatusInternalServerError},
		"answers 400":             {Status: http.StatusBadRequest},
		"answers 401":             {Status: http.StatusUnauthorized},
		"answers 200 and no JSON": {Status: http.StatusOK, Body: "<html>" + backendtest.Canary + "</html>"},
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
	case s.dependency == inStorage && !s.writes:
		return []kind{fails, cancels, staysDown, allStayDown}
	case s.dependency == inStorage:
		return []kind{fails, failsAfter, readOnly, hangs, hangsAfter, cancels, crashes, crashesAfter, staysDown, allStayDown}
	}
	all := []kind{fails, failsAfter, hangs, hangsAfter, cancels, crashes, crashesAfter, staysDown, redirects,
		throttles, "answers 500", "answers 401"}
	if s.what == string(paxostest.TokenEndpoint) { // a 200 of the revocation endpoint is believed, whatever it says
		all = append(all, truncates, widens, narrows, "answers 400", "answers 200 and no JSON")
	}
	return all
}

// A fault is one step that goes wrong in one way.
type fault struct {
	step
	number      int // which of the steps on its medium, counted from 1
	kind        kind
	noEffectYet bool // nothing has had an effect before it, nor has it
}

// faults are all that can go wrong in these steps, but for what comes to the same
// as another: a crash before a step is one after the effect before it; storage that
// stays away from the second of two reads on, and a caller who leaves then, leave undone
// what they leave undone from the first on; what stays away where nothing follows just fails.
func faults(steps []step) (all []fault) {
	count, effects := map[dependency]int{}, 0
	for i, s := range steps {
		count[s.dependency]++
		follows := func(m dependency) bool {
			return slices.ContainsFunc(steps[i+1:], func(later step) bool { return later.dependency == m })
		}
		again := i > 0 && !s.writes && !steps[i-1].writes
		for _, k := range s.kinds() {
			switch {
			case again && i < len(steps)-1 && steps[i-1] == s && steps[i+1] == s: // a loop
			case (k == crashes || k == readOnly) && effects > 0:
			case k == cancels && again:
			case k == staysDown && (again || !follows(s.dependency)):
			case k == allStayDown && (again || !follows(atPaxos)):
			default:
				all = append(all, fault{s, count[s.dependency], k, effects == 0 && !s.writes})
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
	return strings.ReplaceAll(fmt.Sprintf("%s %d, %s, %s", f.dependency, f.number, f.what, f.kind), "/", ":")
}

// A tap sees every step of the request that is being observed, and says how it is
// to go wrong.
type injector struct {
	mu       sync.Mutex
	watching bool
	fault    fault
	steps    []step
	count    map[dependency]int
	happened bool // the fault has come about

	struck  chan struct{} // something hangs, or the process has died
	release chan struct{} // closed when time is up for what hangs
	leave   func()        // the caller leaves

	another   func()        // the request that overtakes
	overtaken chan struct{} // closed when that has been served
}

// watch begins with a request whose caller leaves when leave is called.
func (t *injector) watch(f fault, leave func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.watching, t.fault, t.leave = true, f, leave
	t.steps, t.count, t.happened = nil, map[dependency]int{}, false
	t.struck, t.release = make(chan struct{}, 1), make(chan struct{})
}

// heal ends it, and tells whether the fault came about, and in which steps.
func (t *injector) stop() (hit bool, steps []step) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.watching = false
	return t.happened, t.steps
}

// expire lets go of what hangs, as its own deadline would.
func (t *injector) timeOut() {
	t.mu.Lock()
	defer t.mu.Unlock()
	select {
	case <-t.release:
	default:
		close(t.release)
	}
}

// next takes note of a step and returns how it goes.
func (t *injector) next(s step) kind {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.watching {
		return works
	}
	t.steps = append(t.steps, s)
	t.count[s.dependency]++
	same := s.dependency == t.fault.dependency
	switch {
	case same && t.count[s.dependency] == t.fault.number:
		t.happened = true
		return t.fault.kind
	case t.happened && (t.fault.kind == allStayDown || same && t.fault.kind == staysDown):
		return fails
	case t.happened && same && t.fault.kind == throttles:
		return throttles
	}
	return works
}

// strike tells the test that something waits for it.
func (t *injector) notify() {
	select {
	case t.struck <- struct{}{}:
	default:
	}
}

// hang waits until the step's own caller has left or its time is up.
func (t *injector) hang(ctx context.Context) error {
	t.notify()
	select {
	case <-ctx.Done():
	case <-t.release:
	}
	return errCanceled
}

// errLeft is what a storage operation answers over gRPC when its caller has left.
var errCanceled = errors.New("rpc error: code = Canceled desc = context canceled")

// overtake serves another request before the step goes on, unless that request waits
// for this one.
func (t *injector) overtake() {
	go func() {
		defer close(t.overtaken)
		t.another()
	}()
	select {
	case <-t.overtaken:
	case <-time.After(noticeTime):
	}
}

// A life is one plugin process. When it is over nothing that it still does has an
// effect: it stands still until the test has ended.
type process struct {
	label    string
	over     chan struct{}
	testOver chan struct{}
}

// ended reports whether the process has died.
func (l *process) crashed() bool {
	select {
	case <-l.over:
		return true
	default:
		return false
	}
}

// end kills the process. What it was doing stands still.
func (l *process) crash(t *injector) {
	close(l.over)
	t.notify()
	<-l.testOver
}
