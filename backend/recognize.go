package backend

import (
	"errors"
	"maps"
	"sync"
	"time"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/input"
)

// Each secret that is submitted for a client that has one already is compared with it, and the
// responseBody tells whether it was the same. What is not the same costs a verification, and these are
// limited. So that nobody can try out secrets when that limit is used up, a secret is not compared
// until there is room again: its writer is refused as if it were new.
type pauses struct {
	mu  sync.Mutex
	all map[string]verificationPause // by the storage key of the client
}

// A pause is a verification that the limit has refused.
type verificationPause struct {
	reason string
	until  time.Time
}

// note keeps that a verification was refused because of the limit, if that is why.
func (p *pauses) note(key string, err error, now time.Time) {
	var throttled *broker.Throttled
	if !errors.As(err, &throttled) {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.all == nil {
		p.all = map[string]verificationPause{}
	}
	// anybody may try any name
	maps.DeleteFunc(p.all, func(_ string, old verificationPause) bool { return !now.Before(old.until) })
	p.all[key] = verificationPause{throttled.Reason, now.Add(min(throttled.RetryAfter, broker.Window))}
}

// check refuses again until there is room.
func (p *pauses) check(key string, now time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	last, ok := p.all[key]
	if !ok {
		return nil
	}
	if left := last.until.Sub(now); 0 < left && left <= broker.Window {
		return &broker.Throttled{Reason: last.reason, RetryAfter: left}
	}
	delete(p.all, key)
	return nil
}

// What a submitted secret is to a client that has some.
type secretKind int

const (
	newSecret     secretKind = iota // none of those that are stored
	currentSecret                   // the one that is in use
	olderSecret                     // one from before, whose tokens have not all ended
)

// recognize compares a submitted secret with those that are stored of the same Client ID, in
// constant time.
func (b *backend) recognize(key string, c client, clientID, secret string) (secretKind, error) {
	if err := input.CheckClientSecret(secret); err != nil {
		return newSecret, fault.Invalid(err)
	}
	if err := b.secrets.pauses.check(key, b.options.Now()); err != nil {
		return newSecret, err
	}
	found := newSecret
	for _, g := range c.Generations {
		if !g.ClientSecret.Is(secret) || g.ClientID != clientID {
			continue
		}
		if found = olderSecret; g.Number == c.last() {
			found = currentSecret
		}
	}
	return found, nil
}

// errOlderSecret is the answer to one of those.
var errOlderSecret = fault.BadRequest("Not saved: this is an older secret of this client. Choose Rotate Credentials " +
	"in the Dashboard and store the new one.")

// errSameSecret is the answer to a rotation that would change nothing.
var errSameSecret = fault.BadRequest("This secret is stored already for this client. Choose Rotate Credentials in " +
	"the Dashboard and store the new one.")
