package backend

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/broker"
)

// ledgerPrefix is where the broker's rows are: seal-wrapped, because they hold
// tokens, and local to the cluster, because tokens are.
const ledgerPrefix = "ledger/"

// ledger keeps the broker's rows in Vault's storage.
type ledger struct{ storage logical.Storage }

// ledgerEntry is a row as it is stored.
type ledgerEntry struct {
	versioned
	broker.Row
}

// Load reads every row. A row that disappears meanwhile has ended.
func (l ledger) Load(ctx context.Context) ([]broker.Row, error) {
	fingerprints, err := l.storage.List(ctx, ledgerPrefix)
	if err != nil {
		return nil, fmt.Errorf("listing the ledger: %w", err)
	}
	rows := make([]broker.Row, 0, len(fingerprints))
	for _, fingerprint := range fingerprints {
		entry, err := load[ledgerEntry](ctx, l.storage, ledgerPrefix+fingerprint)
		switch {
		case errors.Is(err, errNotFound):
		case err != nil:
			return nil, err
		default:
			rows = append(rows, entry.Row)
		}
	}
	return rows, nil
}

// Put writes a row.
func (l ledger) Put(ctx context.Context, row broker.Row) error {
	return store(ctx, l.storage, ledgerPrefix+row.Fingerprint, ledgerEntry{current, row})
}

// Delete removes a row.
func (l ledger) Delete(ctx context.Context, fingerprint string) error {
	return remove(ctx, l.storage, ledgerPrefix+fingerprint)
}
