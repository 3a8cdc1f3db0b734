package broker

import (
	"context"
	"errors"
	"time"

	"vault-plugin-secrets-paxos/backend/paxos"
)

// banned keeps a ban, so that the process after this one does not run into it again.
// It is in force whether it can be kept or not.
func (b *Broker) banned(way string, cause error) {
	ban := b.Limits.Throttle(way).Ban(way)
	known := []any{"error", cause}
	if !ban.TokenUntil.IsZero() {
		known = append(known, "tokens_from", ban.TokenUntil)
	}
	if !ban.CallUntil.IsZero() {
		known = append(known, "calls_from", ban.CallUntil)
	}
	b.Logger.Error("Paxos throttles this address: nothing is asked of it until the ban ends", known...)
	b.Observe(Observation{What: Banned, Err: cause})
	ctx, cancel := context.WithTimeout(context.Background(), cleanUpDeadline)
	defer cancel()
	if err := b.Ledger.PutBan(ctx, ban); err != nil {
		b.Logger.Warn("a ban could not be stored; after a restart it would be met again", "error", err)
	}
}

// restoreBans brings back what an earlier process knew.
func (b *Broker) restoreBans(ctx context.Context) error {
	bans, err := b.Ledger.Bans(ctx)
	if err != nil {
		return err
	}
	for _, ban := range bans {
		if ban.Unreadable {
			b.Logger.Error("the record of a ban cannot be read: if it lasts, Paxos's next answer says so", "way",
				ban.Way)
			continue
		}
		b.Limits.Throttle(ban.Way).restore(b.Now(), ban)
	}
	return nil
}

// forgetBans drops the stored bans that are over.
func (b *Broker) forgetBans(ctx context.Context) error {
	bans, err := b.Ledger.Bans(ctx)
	if err != nil {
		return err
	}
	for _, ban := range bans {
		if !ban.over(b.Now()) {
			continue
		}
		if err := b.Ledger.DeleteBan(ctx, ban.Way); err != nil {
			return err
		}
	}
	return nil
}

// mintWithin asks Paxos for a token within the budget and when there is no ban. It
// returns when the request counts as sent.
func (b *Broker) mintWithin(ctx context.Context, minter Minter, charge Charge,
	scopes []string) (paxos.Grant, time.Time, error) {
	way := minter.Client.Way()
	throttle := b.Limits.Throttle(way)
	if err := throttle.CheckToken(b.Now()); err != nil {
		return paxos.Grant{}, time.Time{}, err // without spending budget
	}
	request, err := b.book(ctx, minter.Client.TokenURL(), charge)
	if err != nil {
		return paxos.Grant{}, time.Time{}, err
	}
	if err := throttle.EnterToken(b.Now()); err != nil {
		return paxos.Grant{}, request.At, err
	}
	grant, err := b.requestToken(ctx, throttle, minter, scopes)
	return grant, request.At, err
}

// requestToken makes a token request that was let out, and takes note of how it ended, also if it
// panics: it may be the one that finds out for every mount whether a ban is over.
func (b *Broker) requestToken(ctx context.Context, throttle *Throttle, minter Minter,
	scopes []string) (grant paxos.Grant, err error) {
	err = errUnfinished
	defer func() {
		if throttle.LeaveToken(b.Now(), err) {
			b.banned(minter.Client.Way(), err)
			err = throttle.explain(b.Now(), err)
		}
	}()
	grant, err = minter.Client.Mint(ctx, scopes)
	var refused *paxos.Error
	if errors.As(err, &refused) {
		refused.Client = minter.Name // for the text that people read
	}
	return grant, err
}

// book finds room in the budget for a token request, waits until it may be sent, and
// writes it down.
func (b *Broker) book(ctx context.Context, tokenURL string, charge Charge) (TokenRequest, error) {
	budget := b.Limits.Budget(tokenURL)
	now := b.Now()
	request, err := budget.Reserve(now, charge)
	if err != nil {
		return request, err
	}
	request.Endpoint = paxos.CanonicalURL(tokenURL)
	if request.At.After(now) {
		if err := b.Wait(ctx, request.At.Sub(now)); err != nil {
			budget.cancel(request.ID)
			return request, err
		}
	}
	return b.writeAhead(ctx, budget, request)
}
