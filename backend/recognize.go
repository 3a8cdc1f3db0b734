package backend

import (
	"errors"
	"maps"
	"sync"
	"time"

	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/limits"
)

// A secretKind says what a submitted secret is to a client.
type secretKind int

const (
	newSecret     secretKind = iota // not stored
	currentSecret                   // the one that is in use
	olderSecret                     // of an earlier generation, whose tokens have not all ended
)

// pauses remember for which clients the limit of verifications is used up.
//
// A secret that is submitted for a client is compared with those that are stored, and the response
// tells whether it is one of them. A secret that is none of them costs a verification, and the
// number of verifications is limited. If secrets were still compared when the limit is used up, a
// caller could try out as many secrets as it likes. So while a pause lasts no secret is compared:
// all are refused alike.
type pauses struct {
	mu  sync.Mutex
	all map[string]verificationPause // by the storage key of the client
}

// A verificationPause says why a verification was refused because of the limit, and until when.
type verificationPause struct {
	reason string
	until  time.Time
}

// errOlderSecret refuses a secret of an earlier generation.
var errOlderSecret = fault.BadRequest("Not saved: this is an older secret of this client. Choose Rotate Credentials " +
	"in the Dashboard and store the new one.")

// errSameSecret refuses a rotation with the secret that is in use.
var errSameSecret = fault.BadRequest("This secret is already stored for this client. Choose Rotate Credentials in " +
	"the Dashboard and store the new one.")

// recognize compares a submitted secret with the stored secrets of the same Client ID, each in
// constant time. key is the storage key of the client.
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

// note remembers the refusal of a verification. It ignores errors that do not come from the limit.
func (p *pauses) note(key string, err error, now time.Time) {
	var throttled *limits.Throttled
	if !errors.As(err, &throttled) {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.all == nil {
		p.all = map[string]verificationPause{}
	}
	// Pauses that are over are dropped here. Otherwise callers that try many names could fill the
	// memory.
	maps.DeleteFunc(p.all, func(_ string, old verificationPause) bool { return !now.Before(old.until) })
	p.all[key] = verificationPause{throttled.Reason, now.Add(min(throttled.RetryAfter, limits.Window))}
}

// check refuses while a pause lasts, with the reason of the refusal that began it.
func (p *pauses) check(key string, now time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	last, ok := p.all[key]
	if !ok {
		return nil
	}
	if left := last.until.Sub(now); 0 < left && left <= limits.Window {
		return &limits.Throttled{Reason: last.reason, RetryAfter: left}
	}
	delete(p.all, key)
	return nil
}
