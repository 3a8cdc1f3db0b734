package backend

import (
	"time"

	"vault-plugin-secrets-paxos/backend/broker"
)

// A throttlingState says what limits the calls of the mount now. Times that have passed are zero.
type throttlingState struct {
	budget, used     int  // token requests per 5 minutes that are allowed, and those of the last 5 minutes
	known            bool // used is known; otherwise used is the whole budget
	bannedUntil      time.Time
	callsBannedUntil time.Time
}

// throttling returns the state of the limits for the configured connection. If the settings are not
// complete, nothing can have been sent, so nothing is limited.
func (b *backend) throttling(c config, settings connection) throttlingState {
	complete, err := settings.settings(c.Environment)
	if err != nil {
		return throttlingState{known: true}
	}
	now, route := b.options.Now(), complete.Route()
	used, budget, known := b.options.Limits.Budget(complete.TokenURL).Usage(now)
	throttle := b.options.Limits.Throttle(route)
	state := throttlingState{budget: budget, used: used, known: known, bannedUntil: throttle.BannedUntil(now)}
	if ban := throttle.Ban(route); now.Before(ban.CallUntil) {
		state.callsBannedUntil = ban.CallUntil
	}
	return state
}

// countEnding counts the tokens that are still to be revoked at Paxos, without those whose grace
// lasts.
func countEnding(rows []broker.Row, now time.Time) int {
	count := -countWaiting(rows, now)
	for _, row := range rows {
		if !row.EndingSince.IsZero() {
			count++
		}
	}
	return count
}

// countWaiting counts the tokens whose grace lasts.
func countWaiting(rows []broker.Row, now time.Time) int {
	count := 0
	for _, row := range rows {
		if row.Waits(now) {
			count++
		}
	}
	return count
}
