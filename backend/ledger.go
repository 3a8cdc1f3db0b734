package backend

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/limits"
	"vault-plugin-secrets-paxos/backend/store"
)

// A ledger stores the broker's records in Vault's storage.
type ledger struct{ storage logical.Storage }

// ledgerEntry is the record of a token as it is stored.
type ledgerEntry struct {
	store.Versioned
	broker.Row
}

// banEntry is a ban by Paxos's rate limit as it is stored.
type banEntry struct {
	store.Versioned
	limits.Ban
}

// requestEntry is a token request as it is stored.
type requestEntry struct {
	store.Versioned
	limits.TokenRequest
}

// neighborsEntry is the record of the other mounts as it is stored.
type neighborsEntry struct {
	store.Versioned
	Others limits.Neighborhood `json:"others"`
}

// List returns the fingerprints of all tokens on record.
func (l ledger) List(ctx context.Context) ([]string, error) {
	fingerprints, err := l.storage.List(ctx, ledgerPrefix)
	if err != nil {
		return nil, fmt.Errorf("listing the ledger: %w", err)
	}
	return fingerprints, nil
}

// Get reads the record of a token, and reports whether there is one.
func (l ledger) Get(ctx context.Context, fingerprint string) (broker.Row, bool, error) {
	entry, err := store.Load[ledgerEntry](ctx, l.storage, ledgerPrefix+fingerprint)
	if errors.Is(err, store.ErrNotFound) {
		return broker.Row{}, false, nil
	}
	return entry.Row, err == nil, asUnreadable(err)
}

// Put writes the record of a token.
func (l ledger) Put(ctx context.Context, row broker.Row) error {
	return store.Put(ctx, l.storage, ledgerPrefix+row.Fingerprint, ledgerEntry{store.Current, row})
}

// Delete removes the record of a token.
func (l ledger) Delete(ctx context.Context, fingerprint string) error {
	return store.Delete(ctx, l.storage, ledgerPrefix+fingerprint)
}

// Bans reads every ban. One that cannot be read is returned with its route alone.
func (l ledger) Bans(ctx context.Context) ([]limits.Ban, error) {
	routes, err := l.storage.List(ctx, bansPrefix)
	if err != nil {
		return nil, fmt.Errorf("listing the bans: %w", err)
	}
	var bans []limits.Ban
	for _, route := range routes {
		entry, err := store.Load[banEntry](ctx, l.storage, bansPrefix+route)
		switch {
		case errors.Is(err, store.ErrNotFound): // removed since the listing
		case errors.Is(asUnreadable(err), limits.ErrUnreadable):
			bans = append(bans, limits.Ban{Route: route, Unreadable: true})
		case err != nil:
			return nil, err
		default:
			bans = append(bans, entry.Ban)
		}
	}
	return bans, nil
}

// PutBan writes a ban.
func (l ledger) PutBan(ctx context.Context, ban limits.Ban) error {
	return store.Put(ctx, l.storage, bansPrefix+ban.Route, banEntry{store.Current, ban})
}

// DeleteBan removes a ban.
func (l ledger) DeleteBan(ctx context.Context, route string) error {
	return store.Delete(ctx, l.storage, bansPrefix+route)
}

// Requests reads every token request. One that cannot be read is returned with its ID alone.
func (l ledger) Requests(ctx context.Context) ([]limits.TokenRequest, error) {
	ids, err := l.storage.List(ctx, requestsPrefix)
	if err != nil {
		return nil, fmt.Errorf("listing the token requests: %w", err)
	}
	requests := make([]limits.TokenRequest, 0, len(ids))
	for _, id := range ids {
		entry, err := store.Load[requestEntry](ctx, l.storage, requestsPrefix+id)
		switch {
		case errors.Is(err, store.ErrNotFound): // removed since the listing
			continue
		case errors.Is(asUnreadable(err), limits.ErrUnreadable):
			entry = requestEntry{}
		case err != nil:
			return nil, err
		}
		entry.ID = id
		requests = append(requests, entry.TokenRequest)
	}
	return requests, nil
}

// PutRequest writes a token request.
func (l ledger) PutRequest(ctx context.Context, request limits.TokenRequest) error {
	return store.Put(ctx, l.storage, requestsPrefix+request.ID, requestEntry{store.Current, request})
}

// DeleteRequest removes a token request.
func (l ledger) DeleteRequest(ctx context.Context, id string) error {
	return store.Delete(ctx, l.storage, requestsPrefix+id)
}

// Neighbors reads which other mounts the process has or had, and which endpoints they use. It
// returns nil if nothing is stored.
func (l ledger) Neighbors(ctx context.Context) (limits.Neighborhood, error) {
	entry, err := store.Load[neighborsEntry](ctx, l.storage, neighborsKey)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return entry.Others, asUnreadable(err)
}

// PutNeighbors writes which other mounts the process has or had.
func (l ledger) PutNeighbors(ctx context.Context, all limits.Neighborhood) error {
	return store.Put(ctx, l.storage, neighborsKey, neighborsEntry{store.Current, all})
}

// asUnreadable returns err so that the broker recognises an entry that exists but cannot be read:
// with limits.ErrUnreadable in its chain.
func asUnreadable(err error) error {
	var damaged *store.Unreadable
	if errors.As(err, &damaged) {
		return fmt.Errorf("%w: %w", limits.ErrUnreadable, err)
	}
	return err
}
