package broker

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"vault-plugin-secrets-paxos/backend/limits"
	"vault-plugin-secrets-paxos/backend/paxos"
)

// ErrEnded reports that the token was ended while it was being handed out.
var ErrEnded = errors.New("the token was ended while it was being handed out; read again")

// mint gets one token from Paxos and records it. It runs on a context of its own, because the
// reader who asked may have left while others are waiting. The order matters. Permission is asked
// before Paxos is, and again after the token is on record, so that a rotation, a lockdown or a
// narrowed role in between finds the token either way. The token is on record before any reader can
// hold it.
func (b *Broker) mint(req Request, kind limits.Kind) (minted *token, err error) {
	var recorded *token
	defer func() {
		if cause := recover(); cause != nil { // a panic here would take every mount's plugin process down
			b.Logger.Error("a token request panicked", "type", fmt.Sprintf("%T", cause), "stack", string(debug.Stack()))
			minted, err = nil, errors.New("requesting an access token: internal error, see Vault's log")
			if recorded != nil {
				b.abandon(recorded, nil)
			}
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), mintDeadline)
	defer cancel()
	request := b.begin()
	defer b.finish(request)
	minter, err := req.Authorize(ctx)
	if err != nil {
		return nil, err
	}
	b.asks(request, minter)
	if err := b.recentRefusal(req, minter); err != nil {
		return nil, err
	}
	if err := b.checkNarrowed(req); err != nil {
		return nil, err
	}
	t, err := b.mintAndRecord(ctx, req, minter, kind)
	if err != nil {
		b.Observe(Observation{What: MintFailed, Role: req.RoleName, Kind: kind, Err: origin(err)})
		return nil, err
	}
	recorded = t
	b.Observe(Observation{What: Minted, Row: b.rowOf(t).public(), Role: req.RoleName, Kind: kind,
		Took: b.Now().Sub(t.MintedAt)})
	if _, err := req.Authorize(ctx); err != nil {
		b.abandon(t, minter.Client)
		return nil, err
	}
	b.Logger.Info("token minted", "role", req.RoleName, "client_id", t.ClientID, "generation", t.Generation,
		"token_id", t.Fingerprint, "expires_at", t.ExpiresAt)
	b.makeNarrowedRoom(req)
	return t, b.serve(t)
}

// mintToReplace requests a token unless the old one has been replaced in the meantime.
func (b *Broker) mintToReplace(old *token, req Request, kind limits.Kind) (*token, error) {
	if now := b.replacement(old); now != nil {
		return now, nil
	}
	return b.mint(req, kind)
}

// replacement returns the token that the key of an old one serves now. It returns nil if that is
// still the old one, or none.
func (b *Broker) replacement(old *token) *token {
	b.mu.Lock()
	defer b.mu.Unlock()
	if now := b.serving[old.Key]; now != old {
		return now
	}
	return nil
}

// mintAndRecord asks Paxos for a token and records what it granted.
func (b *Broker) mintAndRecord(ctx context.Context, req Request, minter Minter, kind limits.Kind) (*token, error) {
	charge := limits.Charge{Role: req.RoleName, Kind: kind, Allowance: minter.Allowance}
	grant, asked, err := b.mintWithin(ctx, minter, charge, req.Scopes)
	if err != nil {
		b.remember(req, minter, err)
		return nil, err
	}
	return b.record(ctx, req, minter, grant, asked)
}

// record checks the grant and writes its row. A token that cannot be kept is revoked.
func (b *Broker) record(ctx context.Context, req Request, minter Minter, grant paxos.Grant,
	asked time.Time) (*token, error) {
	text := grant.AccessToken.Reveal()
	scopes, err := checkGrant(grant, req.Scopes)
	known := b.known(Fingerprint(text))
	if known { // a reader may hold it: it is left alone
		err = &Mismatch{"Paxos granted the same token before"}
	}
	if err != nil {
		b.rememberFor(req.flight(), err)
		if !known {
			b.discard(minter.Client, grant.AccessToken)
		}
		return nil, err
	}
	t := &token{
		Row: Row{
			Fingerprint: Fingerprint(text), Token: text, Key: req.Key, Own: req.Own, Narrowed: req.Narrowed,
			RoleName: req.RoleName,
			ClientID: minter.Client.ID(), Generation: minter.Generation, Scopes: scopes,
			MintedAt: asked, ExpiresAt: asked.Add(b.usable(grant)),
		},
		jitter: jitter(), holds: newHolds(), counted: true, idleTTL: req.IdleTTL, opener: req.Caller, lastRead: b.Now(),
	}
	if err := b.Ledger.Put(ctx, t.Row); err != nil {
		b.unrecord(t, minter.Client)
		return nil, fmt.Errorf("recording a token: %w", err)
	}
	b.know(t)
	return t, nil
}

// unrecord ends a token whose row could not be written. The write may have happened all the same,
// and a restart would serve the token. So it stays on the queue of this process until its row is
// certainly deleted.
func (b *Broker) unrecord(t *token, client *paxos.Client) {
	t.EndingSince = b.Now()
	b.know(t)
	if !b.discard(client, paxos.Hide(t.Token)) {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), cleanUpDeadline)
	defer cancel()
	if err := b.drop(ctx, t); err != nil {
		b.Logger.Warn("the record of a rejected token could not be deleted; this is retried", "token_id",
			t.Fingerprint, "error", err)
	}
}

// serve makes a recorded token the one that readers of its key get. If the token was ended since,
// it stays ended.
func (b *Broker) serve(t *token) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.tokens[t.Fingerprint] != t || !t.EndingSince.IsZero():
		return ErrEnded
	case !t.Own:
		if before := b.serving[t.Key]; before != nil {
			t.opener = before.opener // a refresh does not change whose set it is
		}
		b.serving[t.Key] = t   // those who hold the one before keep it
		t.startIdling(b.Now()) // until its first reader comes, which after a refresh may be never
	}
	return nil
}

// discard revokes a token that was granted but is not handed out, and reports whether Paxos did it.
// Such a token has no record: if this fails, it is valid until it expires.
func (b *Broker) discard(client *paxos.Client, text paxos.Secret) bool {
	ctx, cancel := context.WithTimeout(context.Background(), cleanUpDeadline)
	defer cancel()
	if text.Reveal() == "" {
		return true
	}
	err := client.Revoke(ctx, text)
	if err != nil {
		b.Logger.Warn("a rejected token could not be revoked; it is valid until it expires",
			"client_id", client.ID(), "token_id", Fingerprint(text.Reveal()), "error", err)
	}
	return err == nil
}

// origin returns what Paxos answered, for people who look for causes. If Paxos was not asked, it
// returns the error itself.
func origin(err error) error {
	//nolint:errorlint // an error around it has a text of its own, which must be kept
	if t, ok := err.(*limits.Throttled); ok && t.Cause != nil {
		return t.Cause
	}
	return err
}
