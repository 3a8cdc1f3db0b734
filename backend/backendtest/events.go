package backendtest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/hashicorp/vault/sdk/logical"
)

// Events takes the events that a mount sends to Vault.
type Events struct {
	mu    sync.Mutex
	taken []string // type and metadata of each
	tries int
	fail  error
	slow  <-chan struct{}
}

// SendEvent is called by the plugin, over gRPC.
func (e *Events) SendEvent(ctx context.Context, kind logical.EventType, sent *logical.EventData) error {
	e.mu.Lock()
	e.tries++
	slow, fail := e.slow, e.fail
	if slow == nil && fail == nil {
		e.taken = append(e.taken, fmt.Sprint(kind, " ", sent.Metadata.AsMap()))
	}
	e.mu.Unlock()
	if slow == nil {
		return fail
	}
	select {
	case <-slow:
	case <-ctx.Done():
	}
	return errors.New("too late")
}

// All are the events taken so far.
func (e *Events) All() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return strings.Join(e.taken, "\n")
}

// Count is how often Vault was sent an event.
func (e *Events) Count() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.tries
}

// Fail makes Vault answer every event with an error; nil heals it.
func (e *Events) Fail(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.fail = err
}

// Slow makes Vault keep every event waiting until the channel is closed, and refuse it then; nil
// heals it.
func (e *Events) Slow(until <-chan struct{}) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.slow = until
}
