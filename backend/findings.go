package backend

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/broker"
)

// The reports, as metrics call them.
const (
	privilegeReport = "least-privilege"
	driftReport     = "drift"
)

// reviews makes both reports from what is stored. Nobody asks Paxos.
func (b *backend) reviews(ctx context.Context, s logical.Storage, mount string) (map[string]*review, error) {
	req := &logical.Request{Storage: s, MountPoint: mount}
	seen, err := b.comparison(ctx, s)
	if err != nil {
		return nil, err
	}
	p, settings, err := b.privileges(ctx, req, seen)
	if err != nil {
		return nil, err
	}
	if _, err := p.roles(ctx, s); err != nil {
		return nil, err
	}
	p.lookAtClients(p.callers)
	p.mountWide(settings)
	r, err := b.review(ctx, req, seen)
	if err != nil {
		return nil, err
	}
	r.lookAtClients(p.callers)
	r.drift()
	return map[string]*review{privilegeReport: p.review, driftReport: r}, nil
}

// allFindings are those of both reports, whether accepted or not. One that both have
// comes once.
func (b *backend) allFindings(ctx context.Context, s logical.Storage, mount string) ([]finding, error) {
	reviews, err := b.reviews(ctx, s, mount)
	if err != nil {
		return nil, err
	}
	both := review{findings: append(reviews[privilegeReport].findings, reviews[driftReport].findings...)}
	return both.sorted(), nil
}

// A tally is how many findings there are of a kind, for metrics.
type tally struct {
	report   string
	severity severity
	accepted bool
}

// tallies remember how many findings the reports had when they were last made, because
// to make them takes a read of every role.
type tallies struct {
	turns *broker.Turns

	mu     sync.Mutex
	counts map[tally]int // nil: the reports were not made yet
	at     time.Time     // when they were last begun for metrics
}

// tallyPause is how often the metrics have the reports made at most.
const tallyPause = time.Minute

// tallied is what the reports had when they were last made. If that was a minute ago,
// they are made again in the background: nobody who reads metrics waits for it.
func (b *backend) tallied() map[tally]int {
	now := b.options.Now()
	b.tallies.mu.Lock()
	counts, age := b.tallies.counts, now.Sub(b.tallies.at)
	due := counts == nil || age < 0 || age >= tallyPause
	b.tallies.mu.Unlock()
	if due {
		b.judgeSoon()
	}
	return counts
}

// outdate has the reports made again for the next who reads the metrics.
func (t *tallies) outdate() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.at = time.Time{}
}

// judgeSoon has the reports made in the background, for the metrics.
func (b *backend) judgeSoon() {
	b.tallies.mu.Lock()
	b.tallies.at = b.options.Now()
	b.tallies.mu.Unlock()
	b.tallies.turns.Soon(b.life, periodicDeadline, b.judge, func(err error) {
		b.logger.Warn("making the reports for the metrics failed; it is tried again when the metrics are read "+
			"in a minute", "error", err)
	})
}

// judge makes the reports and counts their findings.
func (b *backend) judge(ctx context.Context) error {
	reviews, err := b.reviews(ctx, b.storage, mountMark)
	if err != nil {
		return fmt.Errorf("making the reports: %w", err)
	}
	counts := map[tally]int{}
	for report, r := range reviews {
		for i := range severities {
			for _, accepted := range []bool{false, true} {
				counts[tally{report, severity(i), accepted}] = 0
			}
		}
		open, accepted := r.judged()
		for _, f := range open {
			counts[tally{report, f.Severity, false}]++
		}
		for _, a := range accepted {
			counts[tally{report, a.Severity, true}]++
		}
	}
	b.tallies.mu.Lock()
	defer b.tallies.mu.Unlock()
	b.tallies.counts = counts
	return nil
}
