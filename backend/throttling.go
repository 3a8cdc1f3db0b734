package backend

import (
	"time"

	"vault-plugin-secrets-paxos/backend/broker"
)

// throttlingState is what bounds the calls of the mount at the moment. Times that have
// passed are zero.
type throttlingState struct {
	budget, used     int  // of token requests
	known            bool // used is; else it is all of the budget
	bannedUntil      time.Time
	callsBannedUntil time.Time
}

// throttlingState tells it, if it is known where the calls go.
func (b *backend) throttling(c config, settings connection) throttlingState {
	complete, err := settings.settings(c.Environment)
	if err != nil {
		return throttlingState{known: true} // nothing can have been sent
	}
	now, way := b.options.Now(), complete.Way()
	used, budget, known := b.options.Limits.Budget(complete.TokenURL).Usage(now)
	throttle := b.options.Limits.Throttle(way)
	told := throttlingState{budget: budget, used: used, known: known, bannedUntil: throttle.BannedUntil(now)}
	if ban := throttle.Ban(way); now.Before(ban.CallUntil) {
		told.callsBannedUntil = ban.CallUntil
	}
	return told
}

// countEnding counts the tokens that Paxos has yet to be made to revoke.
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
