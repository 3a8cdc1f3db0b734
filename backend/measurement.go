package backend

import (
	"context"
	"strconv"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/payment"
)

// A measurement is the state of the mount at one moment, for the gauges. Times are zero if what they
// are the time of is not so.
type measurement struct {
	rows         []broker.Row
	ending       int            // tokens that are still to be revoked at Paxos
	clients      map[string]int // stored clients by state
	stoppedAt    time.Time      // when the mount was paused, because it may be a restored snapshot
	lockedAt     time.Time      // when the lockdown began
	throttling   throttlingState
	secretAge    time.Duration // of the root client's secret
	secretMaxAge time.Duration
	lastSuccess  time.Time // of the latest successful token request
	listedAt     time.Time // time of the latest list of credentials from Paxos
	findings     map[tally]int

	signDailyLimits payment.Limits // of the guardrails
	dailyShares     map[dailyLimit]float64
}

// measure collects a measurement from storage, the broker and the limits. It makes no request to
// Paxos.
func (b *backend) measure(ctx context.Context, s logical.Storage) (state measurement, err error) {
	settings, err := b.loadSettings(ctx, s)
	if err != nil {
		return state, err
	}
	if state.rows, err = b.broker.Live(ctx); err != nil {
		return state, err
	}
	if state.clients, err = clientsByState(ctx, s); err != nil {
		return state, err
	}
	state.ending = countEnding(state.rows, b.options.Now())
	state.stoppedAt, state.lockedAt = settings.pulse.Stopped, settings.lockdown.Since
	state.listedAt, state.secretMaxAge = settings.list.ListedAt, settings.config.CredentialMaxAge
	state.signDailyLimits = settings.guardrails.SignDailyLimits
	if g, ok := settings.root.current(); ok {
		state.secretAge = b.options.Now().Sub(g.Since)
	}
	if minted := b.metrics.minted.Load(); minted > 0 {
		state.lastSuccess = time.Unix(minted, 0)
	}
	// Live tokens may be from an earlier process, whose successes this one has not counted.
	for _, row := range state.rows {
		if row.Key.Role != "" && row.MintedAt.After(state.lastSuccess) {
			state.lastSuccess = row.MintedAt
		}
	}
	state.throttling, state.findings = b.throttling(settings.config, settings.connection), b.tallied()
	return state, nil
}

// set sets the gauges.
func (m measurement) set(g gauges) {
	g.live.Set(float64(len(m.rows)))
	g.queued.Set(float64(m.ending))
	g.budget.Set(float64(m.throttling.budget))
	g.used.Set(float64(m.throttling.used))
	g.known.Set(oneIf(m.throttling.known))
	g.banned.Set(oneIf(!m.throttling.bannedUntil.IsZero()))
	g.banEnds.WithLabelValues("token").Set(unixTime(m.throttling.bannedUntil))
	g.banEnds.WithLabelValues("api").Set(unixTime(m.throttling.callsBannedUntil))
	g.stopped.Set(oneIf(!m.stoppedAt.IsZero()))
	g.stoppedSince.Set(unixTime(m.stoppedAt))
	g.lockdown.Set(oneIf(!m.lockedAt.IsZero()))
	g.lockdownSince.Set(unixTime(m.lockedAt))
	g.secretAge.Set(m.secretAge.Seconds())
	g.secretMaxAge.Set(m.secretMaxAge.Seconds())
	g.lastSuccess.Set(unixTime(m.lastSuccess))
	g.lastComparison.Set(unixTime(m.listedAt))
	for state, count := range m.clients {
		g.clients.WithLabelValues(state).Set(float64(count))
	}
	for kind, count := range m.findings {
		g.findings.WithLabelValues(kind.report, kind.severity.String(),
			strconv.FormatBool(kind.accepted)).Set(float64(count))
	}
	g.daily.Reset() // a limit or its signer may be gone
	for limit, share := range m.dailyShares {
		g.daily.WithLabelValues(limit.signer, limit.asset).Set(share)
	}
}

// oneIf is the value of a gauge that says yes or no: 1 or 0.
func oneIf(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// unixTime is the value of a gauge for a time: 0 for the zero time.
func unixTime(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.Unix())
}
