package broker

import (
	"context"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"golang.org/x/sync/singleflight"
	"golang.org/x/time/rate"

	"vault-plugin-secrets-paxos/backend/paxos"
)

// revocationRate bounds the calls to Paxos's revocation endpoint, per second. Paxos
// documents 50/s for what has no limit of its own; that this endpoint falls under
// it is inferred.
const revocationRate = 40

// Options are what a Broker works with.
type Options struct {
	Ledger Ledger
	Budget func(tokenURL string) *Budget
	// Revokers returns the clients that can end a row's token, the likeliest first:
	// the current secret of the Client ID that minted, then older ones. None is
	// no error: the token is left to expire.
	Revokers func(ctx context.Context, row Row) ([]*paxos.Client, error)
	// Closing reports that storage is about to go, so that a queue helps nobody.
	Closing func() bool
	Logger  hclog.Logger
	Now     func() time.Time
}

// A Broker serves one mount. Use New.
type Broker struct {
	Options
	flights singleflight.Group // by Key.flight: never two mints for one key
	pace    *rate.Limiter      // of revocations

	loading sync.Mutex // serialises load, so that one caller reads the ledger for all

	mu      sync.Mutex
	loaded  bool               // the ledger has been read
	resets  int                // how often all was forgotten
	tokens  map[string]*token  // fingerprint → every token not known to have ended
	serving map[Key]*token     // what the next reader of a key gets
	refused map[string]refusal // definite refusals of the last moments: flight or generation → what was said
}

// A token is a Row and what only memory knows of it.
type token struct {
	Row
	jitter float64 // in [-1, 1]: spreads refreshes of tokens minted together

	issues   map[uint64]bool // leases on it: true while they last
	live     int             // how many of them last
	counted  bool            // issues is complete; false once a restart made it unknown
	idleFrom time.Time       // when the last lease ended; zero while any lasts
	idleTTL  time.Duration   // how long it is kept then

	refreshing bool
	failures   int       // refreshes that failed in a row
	nextTry    time.Time // no refresh before this
	lastError  error     // why the last refresh failed
}

// New returns a broker that has not touched storage yet.
func New(options Options) *Broker {
	b := &Broker{Options: options, pace: rate.NewLimiter(revocationRate, revocationRate)}
	b.clear()
	return b
}

// Reset forgets all that came from storage, because another node changed it.
func (b *Broker) Reset() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.clear()
}

// clear empties memory. mu is held, or nobody else has b yet.
func (b *Broker) clear() {
	b.resets++
	b.loaded = false
	b.tokens = map[string]*token{}
	b.serving = map[Key]*token{}
	b.refused = map[string]refusal{}
}

// load reads the ledger once. Until it has succeeded nothing is minted and no
// lease is ended, because what is alive would be unknown.
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
		rows, err := b.Ledger.Load(ctx)
		if err != nil {
			return err
		}
		if b.take(rows, before) {
			return nil
		}
	}
}

// take fills memory from what was read after so many resets, unless there has been
// another since: then it may be old.
func (b *Broker) take(rows []Row, after int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.resets != after {
		return false
	}
	for _, row := range rows {
		t := &token{Row: row, jitter: jitter(), issues: map[uint64]bool{}} // who holds it is not known any more
		b.tokens[row.Fingerprint] = t
		if b.servable(t) && (b.serving[row.Key] == nil || b.serving[row.Key].MintedAt.Before(row.MintedAt)) {
			b.serving[row.Key] = t
		}
	}
	b.loaded = true
	return true
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

// servable reports whether a token may be handed to readers of its key.
func (b *Broker) servable(t *token) bool {
	return !t.Own && t.EndingSince.IsZero() && !t.expired(b.Now())
}
