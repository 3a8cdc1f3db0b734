package limits

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
)

// Options are what a Mount works with. All of them must be set.
type Options struct {
	Name    string // no other mount of the process has it
	Records Records
	Logger  hclog.Logger
	Now     func() time.Time
	Wait    func(ctx context.Context, d time.Duration) error // waits for a time or for ctx
}

// A Mount is the part that one mount has in the limits of its process. It writes every token request
// and every ban down, and reads them back after a restart. Use [Limits.Mount].
type Mount struct {
	Options
	limits *Limits

	mu     sync.Mutex
	member *member              // of the process's census, once the mount has joined
	left   bool                 // the mount does not use the limits any more
	sent   map[string]time.Time // token requests on record: when they were sent
}

// Mount returns the part of a mount that has not touched its records yet.
func (l *Limits) Mount(options Options) *Mount {
	return &Mount{Options: options, limits: l, sent: map[string]time.Time{}}
}

// Join makes the mount known to the others of the process, before it has to be ready, and reads who
// they were in the process before.
func (m *Mount) Join(ctx context.Context) error {
	self, others := m.enlist(), m.limits.census
	if !others.hasRead(self) {
		recorded, err := m.Records.Neighbors(ctx)
		switch {
		case errors.Is(err, ErrUnreadable):
			m.Logger.Error("the record of this process's other mounts cannot be read: no token is requested "+
				"until their requests no longer count", "error", err)
			others.suspect(m.Now(), self)
		case err != nil:
			return err
		default:
			others.learn(m.Now(), self, recorded)
		}
	}
	return others.inform(ctx, m.Now(), false, self)
}

// enlist makes the mount a member of its process once.
func (m *Mount) enlist() *member {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.member == nil {
		m.member = m.limits.census.join(m.Now(), m.Name, m.Records.PutNeighbors)
		if m.left { // nothing else would end the membership
			m.limits.census.leave(m.Now(), m.member)
		}
	}
	return m.member
}

// Loaded notes that all that the mount has sent is known: [Mount.Join] and [Mount.Recall] have
// succeeded.
func (m *Mount) Loaded() { m.limits.census.load(m.enlist()) }

// Reset forgets what came from the records, because another process works in the mount's place, or
// did so until now.
func (m *Mount) Reset() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sent = map[string]time.Time{}
	if m.member != nil {
		m.limits.census.reset(m.Now(), m.member)
	}
}

// Leave ends the mount's part in the process. What it has sent still counts.
func (m *Mount) Leave() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.left = true
	if m.member != nil {
		m.limits.census.leave(m.Now(), m.member)
		m.limits.leave(m.Name)
	}
}
