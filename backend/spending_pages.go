package backend

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/spending"
	"vault-plugin-secrets-paxos/backend/store"
)

// spendingPages keep the payments that count against daily limits in Vault's storage.
type spendingPages struct{ storage logical.Storage }

// spendingEntry is a page of payments as it is stored.
type spendingEntry struct {
	store.Versioned
	spending.Page
}

// Pages returns the IDs of all pages.
func (p spendingPages) Pages(ctx context.Context) ([]string, error) {
	ids, err := p.storage.List(ctx, spendingPrefix)
	if err != nil {
		return nil, fmt.Errorf("listing %s: %w", spendingPrefix, err)
	}
	return ids, nil
}

// Page reads a page. One that cannot be read is an error: its payments must not be forgotten.
func (p spendingPages) Page(ctx context.Context, id string) (spending.Page, bool, error) {
	entry, err := store.Load[spendingEntry](ctx, p.storage, spendingPrefix+id)
	if errors.Is(err, store.ErrNotFound) {
		return spending.Page{}, false, nil
	}
	entry.ID = id
	return entry.Page, err == nil, err
}

// PutPage writes a page.
func (p spendingPages) PutPage(ctx context.Context, page spending.Page) error {
	return store.Put(ctx, p.storage, spendingPrefix+page.ID, spendingEntry{store.Current, page})
}

// forgetDamagedPayments deletes the pages that cannot be read, and returns how many they were.
func (b *backend) forgetDamagedPayments(ctx context.Context) (forgotten int, err error) {
	pages := spendingPages{b.storage}
	ids, err := pages.Pages(ctx)
	if err != nil {
		return 0, err
	}
	defer b.spent.Reset()
	for _, id := range ids {
		_, _, err := pages.Page(ctx, id)
		switch {
		case store.IsUnreadable(err):
			if err := pages.DeletePage(ctx, id); err != nil {
				return forgotten, err
			}
			b.logger.Warn("a damaged record of signed payments was deleted: daily limits may be exceeded by these payments",
				"page", id)
			forgotten++
		case err != nil:
			return forgotten, err
		}
	}
	return forgotten, nil
}

// DeletePage removes a page.
func (p spendingPages) DeletePage(ctx context.Context, id string) error {
	return store.Delete(ctx, p.storage, spendingPrefix+id)
}
