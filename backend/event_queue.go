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

const (
	mostEvents    = 256             // the most events that wait in the queue
	eventDeadline = 5 * time.Second // how long Vault may take to accept one event
)

// events is a queue that sends events to Vault in the background, so that no request waits for
// Vault. When the queue is full, further events are dropped and counted.
type events struct {
	send   func(ctx context.Context, e event) error
	lost   func() // counts an event that was dropped or not accepted
	logger hclog.Logger

	mu       sync.Mutex
	queue    []event
	draining bool // a goroutine runs drain; it ends when the queue is empty
	off      bool // this Vault accepts no events, or the mount is being unloaded
}

// add puts an event into the queue. It does not block on Vault.
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

// drain sends the queued events until the queue is empty.
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
			e.logger.Info("this Vault has no event bus: no events are sent")
			e.stop()
		default:
			e.logger.Debug("an event was not sent", "type", next.kind, "error", err)
			e.lost()
		}
	}
}

// next takes the oldest event from the queue. If there is none, it returns false, and drain must
// return, because the next add starts a new one.
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

// stop drops the queued events. No event is sent afterwards.
func (e *events) stop() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.off, e.queue = true, nil
}
