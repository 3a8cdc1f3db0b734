package broker

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"vault-plugin-secrets-paxos/backend/limits"
	"vault-plugin-secrets-paxos/backend/paxos"
)

// verifyLimit is how many token requests a mount may make in any Window to verify secrets of one
// kind, manageLimit how many to look after its clients at Paxos.
const (
	verifyLimit = 12
	manageLimit = 6
)

// A purpose is what the mount itself needs a token for.
type purpose struct {
	payer     string // no role has such a name
	limit     int    // of token requests in any Window
	exhausted string // the refusal, with %d for the limit
}

// The purposes. None uses the limit of another: however many wrong secrets are written to clients/,
// the root can be rotated.
var (
	verifyingRoot = purpose{"config/", verifyLimit, "This mount used all %d token requests per 5 minutes that " +
		"are for verifying secrets of the root client"}
	verifyingClients = purpose{"clients/", verifyLimit, "This mount used all %d token requests per 5 minutes that " +
		"are for verifying secrets of stored clients"}
	probing  = purpose{"probe/", verifyLimit, "This mount used all %d token requests per 5 minutes that are for probes"}
	managing = purpose{"report/", manageLimit, "This mount used all %d token requests per 5 minutes that are " +
		"for listing and deleting credentials at Paxos"}
)

// VerifySecret finds out whether a client's secret is right and whether the client holds the scopes,
// with one token request within the budget. An error that paxos.LacksScopes reports verifies the secret
// too, because Paxos looks at the secret first. The grant is given to use, unless that is nil. Its
// token is ended before VerifySecret returns, or put on the queue. The root, which has no name, has a
// limit of its own.
func (b *Broker) VerifySecret(ctx context.Context, minter Minter, scopes []string,
	use func(context.Context, paxos.Grant) error) error {
	why := verifyingClients
	if minter.Name == "" {
		why = verifyingRoot
	}
	return b.requestForMount(ctx, minter, scopes, why, use)
}

// Probe is VerifySecret for questions about Paxos that a probe asks with the root.
func (b *Broker) Probe(ctx context.Context, minter Minter, scopes []string,
	use func(context.Context, paxos.Grant) error) error {
	return b.requestForMount(ctx, minter, scopes, probing, use)
}

// Manage is VerifySecret for a token that the engine uses itself, to look after the clients of the
// Paxos Entity.
func (b *Broker) Manage(ctx context.Context, minter Minter, scopes []string,
	use func(context.Context, paxos.Grant) error) error {
	return b.requestForMount(ctx, minter, scopes, managing, use)
}

// requestForMount does the work of VerifySecret, Probe and Manage.
func (b *Broker) requestForMount(ctx context.Context, minter Minter, scopes []string, why purpose,
	use func(context.Context, paxos.Grant) error) error {
	if err := b.load(ctx); err != nil {
		return err
	}
	// a token may land after the caller has left
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), mintDeadline)
	defer cancel()
	request := b.begin()
	defer b.finish(request)
	b.asks(request, minter)
	charge := limits.Charge{Role: why.payer, Exhausted: why.exhausted, Kind: limits.Upkeep,
		Allowance: limits.Allowance{Role: why.limit, Mount: minter.Allowance.Mount}}
	grant, asked, err := b.mintWithin(ctx, minter, charge, scopes)
	if err != nil {
		return err
	}
	text := grant.AccessToken.Reveal()
	if b.known(Fingerprint(text)) {
		return nil // somebody may hold it: it is left alone
	}
	if _, err := checkGrant(grant, scopes); err != nil {
		b.discard(minter.Client, grant.AccessToken)
		return err
	}
	t := &token{holds: newHolds(), marked: true, Row: Row{
		Fingerprint: Fingerprint(text), Token: text, Key: Key{Client: minter.Name}, Own: true,
		ClientID: minter.Client.ID(), Generation: minter.Generation,
		Scopes: slices.Clone(scopes), MintedAt: asked, ExpiresAt: asked.Add(b.usable(grant)), EndingSince: b.Now(),
	}}
	if err := b.Ledger.Put(ctx, t.Row); err != nil {
		b.unrecord(t, minter.Client)
		return fmt.Errorf("recording a token: %w", err)
	}
	t.using = use != nil
	b.know(t)
	if use != nil {
		err = b.use(ctx, t, grant, use)
	}
	return errors.Join(err, b.endOfMount(ctx, minter, t))
}

// endOfMount ends a token that the mount requested for itself. If Paxos cannot do it now, the token
// is on the queue. The client may be one that is not stored, so it is not looked up in storage.
func (b *Broker) endOfMount(ctx context.Context, minter Minter, t *token) error {
	err := b.revokeWith(ctx, minter.Client, b.rowOf(t), atOnce)
	if err == nil {
		return b.drop(ctx, t)
	}
	b.failed(t, err)
	if minter.Unended != nil {
		minter.Unended(err)
	}
	b.Logger.Warn("the token that verified a secret could not be revoked yet; this is retried until it is revoked or expires",
		"client_id", t.ClientID, "token_id", t.Fingerprint, "error", err)
	return nil
}

// use has the engine use a token of its own. Sweeps leave the token alone until the use returns or
// panics.
func (b *Broker) use(ctx context.Context, t *token, grant paxos.Grant,
	use func(context.Context, paxos.Grant) error) error {
	defer func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		t.using = false
	}()
	return use(ctx, grant)
}
