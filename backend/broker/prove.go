package broker

import (
	"context"
	"errors"
	"fmt"

	"vault-plugin-secrets-paxos/backend/paxos"
)

// proofLimit is how many secrets a mount may verify in any Window.
const proofLimit = 12

// Prove finds out whether a client's secret is right, with one mint for scope
// within the budget, and ends the token that it gets. A refusal of the scope
// proves the secret too: Paxos looks at the secret first.
func (b *Broker) Prove(ctx context.Context, minter Minter, scope string) error {
	if err := b.load(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), mintDeadline) // a token may land after the caller has left
	defer cancel()
	charge := Charge{Mount: b.Mount, Kind: Upkeep, Allowance: Allowance{Role: proofLimit, Mount: minter.Allowance.Mount}}
	grant, asked, err := b.mintWithin(ctx, minter, charge, []string{scope})
	var answer *paxos.Error
	switch {
	case errors.As(err, &answer) && answer.Code == "invalid_scope":
		return nil
	case err != nil:
		return err
	}
	if b.known(Fingerprint(grant.AccessToken.Reveal())) {
		return nil // somebody may hold it: it is left alone
	}
	if _, err := verify(grant, []string{scope}); err != nil {
		b.discard(minter.Client, grant.AccessToken)
		return err
	}
	return b.endProof(ctx, minter, grant, Row{
		Own: true, ClientID: minter.Client.ID(), Generation: minter.Generation,
		Scopes: []string{scope}, MintedAt: asked, ExpiresAt: asked.Add(grant.Lifetime - skew),
	})
}

// endProof revokes the token of a proof, or puts it on the queue.
func (b *Broker) endProof(ctx context.Context, minter Minter, grant paxos.Grant, row Row) error {
	revokeErr := minter.Client.Revoke(ctx, grant.AccessToken)
	if revokeErr == nil {
		return nil
	}
	row.Token = grant.AccessToken.Reveal()
	row.Fingerprint = Fingerprint(row.Token)
	row.EndingSince = b.Now()
	if err := b.Ledger.Put(ctx, row); err != nil {
		return fmt.Errorf("recording a token that could not be revoked: %w", err)
	}
	b.Logger.Warn("the token of a proof could not be ended at Paxos yet; it is tried again until it is done or expired",
		"client_id", row.ClientID, "token_id", row.Fingerprint, "error", revokeErr)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tokens[row.Fingerprint] = &token{Row: row}
	return nil
}
