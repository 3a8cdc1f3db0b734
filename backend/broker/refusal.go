package broker

import (
	"errors"
	"time"

	"vault-plugin-secrets-paxos/backend/paxos"
)

// refusalMemory is how long a definite refusal is repeated without asking Paxos again: a wrong
// secret must not use up the budget of all.
const refusalMemory = 30 * time.Second

// A refusal is a definite no from Paxos.
type refusal struct {
	err   error
	until time.Time
}

// remember notes why a token request failed, where the next request would fail for the same reason.
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

// recentRefusal returns what Paxos answered to the same question within the refusalMemory.
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
