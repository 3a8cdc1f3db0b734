package backend

import (
	"context"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/store"
)

// storedRoot reads the root client from storage. A mount without one gets a client without
// generations.
func storedRoot(ctx context.Context, s logical.Storage) (client, error) {
	return store.LoadOr(ctx, s, rootKey, func() client { return client{Versioned: store.Current} })
}

// putRoot stores the root client. The caller holds writes.
func (b *backend) putRoot(ctx context.Context, s logical.Storage, root client) error {
	root.Versioned = store.Current
	if root.EntryID == "" {
		root.EntryID = newEntryID()
	}
	err := b.entries.root.Put(ctx, s, rootKey, root)
	b.noteStored(rootKey, root, false, err)
	return err
}

// removeRoot deletes the entry of the root client. The caller holds writes.
func (b *backend) removeRoot(ctx context.Context, s logical.Storage, root client) error {
	err := b.entries.root.Delete(ctx, s, rootKey)
	b.noteRemoved(rootKey, root, err)
	return err
}

// errOtherRoot refuses another client where the Client ID of the root is expected. clientID is that
// of the root.
func errOtherRoot(clientID string) error {
	return fault.BadRequest("client_id is not that of this mount's root client (%s). To switch to another client, use "+
		"%sconfig/replace-root.", clientID, mountMark)
}
