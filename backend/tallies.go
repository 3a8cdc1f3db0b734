package backend

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/report"
)

// The reports, as metrics call them.
const (
	privilegeReport = "least-privilege"
	driftReport     = "drift"
)

// bothReports makes them from what is stored, without a call to Paxos.
func (b *backend) bothReports(ctx context.Context, s logical.Storage, mount string) (map[string]*report.Review, error) {
	seen, err := b.credentialList(ctx, s)
	if err != nil {
		return nil, err
	}
	facts, err := b.facts(ctx, s, mount, seen)
	if err != nil {
		return nil, err
	}
	return map[string]*report.Review{
		privilegeReport: report.LeastPrivilege(facts).Review, driftReport: report.Drift(facts),
	}, nil
}

// allFindings are those of both reports, whether accepted or not.
func (b *backend) allFindings(ctx context.Context, s logical.Storage, mount string) ([]report.Finding, error) {
	reports, err := b.bothReports(ctx, s, mount)
	if err != nil {
		return nil, err
	}
	return report.Merged(reports[privilegeReport], reports[driftReport]), nil
}

// A tally is how many findings there are of a kind, for metrics.
type tally struct {
	report   string
	severity report.Severity
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
	reports, err := b.bothReports(ctx, b.storage, mountMark)
	if err != nil {
		return fmt.Errorf("making the reports: %w", err)
	}
	counts := map[tally]int{}
	for name, r := range reports {
		for _, severity := range report.Severities() {
			counts[tally{name, severity, false}], counts[tally{name, severity, true}] = 0, 0
		}
		open, accepted := r.Divided()
		for _, f := range open {
			counts[tally{name, f.Severity, false}]++
		}
		for _, a := range accepted {
			counts[tally{name, a.Severity, true}]++
		}
	}
	b.tallies.mu.Lock()
	defer b.tallies.mu.Unlock()
	b.tallies.counts = counts
	return nil
}
