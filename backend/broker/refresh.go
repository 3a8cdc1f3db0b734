package broker

import (
	"time"

	"vault-plugin-secrets-paxos/backend/limits"
)

// A refresh starts early enough that no reader ever waits for it: at the request's share of the
// token's life, or refreshMargin before the token has less life left than readers accept, whichever
// comes first.
const (
	refreshMargin = 2 * time.Minute
	refreshJitter = 0.05
)

// refreshAt is when the next reader starts a refresh of the token. That is before the token has
// less life left than readers accept, and after three eighths of its life whatever the settings, so
// that refreshes do not use up what the role may request.
func (t *token) refreshAt(req Request) time.Time {
	life := t.life()
	if life < shortLife {
		return t.MintedAt.Add(life / 2)
	}
	share := time.Duration(float64(life) * min(req.RefreshAt*(1+refreshJitter*t.jitter), 1))
	before := life - req.minimumLife(life) - min(refreshMargin, life/8)
	return t.MintedAt.Add(max(min(share, before), life*3/8))
}

// nextRead is when a reader of the token can learn something new by reading again: when a refresh
// is due, in a few seconds while a refresh is under way, and up to a minute later while refreshes
// fail.
func (t *token) nextRead(refreshAt, now time.Time) time.Time {
	switch {
	case t.rejected || t.suspect || t.settling:
		return latest(t.settleAt, t.nextTry, now.Add(firstRetry))
	case now.Before(refreshAt):
		return refreshAt
	case t.nextTry.After(now.Add(firstRetry)):
		return soonest(t.nextTry, now.Add(lastRetry))
	default:
		return now.Add(firstRetry)
	}
}

// refreshIfDue starts a token request in the background if the token is due for a refresh and none
// is under way. mu is held.
func (b *Broker) refreshIfDue(t *token, req Request, now time.Time) {
	if t.refreshing || now.Before(t.nextTry) && t.nextTry.Sub(now) <= limits.MaximumBan ||
		now.Before(t.refreshAt(req)) {
		return // a try further ahead than any ban was set before the clock went back
	}
	b.refresh(t, req)
}

// refresh starts the token request. It is a function of its own so that a hit, which starts none,
// allocates nothing for it. mu is held.
func (b *Broker) refresh(t *token, req Request) {
	t.refreshing = true
	go func() {
		result := <-b.flights.DoChan(req.flight(), func() (any, error) {
			return b.mintToReplace(t, req, limits.Refresh)
		})
		b.mu.Lock()
		defer b.mu.Unlock()
		t.refreshing = false
		if t.lastError = result.Err; result.Err == nil {
			t.failures = 0
			return
		}
		t.failures++
		t.nextTry = b.Now().Add(retryDelay(t.failures, result.Err))
		b.Logger.Warn("refreshing a token failed; the old one is served until it expires",
			"role", t.RoleName, "token_id", t.Fingerprint, "expires_at", t.ExpiresAt, "error", result.Err)
	}()
}
