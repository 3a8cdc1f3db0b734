package backend

import (
	"context"
	"slices"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/spec"
	"vault-plugin-secrets-paxos/backend/store"
)

// A pulse tells a mount that went on from one that was brought back from a snapshot.
type pulse struct {
	store.Versioned
	At      time.Time `json:"at"`
	Stopped time.Time `json:"stopped,omitzero"` // since when the mount does nothing at Paxos that cannot be undone
	// it is stored whether or not there is anything to do, so that a gap means something
	Steady bool `json:"steady"`
}

// A mount whose periodic work paused for longer than longestGap stops itself. The
// pulse is stored every pulseInterval, not with every tick.
const (
	longestGap    = time.Hour
	pulseInterval = 10 * time.Minute
)

// watchForRestore takes the pulse, and reports whether the mount has stopped itself. A copy that
// was restored for a drill must not delete what production leases. It is called with every tick,
// whether or not there is anything to do: a pause of the work is no gap. A mount that has nothing
// to delete, quarantine or promote has nothing to stop, and a pulse from an older version, which
// was stored only while there was work, counts as now.
func (b *backend) watchForRestore(ctx context.Context) (stopped bool, err error) {
	b.writes.Lock()
	defer b.writes.Unlock()
	p, err := storedPulse(ctx, b.storage)
	if err != nil {
		return true, err
	}
	if !p.Stopped.IsZero() {
		return true, nil
	}
	now := b.options.Now().UTC()
	gap := now.Sub(p.At)
	if p.Steady && gap < pulseInterval && gap > -pulseInterval {
		return false, nil
	}
	if p.Steady && gap > longestGap+pulseInterval {
		endangers, err := b.mayEndanger(ctx)
		if err != nil {
			return true, err
		}
		if endangers {
			p.Stopped = now
			b.logger.Error("this mount did no periodic work for more than an hour, as a copy restored from a "+
				"snapshot does: it deletes no client at Paxos and promotes none until config/resume is written",
				"last", spec.Timestamp(p.At))
			b.events.add(event{mountStopped,
				[]string{logical.EventMetadataPath, resumePath, "last", spec.Timestamp(p.At)}})
		}
	}
	p.At, p.Steady = now, true
	return !p.Stopped.IsZero(), b.putPulse(ctx, p)
}

// mayEndanger reports whether the mount has anything that it could delete, quarantine or promote.
func (b *backend) mayEndanger(ctx context.Context) (bool, error) {
	names, err := b.storage.List(ctx, clientsPrefix)
	if err != nil {
		return true, err
	}
	root, err := storedRoot(ctx, b.storage)
	return len(names) > 0 || slices.ContainsFunc(root.Generations, func(g generation) bool {
		return g.DeleteAtPaxos
	}), err
}

// storedPulse is the stored pulse, none if there is none.
func storedPulse(ctx context.Context, s logical.Storage) (pulse, error) {
	p, err := store.Load[pulse](ctx, s, pulseKey)
	if store.IsUnreadable(err) { // whether the mount is a copy is not known: config/resume decides, and writes it anew
		return pulse{Versioned: store.Current, Stopped: time.Unix(0, 0).UTC()}, nil
	}
	return p, store.Ignoring(err, store.ErrNotFound)
}

// putPulse stores it. writes is held.
func (b *backend) putPulse(ctx context.Context, p pulse) error {
	p.Versioned = store.Current
	return store.Put(ctx, b.storage, pulseKey, p)
}
