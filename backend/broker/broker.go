package broker

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"golang.org/x/sync/singleflight"

	"vault-plugin-secrets-paxos/backend/limits"
	"vault-plugin-secrets-paxos/backend/paxos"
)

// Options are what a Broker works with.
type Options struct {
	Mount  string // a name that no other mount in the process has
	Ledger Ledger
	Limits *limits.Limits
	// Revokers returns the clients that can end a row's token, the likeliest first: the current secret
	// of the Client ID that requested it, then older ones. If there is none, that is no error: the
	// token is left to expire.
	Revokers func(ctx context.Context, row Row) ([]*paxos.Client, error)
	// CallRate bounds revocations and API calls, per second.
	CallRate func(ctx context.Context) int
	// Closing reports that the mount's storage is about to be deleted, so that nothing would work off
	// a queue.
	Closing func() bool
	// Granted reports whether a token is still granted by what is stored now. Nil means always.
	Granted func(ctx context.Context, row Row) (bool, error)
	// Urgent reports that every token is to end now, even if its grace lasts. Nil means never.
	Urgent func(ctx context.Context) (bool, error)
	// Observe is told what happens to tokens, but not of hits. It is called while that happens, so it
	// must be quick. Nil means that nothing is told.
	Observe func(Observation)
	Logger  hclog.Logger
	Now     func() time.Time
	// Wait waits for a time or for ctx. Nil means that it waits in real time.
	Wait func(ctx context.Context, d time.Duration) error
}

// A Broker serves one mount. Use New.
type Broker struct {
	Options
	flights singleflight.Group // by Key.flight: never two mints for one key

	mount *limits.Mount

	loading  sync.Mutex // serialises load, so that one caller reads the ledger for all
	sweeping *SerialJob
	asking   inquiries
	graces   graceTimer     // mu guards it
	sparing  map[string]int // roles that are being changed with a grace: their tokens are about to be marked

	life  context.Context // of work in the background
	Close func()          // ends that work, and the mount's part in the limits

	mu         sync.Mutex
	requests   map[*underway]bool  // token requests under way
	loaded     bool                // the ledger has been read
	resets     int                 // how often all was forgotten
	tokens     map[string]*token   // fingerprint → every token not known to have ended
	unreadable map[string]bool     // fingerprints of rows that cannot be read
	serving    map[Key]*token      // what the next reader of a key gets
	refused    map[string]refusal  // definite refusals of the last moments: flight or generation → what was said
	dead       map[string]*backoff // credentials with which Paxos refuses revocations
}

// New returns a broker that has not touched storage yet.
func New(options Options) *Broker {
	if options.Wait == nil {
		options.Wait = waitFor
	}
	if options.Observe == nil {
		options.Observe = func(Observation) {}
	}
	if options.Granted == nil {
		options.Granted = func(context.Context, Row) (bool, error) { return true, nil }
	}
	if options.Urgent == nil {
		options.Urgent = func(context.Context) (bool, error) { return false, nil }
	}
	b := &Broker{
		Options: options, sweeping: NewSerialJob(), requests: map[*underway]bool{}, asking: newInquiries(),
		sparing: map[string]int{},
	}
	b.mount = options.Limits.Mount(limits.Options{Name: options.Mount, Records: options.Ledger,
		Logger: options.Logger, Now: options.Now, Wait: options.Wait})
	life, end := context.WithCancel(context.Background())
	b.life, b.Close = life, func() { end(); b.mount.Leave() }
	b.clear()
	return b
}

// Reset forgets everything that came from storage, because another node changed it.
func (b *Broker) Reset() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.clear()
	b.mount.Reset()
}

// clear empties memory. mu is held, or no other code has b yet.
func (b *Broker) clear() {
	b.resets++
	b.loaded = false
	b.tokens = map[string]*token{}
	b.unreadable = map[string]bool{}
	b.serving = map[Key]*token{}
	b.refused = map[string]refusal{}
	b.dead = map[string]*backoff{}
}

// waitFor waits for a time or for ctx.
func waitFor(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Start makes the mount known to the others of its process, before any token is read. A new mount
// has nothing to read from its records, so the other mounts need not wait for it.
func (b *Broker) Start(ctx context.Context) error {
	if err := b.mount.Join(ctx); err != nil {
		return err
	}
	fingerprints, err := b.Ledger.List(ctx)
	if err != nil || len(fingerprints) > 0 {
		return err
	}
	return b.load(ctx)
}

// load reads the ledger once. Until it has succeeded no token is requested and no lease is ended,
// because it is unknown which tokens are alive.
func (b *Broker) load(ctx context.Context) error {
	if b.isLoaded() {
		return nil
	}
	b.loading.Lock()
	defer b.loading.Unlock()
	if b.isLoaded() {
		return nil
	}
	for {
		before := b.resetCount()
		if err := b.mount.Join(ctx); err != nil {
			return err
		}
		rows, unreadable, err := b.rows(ctx)
		if err != nil {
			return err
		}
		if err := b.mount.Recall(ctx, mintTimes(rows), unreadable); err != nil {
			return err
		}
		if err := b.mount.RestoreBans(ctx); err != nil {
			return err
		}
		if b.take(rows, before) {
			return nil
		}
	}
}

// mintTimes are the times at which the tokens of rows were requested.
func mintTimes(rows []Row) []time.Time {
	times := make([]time.Time, len(rows))
	for i, row := range rows {
		times[i] = row.MintedAt
	}
	return times
}

// take fills memory with what was read, unless memory was reset after that: then what was read may
// be out of date.
func (b *Broker) take(rows []Row, after int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.resets != after {
		return false
	}
	for _, row := range rows {
		b.adopt(row)
	}
	b.loaded = true
	b.mount.Loaded()
	return true
}

// adopt takes a row of the ledger into memory. It is unknown who holds the token. mu is held.
func (b *Broker) adopt(row Row) {
	if row.Token == "" { // kept by an earlier version of a token that had ended: the next sweep deletes it
		row.ExpiresAt = time.Time{}
	}
	t := &token{Row: row, jitter: jitter(), holds: newHolds(), marked: !row.EndingSince.IsZero(), lastRead: b.Now()}
	b.tokens[row.Fingerprint] = t
	if b.servable(t) && (b.serving[row.Key] == nil || b.serving[row.Key].MintedAt.Before(row.MintedAt)) {
		b.serving[row.Key] = t
	}
}

// rows reads the whole ledger. A row that disappears meanwhile has ended. One that cannot be read
// affects no other.
func (b *Broker) rows(ctx context.Context) (rows []Row, unreadable []string, err error) {
	fingerprints, err := b.Ledger.List(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, fingerprint := range fingerprints {
		row, found, err := b.Ledger.Get(ctx, fingerprint)
		switch {
		case errors.Is(err, limits.ErrUnreadable):
			b.noteUnreadable(fingerprint, err)
			unreadable = append(unreadable, fingerprint)
		case err != nil:
			return nil, nil, err
		case found:
			rows = append(rows, row)
		}
	}
	return rows, unreadable, nil
}

func (b *Broker) resetCount() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.resets
}

func (b *Broker) isLoaded() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.loaded
}

// backgroundDeadline bounds a piece of work in the background.
const backgroundDeadline = 5 * time.Minute

// SweepSoon starts a sweep in the background. Where the queue may be longer than the pace admits at
// once, its tokens should not wait for the next periodic sweep.
func (b *Broker) SweepSoon() {
	b.sweeping.Soon(b.life, backgroundDeadline, b.sweep, func(err error) {
		b.Logger.Warn("revoking queued tokens; the rest is tried again within a minute", "error", err)
	})
}
