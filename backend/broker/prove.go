package broker

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"vault-plugin-secrets-paxos/backend/paxos"
)

// proofLimit is how many token requests a mount may make in any Window to prove
// secrets, manageLimit how many to look after its clients at Paxos. Neither takes of
// the other: a root can be rotated however many leases have ended.
const (
	proofLimit  = 12
	manageLimit = 6
)

// management pays for what Manage asks. No role has that name.
const management = "clients/"

// Prove finds out whether a client's secret is right and whether it holds the
// scopes, with one token request within the budget. A refusal of a scope proves the
// secret too: Paxos looks at the secret first. The grant that it gets is given to
// use, if there is one, and ended before Prove returns, or put on the queue.
func (b *Broker) Prove(ctx context.Context, minter Minter, scopes []string, use func(context.Context, paxos.Grant) error) (holds bool, err error) {
	charge := Charge{Mount: b.Mount, Kind: Upkeep, Allowance: Allowance{Role: proofLimit, Mount: minter.Allowance.Mount}}
	return b.prove(ctx, minter, scopes, charge, use)
}

// Manage is Prove for a token that the engine uses itself, to look after the clients
// of the Entity.
func (b *Broker) Manage(ctx context.Context, minter Minter, scopes []string, use func(context.Context, paxos.Grant) error) (holds bool, err error) {
	charge := Charge{Mount: b.Mount, Role: management, Kind: Upkeep, Allowance: Allowance{Role: manageLimit, Mount: minter.Allowance.Mount}}
	return b.prove(ctx, minter, scopes, charge, use)
}

// prove does both.
func (b *Broker) prove(ctx context.Context, minter Minter, scopes []string, charge Charge, use func(context.Context, paxos.Grant) error) (holds bool, err error) {
	if err := b.load(ctx); err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), mintDeadline) // a token may land after the caller has left
	defer cancel()
	grant, asked, err := b.mintWithin(ctx, minter, charge, scopes)
	var answer *paxos.Error
	switch {
	case errors.As(err, &answer) && answer.Code == "invalid_scope":
		return false, nil
	case err != nil:
		return false, err
	}
	text := grant.AccessToken.Reveal()
	if b.known(Fingerprint(text)) {
		return true, nil // somebody may hold it: it is left alone
	}
	if _, err := verify(grant, scopes); err != nil {
		b.discard(minter.Client, grant.AccessToken)
		return false, err
	}
	t := &token{holds: newHolds(), marked: true, Row: Row{
		Fingerprint: Fingerprint(text), Token: text, Key: Key{Client: minter.Name}, Own: true, ClientID: minter.Client.ID(), Generation: minter.Generation,
		Scopes: slices.Clone(scopes), MintedAt: asked, ExpiresAt: asked.Add(grant.Lifetime - skew), EndingSince: b.Now(),
	}}
	if err := b.Ledger.Put(ctx, t.Row); err != nil {
		b.unrecord(t, minter.Client)
		return false, fmt.Errorf("recording a token: %w", err)
	}
	b.know(t)
	if use != nil {
		err = use(ctx, grant)
	}
	return true, errors.Join(err, b.endProof(ctx, minter, t))
}

// endProof ends the token of a proof. If Paxos cannot do it now, it is on the queue.
// The client may be one that is not stored, so it is not looked for there.
func (b *Broker) endProof(ctx context.Context, minter Minter, t *token) error {
	err := b.revokeWith(ctx, minter.Client, t.Row, atOnce)
	if err == nil {
		return b.drop(ctx, t)
	}
	b.failed(t, err)
	if minter.Unended != nil {
		minter.Unended(err)
	}
	b.Logger.Warn("the token of a proof could not be ended at Paxos yet; it is tried again until it is done or expired",
		"client_id", t.ClientID, "token_id", t.Fingerprint, "error", err)
	return nil
}
