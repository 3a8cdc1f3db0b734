package backend

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/broker"
)

// ledgerPrefix is where the broker's rows are: seal-wrapped, because they hold
// tokens. bansPrefix is where it keeps what Paxos forbade. Both are local to the
// cluster, because tokens and addresses are.
const (
	ledgerPrefix = "ledger/"
	bansPrefix   = "bans/"
)

// ledger keeps the broker's records in Vault's storage.
type ledger struct{ storage logical.Storage }

// ledgerEntry is a row as it is stored.
type ledgerEntry struct {
	versioned
	broker.Row
}

// banEntry is a ban as it is stored.
type banEntry struct {
	versioned
	broker.Ban
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
	entry, err := load[ledgerEntry](ctx, l.storage, ledgerPrefix+fingerprint)
	if errors.Is(err, errNotFound) {
		return broker.Row{}, false, nil
	}
	return entry.Row, err == nil, err
}

// Put writes a row.
func (l ledger) Put(ctx context.Context, row broker.Row) error {
	return store(ctx, l.storage, ledgerPrefix+row.Fingerprint, ledgerEntry{current, row})
}

// Delete removes a row.
func (l ledger) Delete(ctx context.Context, fingerprint string) error {
	return remove(ctx, l.storage, ledgerPrefix+fingerprint)
}

// Bans reads every ban.
func (l ledger) Bans(ctx context.Context) ([]broker.Ban, error) {
	ways, err := l.storage.List(ctx, bansPrefix)
	if err != nil {
		return nil, fmt.Errorf("listing the bans: %w", err)
	}
	var bans []broker.Ban
	for _, way := range ways {
		entry, err := load[banEntry](ctx, l.storage, bansPrefix+way)
		switch {
		case errors.Is(err, errNotFound): // it ended meanwhile
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
	return store(ctx, l.storage, bansPrefix+ban.Way, banEntry{current, ban})
}

// DeleteBan removes a ban.
func (l ledger) DeleteBan(ctx context.Context, way string) error {
	return remove(ctx, l.storage, bansPrefix+way)
}
