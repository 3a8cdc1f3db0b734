package broker

import (
	"context"
	"errors"
	"time"

	"vault-plugin-secrets-paxos/backend/limits"
	"vault-plugin-secrets-paxos/backend/paxos"
)

// An Issued token is what one reader gets.
type Issued struct {
	AccessToken paxos.Secret
	Fingerprint string
	Issue       uint64 // names this reader's hold on a leased token
	ClientID    string
	Generation  int
	Scopes      []string
	MintedAt    time.Time
	ExpiresAt   time.Time
	RefreshAt   time.Time // when the next reader will start a refresh
	NextRead    time.Time // when a reader can learn something new; always ahead
	Stale       error     // why the token could not be refreshed, if it could not
	Minted      bool      // the reader waited for a token request, its own or one that others waited for too
	Doubt       *Doubt    // why the token may be one that Paxos rejects; nil where nothing says so
}

// Issue answers a reader from memory, from the ledger, or with a token request that all readers of
// the key share. The context of the caller bounds how long it waits, not the request.
func (b *Broker) Issue(ctx context.Context, req Request) (Issued, error) {
	if req.Rejected != "" && !req.Own {
		return b.issueInstead(ctx, req)
	}
	if issued, ok := b.hit(req); ok {
		return issued, nil
	}
	if err := b.load(ctx); err != nil {
		return Issued{}, err
	}
	if req.Own {
		return b.issueOwn(ctx, req)
	}
	if issued, ok := b.hit(req); ok { // the ledger had it
		return issued, nil
	}
	for range 2 { // a token may be ended between its mint and our hold on it; once more is enough
		select {
		case <-ctx.Done():
			return Issued{}, ctx.Err()
		case minted := <-b.flights.DoChan(req.flight(), func() (any, error) { return b.mintUnlessServed(req) }):
			if minted.Err != nil {
				return b.serveStale(req, minted.Err)
			}
		}
		if issued, ok := b.leftover(req); ok {
			issued.Minted = true
			return issued, nil
		}
	}
	return Issued{}, ErrEnded
}

// hit serves a key from memory if its token has the life that the reader accepts, and starts a
// refresh when one is due. It makes no call and never waits.
func (b *Broker) hit(req Request) (Issued, bool) {
	if req.Own {
		return Issued{}, false
	}
	now := b.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.serving[req.Key]
	if !t.isValid(now, req.minimumLife) {
		return Issued{}, false
	}
	b.refreshIfDue(t, req, now)
	b.settleIfDue(t, req, now)
	return b.hold(t, req, now), true
}

// leftover serves whatever life the token of the key has left. It starts no refresh, because a
// token request has just been tried.
func (b *Broker) leftover(req Request) (Issued, bool) {
	now := b.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.serving[req.Key]
	if req.Own || !t.isValid(now, anyLife) {
		return Issued{}, false
	}
	return b.hold(t, req, now), true
}

// mintUnlessServed requests a token for a reader who found none, unless another's request has ended
// in the meantime.
func (b *Broker) mintUnlessServed(req Request) (*token, error) {
	now := b.Now()
	b.mu.Lock()
	t := b.serving[req.Key]
	served := t.isValid(now, req.minimumLife)
	b.mu.Unlock()
	switch {
	case served:
		return t, nil
	case t.isValid(now, anyLife): // a refresh that comes late
		return b.mint(req, limits.Upkeep)
	}
	return b.mint(req, req.kind())
}

// hold gives a reader of this request the token. mu is held.
func (b *Broker) hold(t *token, req Request, now time.Time) Issued {
	issued := Issued{
		AccessToken: paxos.Hide(t.Token),
		Fingerprint: t.Fingerprint,
		ClientID:    t.ClientID,
		Generation:  t.Generation,
		Scopes:      t.Scopes,
		MintedAt:    t.MintedAt,
		ExpiresAt:   t.ExpiresAt,
		RefreshAt:   t.refreshAt(req),
		Stale:       t.lastError,
		Doubt:       t.doubt,
	}
	issued.NextRead = t.nextRead(issued.RefreshAt, now)
	t.lastRead = now
	if req.Leased {
		issued.Issue = t.holds.add(Holding{req.Holder, now})
		t.idleFrom, t.idleTTL = time.Time{}, req.IdleTTL
	}
	return issued
}

// issueOwn requests a token for one reader alone. If the reader leaves before the token arrives,
// the token is ended, because nobody would hold its lease.
func (b *Broker) issueOwn(ctx context.Context, req Request) (Issued, error) {
	type result struct {
		t   *token
		err error
	}
	done := make(chan result, 1)
	go func() {
		t, err := b.mint(req, limits.Own)
		done <- result{t, err}
	}()
	select {
	case minted := <-done:
		if minted.err != nil {
			return Issued{}, minted.err
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		issued := b.hold(minted.t, req, b.Now())
		issued.Minted = true
		return issued, nil
	case <-ctx.Done():
		go func() {
			if minted := <-done; minted.err == nil {
				b.abandon(minted.t, nil)
			}
		}()
		return Issued{}, ctx.Err()
	}
}

// serveStale falls back on a token with less life than the reader wanted, when Paxos gives no
// other. If the engine itself refused, it does not fall back.
func (b *Broker) serveStale(req Request, cause error) (Issued, error) {
	var mismatch *Mismatch
	var answer *paxos.Error
	if !temporary(cause) && !errors.As(cause, &answer) && !errors.As(cause, &mismatch) {
		return Issued{}, cause
	}
	issued, ok := b.leftover(req)
	if !ok {
		return Issued{}, cause
	}
	issued.Stale = cause
	return issued, nil
}

// issueInstead answers a reader who says that Paxos answered 401 to a token. If the reader's key
// serves that token, Paxos is asked, and the reader gets another token where there is one. Any
// other fingerprint makes no difference, whether it is of a superseded token, of another role's or
// of none, so that a reader learns nothing from it.
func (b *Broker) issueInstead(ctx context.Context, req Request) (Issued, error) {
	word := req.Rejected
	req.Rejected = ""
	if err := b.load(ctx); err != nil {
		return Issued{}, err
	}
	t := b.served(req, word)
	if t == nil {
		return b.Issue(ctx, req)
	}
	var doubt *Doubt
	select {
	case <-ctx.Done():
		return Issued{}, ctx.Err()
	case done := <-b.asking.flights.DoChan(t.Fingerprint, func() (any, error) {
		return b.inquire(t, req, atOnce), nil
	}):
		doubt = done.Val.(*Doubt)
	}
	issued, err := b.Issue(ctx, req)
	switch {
	case err != nil:
	case issued.Fingerprint != word:
		issued.Minted = true
	case doubt != nil:
		issued.Doubt = doubt
	}
	return issued, err
}

// served is the token that the request's key serves, if it has that fingerprint and the life that
// the reader accepts.
func (b *Broker) served(req Request, fingerprint string) *token {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.serving[req.Key]
	if !t.isValid(b.Now(), req.minimumLife) || t.Fingerprint != fingerprint {
		return nil
	}
	return t
}
