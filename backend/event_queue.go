package backend

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/sdk/framework"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// An event is one message for Vault's event bus: its type, and its metadata as
// alternating names and values.
type event struct {
	kind     string
	metadata []string
}

// events send to Vault in the background, so that nobody waits for it. What comes
// faster than Vault takes it is dropped and counted.
type events struct {
	send   func(ctx context.Context, e event) error
	lost   func()
	logger hclog.Logger

	mu       sync.Mutex
	queue    []event
	draining bool // a goroutine works the queue off, and ends with it
	off      bool // this Vault takes none, or the mount goes away
}

// mostEvents is how many wait at most, eventDeadline how long Vault has to take one.
const (
	mostEvents    = 256
	eventDeadline = 5 * time.Second
)

// add queues an event. It waits for nobody.
func (e *events) add(next event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.off:
		return
	case len(e.queue) >= mostEvents:
		e.lost()
		return
	}
	e.queue = append(e.queue, next)
	if !e.draining {
		e.draining = true
		go e.drain()
	}
}

// drain sends until the queue is empty.
func (e *events) drain() {
	for {
		next, ok := e.next()
		if !ok {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), eventDeadline)
		err := e.send(ctx, next)
		cancel()
		switch {
		case err == nil:
		case errors.Is(err, framework.ErrNoEvents), status.Code(err) == codes.Unimplemented:
			e.logger.Info("this Vault takes no events: none are sent")
			e.stop()
		default:
			e.logger.Debug("an event was not sent", "type", next.kind, "error", err)
			e.lost()
		}
	}
}

// next takes the oldest event from the queue. If there is none, drain must return.
func (e *events) next() (event, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.queue) == 0 {
		e.draining, e.queue = false, nil
		return event{}, false
	}
	next := e.queue[0]
	e.queue = e.queue[1:]
	return next, true
}

// stop forgets what is queued and sends nothing more.
func (e *events) stop() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.off, e.queue = true, nil
}
