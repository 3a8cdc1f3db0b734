package backend

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/store"
)

// ledger keeps the broker's records in Vault's storage.
type ledger struct{ storage logical.Storage }

// ledgerEntry is a row as it is stored.
type ledgerEntry struct {
	store.Versioned
	broker.Row
}

// banEntry is a ban as it is stored.
type banEntry struct {
	store.Versioned
	broker.Ban
}

// requestEntry is a token request as it is stored.
type requestEntry struct {
	store.Versioned
	broker.TokenRequest
}

// neighborsEntry is the record of the other mounts as it is stored.
type neighborsEntry struct {
	store.Versioned
	Others broker.Neighborhood `json:"others"`
}

// List returns the fingerprints of all rows.
func (l ledger) List(ctx context.Context) ([]string, error) {
	fingerprints, err := l.storage.List(ctx, ledgerPrefix)
	if err != nil {
		return nil, fmt.Errorf("listing the ledger: %w", err)
	}
	return fingerprints, nil
}

// Get reads a row, if there is one.
func (l ledger) Get(ctx context.Context, fingerprint string) (broker.Row, bool, error) {
	entry, err := store.Load[ledgerEntry](ctx, l.storage, ledgerPrefix+fingerprint)
	if errors.Is(err, store.ErrNotFound) {
		return broker.Row{}, false, nil
	}
	return entry.Row, err == nil, asUnreadable(err)
}

// asUnreadable tells the broker that an entry is there and cannot be read.
func asUnreadable(err error) error {
	var damaged *store.Unreadable
	if errors.As(err, &damaged) {
		return fmt.Errorf("%w: %w", broker.ErrUnreadable, err)
	}
	return err
}

// Put writes a row.
func (l ledger) Put(ctx context.Context, row broker.Row) error {
	return store.Put(ctx, l.storage, ledgerPrefix+row.Fingerprint, ledgerEntry{store.Current, row})
}

// Delete removes a row.
func (l ledger) Delete(ctx context.Context, fingerprint string) error {
	return store.Delete(ctx, l.storage, ledgerPrefix+fingerprint)
}

// Bans reads every ban.
func (l ledger) Bans(ctx context.Context) ([]broker.Ban, error) {
	ways, err := l.storage.List(ctx, bansPrefix)
	if err != nil {
		return nil, fmt.Errorf("listing the bans: %w", err)
	}
	var bans []broker.Ban
	for _, way := range ways {
		entry, err := store.Load[banEntry](ctx, l.storage, bansPrefix+way)
		switch {
		case errors.Is(err, store.ErrNotFound): // it ended meanwhile
		case errors.Is(asUnreadable(err), broker.ErrUnreadable):
			bans = append(bans, broker.Ban{Way: way, Unreadable: true})
		case err != nil:
			return nil, err
		default:
			bans = append(bans, entry.Ban)
		}
	}
	return bans, nil
}

// PutBan writes a ban.
func (l ledger) PutBan(ctx context.Context, ban broker.Ban) error {
	return store.Put(ctx, l.storage, bansPrefix+ban.Way, banEntry{store.Current, ban})
}

// DeleteBan removes a ban.
func (l ledger) DeleteBan(ctx context.Context, way string) error {
	return store.Delete(ctx, l.storage, bansPrefix+way)
}

// Requests reads every token request.
func (l ledger) Requests(ctx context.Context) ([]broker.TokenRequest, error) {
	ids, err := l.storage.List(ctx, requestsPrefix)
	if err != nil {
		return nil, fmt.Errorf("listing the token requests: %w", err)
	}
	requests := make([]broker.TokenRequest, 0, len(ids))
	for _, id := range ids {
		entry, err := store.Load[requestEntry](ctx, l.storage, requestsPrefix+id)
		switch {
		case errors.Is(err, store.ErrNotFound): // it was forgotten meanwhile
			continue
		case errors.Is(asUnreadable(err), broker.ErrUnreadable):
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
func (l ledger) PutRequest(ctx context.Context, request broker.TokenRequest) error {
	return store.Put(ctx, l.storage, requestsPrefix+request.ID, requestEntry{store.Current, request})
}

// DeleteRequest removes a token request.
func (l ledger) DeleteRequest(ctx context.Context, id string) error {
	return store.Delete(ctx, l.storage, requestsPrefix+id)
}

// Neighbors reads which other mounts the process has or had, and which endpoints they use.
func (l ledger) Neighbors(ctx context.Context) (broker.Neighborhood, error) {
	entry, err := store.Load[neighborsEntry](ctx, l.storage, neighborsKey)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return entry.Others, asUnreadable(err)
}

// PutNeighbors writes which other mounts the process has or had.
func (l ledger) PutNeighbors(ctx context.Context, all broker.Neighborhood) error {
	return store.Put(ctx, l.storage, neighborsKey, neighborsEntry{store.Current, all})
}
