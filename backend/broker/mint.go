package broker

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"vault-plugin-secrets-paxos/backend/paxos"
)

// mintDeadline bounds a mint with all its storage operations; cleanUpDeadline what
// is done about a token that cannot be handed out.
const (
	mintDeadline    = 30 * time.Second
	cleanUpDeadline = 5 * time.Second
)

// refusalMemory is how long a definite refusal answers for Paxos: a wrong secret
// must not spend the budget of all.
const refusalMemory = 30 * time.Second

// ErrEnded reports that the token was ended while it was being handed out.
var ErrEnded = errors.New("the token was ended while it was being handed out; read again")

// A refusal is a definite no that Paxos gave a moment ago.
type refusal struct {
	err   error
	until time.Time
}

// mint gets one token from Paxos and records it. It runs on a context of its own:
// whoever asked may be gone, and others may be waiting. Order matters: permission
// is asked before Paxos is and again after the token is on record, so that a
// rotation, a lockdown or a narrowed role that came in between finds it either
// way; and the record comes before anybody can hold the token.
func (b *Broker) mint(req Request) (minted *token, err error) {
	defer func() {
		if cause := recover(); cause != nil { // a panic here would take every mount's plugin process down
			b.Logger.Error("a mint panicked", "type", fmt.Sprintf("%T", cause), "stack", string(debug.Stack()))
			minted, err = nil, errors.New("minting an access token: internal error, see Vault's log")
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), mintDeadline)
	defer cancel()
	minter, err := req.Authorize(ctx)
	if err != nil {
		return nil, err
	}
	if err := b.recentRefusal(req, minter); err != nil {
		return nil, err
	}
	budget := b.Budget(minter.Client.TokenURL())
	b.recall(budget)
	asked := b.Now()
	if err := budget.Take(asked); err != nil {
		return nil, err
	}
	grant, err := minter.Client.Mint(ctx, req.Scopes)
	if err != nil {
		b.remember(req, minter, budget, err)
		return nil, err
	}
	t, err := b.record(ctx, req, minter, grant, asked)
	if err != nil {
		return nil, err
	}
	if _, err := req.Authorize(ctx); err != nil {
		b.abandon(t)
		return nil, err
	}
	b.Logger.Info("token minted", "role", req.RoleName, "client_id", t.ClientID, "generation", t.Generation,
		"token_id", t.Fingerprint, "expires_at", t.ExpiresAt)
	return t, b.serve(t)
}

// record judges the grant and writes its row; what cannot be kept is revoked.
func (b *Broker) record(ctx context.Context, req Request, minter Minter, grant paxos.Grant, asked time.Time) (*token, error) {
	text := grant.AccessToken.Reveal()
	scopes, err := verify(grant, req.Scopes)
	if b.known(Fingerprint(text)) {
		return nil, &Mismatch{"a token that was granted before"} // somebody may hold it: it is left alone
	}
	if err != nil {
		b.discard(minter.Client, grant.AccessToken)
		b.rememberFor(req.flight(), err)
		return nil, err
	}
	t := &token{
		Row: Row{
			Fingerprint: Fingerprint(text), Token: text, Key: req.Key, Own: req.Own, RoleName: req.RoleName,
			ClientID: minter.Client.ID(), Generation: minter.Generation, Scopes: scopes,
			MintedAt: asked, ExpiresAt: asked.Add(grant.Lifetime - skew),
		},
		jitter: jitter(), issues: map[uint64]bool{}, counted: true, idleTTL: req.IdleTTL,
	}
	if err := b.Ledger.Put(ctx, t.Row); err != nil {
		b.discard(minter.Client, grant.AccessToken)
		return nil, fmt.Errorf("recording a token: %w", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tokens[t.Fingerprint] = t
	return t, nil
}

// serve makes a recorded token the one that readers of its key get. If it was
// ended since, it stays ended.
func (b *Broker) serve(t *token) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.tokens[t.Fingerprint] != t || !t.EndingSince.IsZero():
		return ErrEnded
	case !t.Own:
		old := b.serving[t.Key]
		b.serving[t.Key] = t
		if old != nil {
			old.lastError = nil
			b.startIdling(old) // superseded: whoever still holds it keeps it, nobody else gets it
		}
	}
	return nil
}

// discard revokes a token that was granted but is not handed out. Nothing keeps a
// record of it: if this fails too, it lives until Paxos lets it expire.
func (b *Broker) discard(client *paxos.Client, token paxos.Secret) {
	ctx, cancel := context.WithTimeout(context.Background(), cleanUpDeadline)
	defer cancel()
	if token.Reveal() == "" {
		return
	}
	if err := client.Revoke(ctx, token); err != nil {
		b.Logger.Warn("a token that was refused could not be revoked; it expires by itself",
			"client_id", client.ID(), "token_id", Fingerprint(token.Reveal()), "error", err)
	}
}

func (b *Broker) known(fingerprint string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.tokens[fingerprint] != nil
}

// recall tells the budget of the mints that the ledger knows and this process may
// not have made.
func (b *Broker) recall(budget *Budget) {
	now := b.Now()
	var times []time.Time
	b.mu.Lock()
	for _, t := range b.tokens {
		if now.Sub(t.MintedAt) < Window {
			times = append(times, t.MintedAt)
		}
	}
	b.mu.Unlock()
	budget.Recall(times, now)
}

// remember draws the consequences of a failed mint for those who ask next.
func (b *Broker) remember(req Request, minter Minter, budget *Budget, err error) {
	var answer *paxos.Error
	if !errors.As(err, &answer) {
		return
	}
	switch {
	case answer.Throttled():
		budget.Ban(b.Now(), answer.RetryAfter)
		b.Logger.Error("Paxos throttles this address: no token is minted until the ban ends", "error", err)
	case answer.Temporary():
	case answer.Code == "invalid_client":
		b.rememberFor(minter.refusalKey(), err)
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
		if r, ok := b.refused[key]; ok && now.Before(r.until) {
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
