package backend

import (
	"context"
	"time"

	"github.com/hashicorp/vault/sdk/logical"
)

// pulseKey is where it is stored when the mount last did its periodic work.
const pulseKey = "pulse"

// A pulse tells a mount that went on from one that was brought back from a snapshot.
type pulse struct {
	versioned
	At      time.Time `json:"at"`
	Stopped time.Time `json:"stopped,omitzero"` // since when the mount does nothing at Paxos that cannot be undone
}

// A mount whose periodic work paused for longer than longestGap stops itself. The
// pulse is stored every pulseInterval, not with every tick.
const (
	longestGap    = time.Hour
	pulseInterval = 10 * time.Minute
)

// watchForRestore takes the pulse, and reports whether the mount has stopped itself. A
// copy that was restored for a drill must not delete what production leases.
func (b *backend) watchForRestore(ctx context.Context) (stopped bool, err error) {
	b.writes.Lock()
	defer b.writes.Unlock()
	p, err := storedPulse(ctx, b.storage)
	if err != nil {
		return true, err
	}
	now := b.options.Now().UTC()
	gap := now.Sub(p.At)
	switch {
	case p.At.IsZero():
	case !p.Stopped.IsZero():
		return true, nil
	case gap > longestGap+pulseInterval:
		p.Stopped = now
		b.logger.Error("this mount did no periodic work for more than an hour, as a copy restored from a snapshot does: it deletes no client at Paxos and promotes none until config/resume is written",
			"last", timestamp(p.At))
		b.events.add(event{mountStopped, []string{logical.EventMetadataPath, resumePath, "last", timestamp(p.At)}})
	case gap < pulseInterval && gap > -pulseInterval:
		return false, nil
	}
	p.At = now
	return !p.Stopped.IsZero(), b.putPulse(ctx, p)
}

// storedPulse is the stored pulse, none if there is none.
func storedPulse(ctx context.Context, s logical.Storage) (pulse, error) {
	p, err := load[pulse](ctx, s, pulseKey)
	return p, excusing(err, errNotFound)
}

// putPulse stores it. writes is held.
func (b *backend) putPulse(ctx context.Context, p pulse) error {
	p.versioned = current
	return store(ctx, b.storage, pulseKey, p)
}
