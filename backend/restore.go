package backend

import (
	"context"
	"slices"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/spec"
	"vault-plugin-secrets-paxos/backend/store"
)

// A mount that did no periodic work for longer than longestGap pauses itself. The pulse is stored
// every pulseInterval and not with every tick, to save storage writes.
const (
	longestGap    = time.Hour
	pulseInterval = 10 * time.Minute
)

// A pulse is the record that the mount is at work. A long gap between pulses shows that the mount
// may have been restored from a snapshot.
type pulse struct {
	store.Versioned
	At      time.Time `json:"at"`               // when the pulse was stored
	Stopped time.Time `json:"stopped,omitzero"` // since when the mount is paused; zero if it is not
	// Steady says that the pulse is stored whether or not there is work. Only then a gap means
	// something.
	Steady bool `json:"steady"`
}

// watchForRestore stores the pulse and reports whether the mount is paused. A mount that is
// restored from a snapshot, such as for a drill, must not delete clients at Paxos that production
// still leases. So a mount whose last pulse is too old pauses itself until config/resume is
// written.
//
// Every tick calls it, whether or not there is other work, so that a time without work does not
// look like a gap. A mount with nothing to delete, quarantine, promote or count does not pause, because a
// pause would protect nothing. An older version stored its pulse only while there was work, so the
// age of such a pulse means nothing and the mount is not paused.
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
	if p.gapAt(now) {
		endangers, err := b.mayEndanger(ctx)
		if err != nil {
			return true, err
		}
		if endangers {
			p.Stopped = now
			b.logger.Error("the mount is paused, because it did no periodic work for over an hour and may be a restored "+
				"snapshot: it deletes and promotes no clients, and signs nothing that counts against a daily limit, until "+
				"<mount>/config/resume is written",
				"last", spec.Timestamp(p.At))
			b.events.add(event{mountStopped,
				[]string{logical.EventMetadataPath, resumePath, "last", spec.Timestamp(p.At)}})
		}
	}
	p.At, p.Steady = now, true
	return !p.Stopped.IsZero(), b.putPulse(ctx, p)
}

// gapAt reports whether the mount did no work for so long that it may be a restored snapshot.
func (p pulse) gapAt(now time.Time) bool { return p.Steady && now.Sub(p.At) > longestGap+pulseInterval }

// mayEndanger reports whether the mount has anything to delete, quarantine, promote or count.
func (b *backend) mayEndanger(ctx context.Context) (bool, error) {
	if limited, err := dailyLimited(ctx, b.storage); limited || err != nil {
		return true, err
	}
	names, err := b.storage.List(ctx, clientsPrefix)
	if err != nil {
		return true, err
	}
	root, err := storedRoot(ctx, b.storage)
	return len(names) > 0 || slices.ContainsFunc(root.Generations, func(g generation) bool {
		return g.DeleteAtPaxos
	}), err
}

// storedPulse reads the pulse. A mount without one gets an empty pulse. A pulse that cannot be read
// counts as a pause, because nothing shows that the mount is not a restored snapshot. config/resume then
// stores a new pulse.
func storedPulse(ctx context.Context, s logical.Storage) (pulse, error) {
	p, err := store.Load[pulse](ctx, s, pulseKey)
	if store.IsUnreadable(err) {
		return pulse{Versioned: store.Current, Stopped: time.Unix(0, 0).UTC()}, nil
	}
	return p, store.Ignoring(err, store.ErrNotFound)
}

// cachedPulse is storedPulse from memory, if it is there.
func (b *backend) cachedPulse(ctx context.Context, s logical.Storage) (pulse, error) {
	p, err := b.entries.pulse.Get(ctx, s, pulseKey)
	if store.IsUnreadable(err) {
		return storedPulse(ctx, s)
	}
	return p, err
}

// putPulse stores the pulse. The caller holds writes.
func (b *backend) putPulse(ctx context.Context, p pulse) error {
	p.Versioned = store.Current
	return b.entries.pulse.Put(ctx, b.storage, pulseKey, p)
}
