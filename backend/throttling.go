package backend

import (
	"time"

	"vault-plugin-secrets-paxos/backend/broker"
)

// throttling is what bounds the calls of the mount at the moment. Times that have
// passed are zero.
type throttling struct {
	budget, used     int  // of token requests
	known            bool // used is; else it is all of the budget
	bannedUntil      time.Time
	callsBannedUntil time.Time
}

// throttling tells it, if it is known where the calls go.
func (b *backend) throttling(c config, settings connection) throttling {
	complete, err := settings.settings(c.Environment)
	if err != nil {
		return throttling{known: true} // nothing can have been sent
	}
	now, way := b.options.Now(), complete.Way()
	used, budget, known := b.options.Limits.Budget(complete.TokenURL).Usage(now)
	throttle := b.options.Limits.Throttle(way)
	told := throttling{budget: budget, used: used, known: known, bannedUntil: throttle.BannedUntil(now)}
	if ban := throttle.Ban(way); now.Before(ban.CallUntil) {
		told.callsBannedUntil = ban.CallUntil
	}
	return told
}

// ending counts the tokens that Paxos has yet to be made to revoke.
func ending(rows []broker.Row, now time.Time) int {
	count := -waiting(rows, now)
	for _, row := range rows {
		if !row.EndingSince.IsZero() {
			count++
		}
	}
	return count
}

// waiting counts the tokens whose grace lasts.
func waiting(rows []broker.Row, now time.Time) int {
	count := 0
	for _, row := range rows {
		if row.Waits(now) {
			count++
		}
	}
	return count
}
