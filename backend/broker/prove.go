package broker

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"vault-plugin-secrets-paxos/backend/paxos"
)

// verifyLimit is how many token requests a mount may make in any Window to verify
// secrets of one kind, manageLimit how many to look after its clients at Paxos.
const (
	verifyLimit = 12
	manageLimit = 6
)

// What pays for token requests that are no role's. No role has these names. None
// takes of another: however many wrong secrets are written to clients/, the root can
// be rotated.
const (
	verifyingRoot    = "config/"
	verifyingClients = "clients/"
	probing          = "probe/"
	managing         = "report/"
)

// purposes says of each what there was too much of.
var purposes = map[string]string{
	verifyingRoot: "This mount has verified secrets of its root client with %d token requests in 5 " +
		"minutes, the most it may",
	verifyingClients: "This mount has verified secrets of its clients with %d token requests in 5 minutes, " +
		"the most it may",
	probing:  "This mount has probed Paxos with %d token requests in 5 minutes, the most it may",
	managing: "This mount has looked after its clients with %d token requests in 5 minutes, the most it may",
}

// Prove finds out whether a client's secret is right and whether it holds the
// scopes, with one token request within the budget. A refusal of a scope proves the
// secret too: Paxos looks at the secret first. The grant that it gets is given to
// use, if there is one, and ended before Prove returns, or put on the queue. The root,
// which has no name, has room of its own for it.
func (b *Broker) Prove(ctx context.Context, minter Minter, scopes []string,
	use func(context.Context, paxos.Grant) error) (holds bool, err error) {
	purpose := verifyingClients
	if minter.Name == "" {
		purpose = verifyingRoot
	}
	return b.prove(ctx, minter, scopes, purpose, verifyLimit, use)
}

// Probe is Prove for questions about Paxos that a probe asks with the root.
func (b *Broker) Probe(ctx context.Context, minter Minter, scopes []string,
	use func(context.Context, paxos.Grant) error) (holds bool, err error) {
	return b.prove(ctx, minter, scopes, probing, verifyLimit, use)
}

// Manage is Prove for a token that the engine uses itself, to look after the clients
// of the Entity.
func (b *Broker) Manage(ctx context.Context, minter Minter, scopes []string,
	use func(context.Context, paxos.Grant) error) (holds bool, err error) {
	return b.prove(ctx, minter, scopes, managing, manageLimit, use)
}

// prove does all three.
func (b *Broker) prove(ctx context.Context, minter Minter, scopes []string, purpose string, limit int,
	use func(context.Context, paxos.Grant) error) (holds bool, err error) {
	if err := b.load(ctx); err != nil {
		return false, err
	}
	// a token may land after the caller has left
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), mintDeadline)
	defer cancel()
	request := b.begin()
	defer b.finish(request)
	b.asks(request, minter)
	charge := Charge{Mount: b.Mount, Role: purpose, Kind: Upkeep,
		Allowance: Allowance{Role: limit, Mount: minter.Allowance.Mount}}
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
		Fingerprint: Fingerprint(text), Token: text, Key: Key{Client: minter.Name}, Own: true,
		ClientID: minter.Client.ID(), Generation: minter.Generation,
		Scopes: slices.Clone(scopes), MintedAt: asked, ExpiresAt: asked.Add(b.usable(grant)), EndingSince: b.Now(),
	}}
	if err := b.Ledger.Put(ctx, t.Row); err != nil {
		b.unrecord(t, minter.Client)
		return false, fmt.Errorf("recording a token: %w", err)
	}
	t.using = use != nil
	b.know(t)
	if use != nil {
		err = b.use(ctx, t, grant, use)
	}
	return true, errors.Join(err, b.endProof(ctx, minter, t))
}

// endProof ends the token of a proof. If Paxos cannot do it now, it is on the queue.
// The client may be one that is not stored, so it is not looked for there.
func (b *Broker) endProof(ctx context.Context, minter Minter, t *token) error {
	err := b.revokeWith(ctx, minter.Client, b.rowOf(t), atOnce)
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

// use has the engine use a token of its own. Sweeps leave the token alone until then, also if the
// use panics.
func (b *Broker) use(ctx context.Context, t *token, grant paxos.Grant,
	use func(context.Context, paxos.Grant) error) error {
	defer func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		t.using = false
	}()
	return use(ctx, grant)
}
