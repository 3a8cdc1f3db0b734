package broker

import (
	"context"
	"errors"

	"vault-plugin-secrets-paxos/backend/paxos"
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
		log.Debug("a token is left to expire: no stored client can revoke it", "expires_at", row.ExpiresAt)
		return errNobody
	}
	for _, client := range clients {
		if err = b.revokeWith(ctx, client, row, try); err == nil {
			log.Info("token revoked")
			b.Observe(Observation{What: Revoked, Row: row.public(), Role: row.RoleName, Kind: row.kind()})
			return nil
		}
		var answer *paxos.Error
		if !errors.As(err, &answer) || answer.Code != "invalid_client" {
			break
		}
	}
	if errors.Is(err, errPaced) {
		return err
	}
	log.Warn("a token could not be ended at Paxos yet; it is tried again until it is done or expired", "error", err)
	b.Observe(Observation{What: RevokeFailed, Row: row.public(), Role: row.RoleName, Kind: row.kind(), Err: err})
	return err
}

// revokeWith makes one call, when its turn comes.
func (b *Broker) revokeWith(ctx context.Context, client *paxos.Client, row Row, try patience) error {
	if err := b.enter(ctx, client.Way(), try); err != nil {
		return err
	}
	err := client.Revoke(ctx, paxos.Hide(row.Token))
	b.leave(client.Way(), err)
	return err
}

// failed takes note that a token is on the queue because a try to revoke it failed. Every
// token gets there by this function. One that only waits for its turn does not wait for the
// next tick: the queue is worked off at once.
func (b *Broker) failed(t *token, cause error) {
	switch {
	case errors.Is(cause, errPaced):
		b.SweepSoon()
		return
	case errors.Is(cause, errBehind):
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	t.attempts++
	t.lastFail = cause
}

// kept reports whether an idle token is kept although its time is over, because
// minting another would take of what little is left of the budget.
func (b *Broker) kept(ctx context.Context, t *token) bool {
	now, row := b.Now(), b.rowOf(t)
	if row.expired(now) {
		return false
	}
	clients, err := b.Revokers(ctx, row)
	return err == nil && len(clients) > 0 && b.Limits.Budget(clients[0].TokenURL()).Scarce(now)
}
