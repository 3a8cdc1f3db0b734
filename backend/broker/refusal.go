package broker

import (
	"errors"
	"fmt"
	"time"

	"vault-plugin-secrets-paxos/backend/paxos"
)

// refusalMemory is how long a definite refusal answers for Paxos: a wrong secret
// must not spend the budget of all.
const refusalMemory = 30 * time.Second

// A refusal is a definite no that Paxos gave a moment ago.
type refusal struct {
	err   error
	until time.Time
}

// remember draws the consequences of a failed mint for those who ask next.
func (b *Broker) remember(req Request, minter Minter, err error) {
	var answer *paxos.Error
	if !errors.As(err, &answer) {
		return
	}
	switch {
	case answer.Temporary():
	case answer.Code == "invalid_client":
		b.rememberFor(minter.refusalKey(), err)
		b.suspect(minter, err)
	default:
		b.rememberFor(req.flight(), err)
	}
}

// refusalKey is what a refused client is remembered by: a new secret is a new
// generation, and so not refused.
func (m Minter) refusalKey() string { return fmt.Sprintf("%s\x00%d", m.Client.ID(), m.Generation) }

func (b *Broker) rememberFor(key string, err error) {
	now := b.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	for old, r := range b.refused {
		if !now.Before(r.until) {
			delete(b.refused, old)
		}
	}
	b.refused[key] = refusal{err: err, until: now.Add(refusalMemory)}
}

// recentRefusal returns what Paxos said to the same question a moment ago.
func (b *Broker) recentRefusal(req Request, minter Minter) error {
	now := b.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, key := range []string{minter.refusalKey(), req.flight()} {
		// or the clock was set back
		if r, ok := b.refused[key]; ok && now.Before(r.until) && r.until.Sub(now) <= refusalMemory {
			return r.err
		}
	}
	return nil
}

// temporary reports whether the failure says nothing against the token that is
// being served: Paxos, or our budget, is out of reach for now.
func temporary(err error) bool {
	var answer *paxos.Error
	var throttled *Throttled
	return errors.As(err, &throttled) || errors.As(err, &answer) && answer.Temporary()
}

// retryAfter is how long the failure itself asks to be left alone.
func retryAfter(err error) time.Duration {
	var throttled *Throttled
	if errors.As(err, &throttled) {
		return throttled.RetryAfter
	}
	return 0
}
