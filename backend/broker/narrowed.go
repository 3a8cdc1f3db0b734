package broker

import (
	"fmt"
	"time"
)

// mostNarrowed is how many subsets of a role's scopes may have a live token at a
// time: there are more subsets than anybody could pay for.
const mostNarrowed = 8

// roomForNarrowed refuses a further subset of the role's scopes while there are as
// many as may be.
func (b *Broker) roomForNarrowed(req Request) error {
	if !req.Narrowed || req.Own {
		return nil
	}
	now := b.Now()
	sets := map[string]time.Time{} // to when the last token of each expires
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, t := range b.tokens {
		if t.Narrowed && !t.Own && t.Key.Role == req.Role && t.EndingSince.IsZero() && !t.expired(now) {
			if t.ExpiresAt.After(sets[t.Key.Scopes]) {
				sets[t.Key.Scopes] = t.ExpiresAt
			}
		}
	}
	if _, ok := sets[req.Key.Scopes]; ok || len(sets) < mostNarrowed {
		return nil
	}
	var first time.Time
	for _, end := range sets {
		if first.IsZero() || end.Before(first) {
			first = end
		}
	}
	return &Throttled{
		Reason:     fmt.Sprintf("tokens for %d subsets of the scopes of role %q are alive, the most there may be: ask for one of those, or for all", mostNarrowed, req.RoleName),
		RetryAfter: first.Sub(now),
	}
}
