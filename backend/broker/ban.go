package broker

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"vault-plugin-secrets-paxos/backend/paxos"
)

// banned keeps a ban, so that whoever comes after this process does not run into it
// again. It is in force whether it can be kept or not.
func (b *Broker) banned(way string, cause error) {
	ban := b.Limits.Throttle(way).Ban(way)
	b.Logger.Error("Paxos throttles this address: nothing is asked of it until the ban ends",
		"tokens_from", ban.TokenUntil, "calls_from", ban.CallUntil, "error", cause)
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
func (b *Broker) mintWithin(ctx context.Context, minter Minter, charge Charge, scopes []string) (paxos.Grant, time.Time, error) {
	way := minter.Client.Way()
	throttle := b.Limits.Throttle(way)
	if err := throttle.CheckToken(b.Now()); err != nil {
		return paxos.Grant{}, time.Time{}, err // without spending budget
	}
	budget := b.Limits.Budget(minter.Client.TokenURL())
	b.recall(budget)
	now := b.Now()
	at, err := budget.Reserve(now, charge)
	if err != nil {
		return paxos.Grant{}, at, err
	}
	if at.After(now) {
		if err := b.Wait(ctx, at.Sub(now)); err != nil {
			return paxos.Grant{}, at, err
		}
	}
	if err := throttle.EnterToken(b.Now()); err != nil {
		return paxos.Grant{}, at, err
	}
	grant, err := minter.Client.Mint(ctx, scopes)
	var refused *paxos.Error
	if errors.As(err, &refused) {
		refused.Client = minter.Name // for whoever tells people about it
	}
	if throttle.LeaveToken(b.Now(), err) {
		b.banned(way, err)
	}
	return grant, at, err
}

// recall tells a budget of the mints that the ledger knows and this process may not
// have made.
func (b *Broker) recall(budget *Budget) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.recalled[budget] {
		return
	}
	b.recalled[budget] = true
	recent := slices.Collect(maps.Values(b.ended))
	for _, t := range b.tokens {
		recent = append(recent, t.Row)
	}
	recent = slices.DeleteFunc(recent, func(row Row) bool { return !b.counts(row) })
	budget.Recall(b.Now(), b.Mount, recent)
}
