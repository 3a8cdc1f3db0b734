package enumeration

import (
	"context"
	"errors"
	"sync"
	"time"
)

// An injector sees every step of the request under observation, and says how the step goes.
type injector struct {
	mu       sync.Mutex
	watching bool
	fault    fault
	steps    []step
	count    map[dependency]int
	happened bool // the fault has come about

	struck  chan struct{} // something hangs, or the process has crashed
	release chan struct{} // closed when time is up for what hangs
	leave   func()        // the caller leaves

	another   func()        // the request that overtakes
	overtaken chan struct{} // closed when that has been served
}

// watch begins the observation of a request. Its caller leaves when leave is called.
func (in *injector) watch(f fault, leave func()) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.watching, in.fault, in.leave = true, f, leave
	in.steps, in.count, in.happened = nil, map[dependency]int{}, false
	in.struck, in.release = make(chan struct{}, 1), make(chan struct{})
}

// stop ends the observation. It returns whether the fault happened, and all steps.
func (in *injector) stop() (hit bool, steps []step) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.watching = false
	return in.happened, in.steps
}

// timeOut releases what hangs, as a deadline would.
func (in *injector) timeOut() {
	in.mu.Lock()
	defer in.mu.Unlock()
	select {
	case <-in.release:
	default:
		close(in.release)
	}
}

// next records a step and returns how it goes.
func (in *injector) next(s step) kind {
	in.mu.Lock()
	defer in.mu.Unlock()
	if !in.watching {
		return works
	}
	in.steps = append(in.steps, s)
	in.count[s.dependency]++
	same := s.dependency == in.fault.dependency
	switch {
	case same && in.count[s.dependency] == in.fault.number:
		in.happened = true
		return in.fault.kind
	case in.happened && (in.fault.kind == allStayDown || same && in.fault.kind == staysDown):
		return fails
	case in.happened && same && in.fault.kind == throttles:
		return throttles
	}
	return works
}

// notify tells the test that something hangs or has crashed.
func (in *injector) notify() {
	select {
	case in.struck <- struct{}{}:
	default:
	}
}

// hang waits until the caller of the step has left or its time is up.
func (in *injector) hang(ctx context.Context) error {
	in.notify()
	select {
	case <-ctx.Done():
	case <-in.release:
	}
	return errCanceled
}

// errCanceled is what storage answers over gRPC when the caller has left.
var errCanceled = errors.New("rpc error: code = Canceled desc = context canceled")

// noticeTime is how long a request may take to notice that its caller has left.
const noticeTime = 50 * time.Millisecond

// overtake serves another request before the step goes on, unless that request waits for this one.
func (in *injector) overtake() {
	go func() {
		defer close(in.overtaken)
		in.another()
	}()
	select {
	case <-in.overtaken:
	case <-time.After(noticeTime):
	}
}
