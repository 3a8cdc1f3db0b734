package broker

import (
	"context"
	"errors"

	"vault-plugin-secrets-paxos/backend/paxos"
)

// ErrClosing says that a token was not revoked and that nothing will retry it, because the mount is being
// disabled.
var ErrClosing = errors.New("the mount is being disabled, so the revocation cannot be queued")

// These say why a token has not ended at Paxos although nothing went wrong.
var (
	errBehind = errors.New("waiting behind other revocations")
	errNobody = errors.New("no stored client can revoke it; it expires by itself")
)

// revoke asks Paxos to end the token, with each client that may be able to.
func (b *Broker) revoke(ctx context.Context, row Row, try patience) error {
	if try == never {
		return errBehind
	}
	log := b.Logger.With("role", row.RoleName, "client_id", row.ClientID, "token_id", row.Fingerprint)
	clients, err := b.Revokers(ctx, row)
	if err != nil {
		return err
	}
	if len(clients) == 0 {
		log.Debug("a token stays valid until it expires: no stored client can revoke it", "expires_at", row.ExpiresAt)
		return errNobody
	}
	for _, client := range clients {
		if err = b.revokeWith(ctx, client, row, try); err == nil {
			log.Info("token revoked")
			b.Observe(Observation{What: Revoked, Row: row.public(), Role: row.RoleName, Kind: row.kind()})
			return nil
		}
		if !disowned(err) && !errors.Is(err, errBackedOff) {
			break
		}
	}
	if errors.Is(err, errPaced) || errors.Is(err, errBackedOff) {
		return err
	}
	log.Warn("a token could not be revoked yet; this is retried until it is revoked or expires", "error", err)
	b.Observe(Observation{What: RevokeFailed, Row: row.public(), Role: row.RoleName, Kind: row.kind(), Err: err})
	return err
}

// revokeWith makes one call with a client when its turn comes, unless Paxos has just refused the
// client.
func (b *Broker) revokeWith(ctx context.Context, client *paxos.Client, row Row, try patience) error {
	claimed, may := b.mayTry(client, row.Fingerprint)
	if !may {
		return errBackedOff
	}
	if err := b.enter(ctx, client.Route(), try); err != nil {
		b.giveBack(claimed)
		return err
	}
	err := b.entered(client.Route(), func() error { return client.Revoke(ctx, paxos.Hide(row.Token)) })
	b.learn(client, row.Fingerprint, err)
	return err
}

// failed notes why a try to revoke a token failed, and how long to wait before the next try. mark
// has put the token on the queue. If the token only waits for its turn, a sweep starts at once,
// because the token should not wait for the next periodic one.
func (b *Broker) failed(t *token, cause error) {
	switch {
	case errors.Is(cause, errPaced):
		b.SweepSoon()
		return
	case errors.Is(cause, errBehind), errors.Is(cause, errBackedOff):
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if definite(cause) && (!refusesAll(cause) || ambiguous(cause)) {
		t.nextEnd = b.Now().Add(backoffAfter(t.attempts))
	}
	t.attempts++
	t.lastFail = cause
}

// kept reports whether an idle token is kept although its time is over, because the budget is
// nearly used up and another token would have to be requested. A token that no reader can get any
// more is not kept.
func (b *Broker) kept(ctx context.Context, t *token) bool {
	now := b.Now()
	b.mu.Lock()
	row, serving := t.Row, b.serving[t.Key] == t
	b.mu.Unlock()
	if row.expired(now) || !serving {
		return false
	}
	clients, err := b.Revokers(ctx, row)
	return err == nil && len(clients) > 0 && b.Limits.Budget(clients[0].TokenURL()).Scarce(now)
}
