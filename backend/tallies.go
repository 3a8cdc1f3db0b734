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

// Names of the reports in the metrics.
const (
	privilegeReport = "least-privilege"
	driftReport     = "drift"
)

// tallyPause is the shortest time between two counts for the metrics.
const tallyPause = time.Minute

// A tally names one number of findings in the metrics.
type tally struct {
	report   string
	severity report.Severity
	accepted bool
}

// tallies remember the number of findings from the latest reports. Making the reports for every
// read of the metrics would cost a storage read for every role.
type tallies struct {
	turns *broker.SerialJob

	mu     sync.Mutex
	counts map[tally]int // nil: the reports were not made yet
	at     time.Time     // when the latest count began; zero if the counts are out of date
}

// tallied returns the number of findings in the latest reports. If they are older than tallyPause
// or out of date, the reports are made again in the background, so that a read of the metrics does
// not wait for them.
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

// outdate marks the counts as out of date. The next read of the metrics then starts a new count.
func (t *tallies) outdate() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.at = time.Time{}
}

// judgeSoon makes the reports for the metrics in the background.
func (b *backend) judgeSoon() {
	b.tallies.mu.Lock()
	b.tallies.at = b.options.Now()
	b.tallies.mu.Unlock()
	b.tallies.turns.Soon(b.life, periodicDeadline, b.judge, func(err error) {
		b.logger.Warn("could not make the reports for the metrics; retrying when the metrics are "+
			"read in a minute", "error", err)
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

// bothReports makes both reports from what is stored, without a request to Paxos. The keys are the
// names of the reports.
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

// allFindings returns the findings of both reports, accepted or not.
func (b *backend) allFindings(ctx context.Context, s logical.Storage, mount string) ([]report.Finding, error) {
	reports, err := b.bothReports(ctx, s, mount)
	if err != nil {
		return nil, err
	}
	return report.Merged(reports[privilegeReport], reports[driftReport]), nil
}
