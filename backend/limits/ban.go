package limits

import (
	"errors"
	"time"

	"vault-plugin-secrets-paxos/backend/paxos"
)

// A ban is as long as Paxos says, within these bounds. Where Paxos says nothing, it is as long as
// Paxos's documentation says.
const (
	DefaultBan = 5 * time.Minute
	minimumBan = time.Second
	MaximumBan = 15 * time.Minute
)

// What a caller is told during a ban.
const (
	rateLimited = "Paxos is rate-limiting the address that Vault calls from"
	banAdvice   = "New tokens can be requested again in %s. Tokens already cached are still served; calls to " +
		"Paxos from the same address may be refused meanwhile."
)

// RateLimited is the refusal while Paxos refuses all requests from this address, for that long.
func RateLimited(left time.Duration) *Throttled {
	return &Throttled{Reason: rateLimited, RetryAfter: left, Advice: banAdvice, Banned: true}
}

// BanFor is how long a ban lasts that begins with this answer of Paxos, 0 if none does.
func BanFor(err error) time.Duration {
	var answer *paxos.Error
	switch {
	case !errors.As(err, &answer) || !answer.Throttled():
		return 0
	case answer.RetryAfter == 0:
		return DefaultBan
	}
	return min(max(answer.RetryAfter, minimumBan), MaximumBan)
}

// A Ban is the state of a throttle as it is kept across restarts.
type Ban struct {
	Route      string    `json:"way"`
	TokenUntil time.Time `json:"token_until"`
	CallUntil  time.Time `json:"call_until"`
	Unreadable bool      `json:"-"` // only Route is known
}

// over reports whether both times of the ban have passed. A time that was never set has passed.
func (b Ban) over(now time.Time) bool { return !now.Before(b.TokenUntil) && !now.Before(b.CallUntil) }

// cut shortens what would last longer than any ban, because it was stored before the clock was set
// back.
func (b Ban) cut(now time.Time) Ban {
	last := now.Add(MaximumBan)
	if b.TokenUntil.After(last) {
		b.TokenUntil = last
	}
	if b.CallUntil.After(last) {
		b.CallUntil = last
	}
	return b
}
