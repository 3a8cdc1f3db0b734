package backend

import (
	"context"
	"errors"

	"github.com/hashicorp/vault/sdk/logical"
)

// storedRoot reads the root client, one without generations if there is none.
func storedRoot(ctx context.Context, s logical.Storage) (client, error) {
	root, err := load[client](ctx, s, rootKey)
	if errors.Is(err, errNotFound) {
		return client{versioned: current}, nil
	}
	return root, err
}

// putRoot stores the root client. writes is held.
func (b *backend) putRoot(ctx context.Context, s logical.Storage, root client) error {
	root.versioned = current
	if root.EntryID == "" {
		root.EntryID = newEntryID()
	}
	err := b.roots.put(ctx, s, rootKey, root)
	b.noteStored(rootKey, root, false, err)
	return err
}

// removeRoot deletes it. writes is held.
func (b *backend) removeRoot(ctx context.Context, s logical.Storage, root client) error {
	err := b.roots.remove(ctx, s, rootKey)
	b.noteRemoved(rootKey, root, err)
	return err
}

// errOtherRoot refuses another client where the root's own is expected.
func errOtherRoot(clientID string) error {
	return badRequest("client_id is not that of this mount's root client, which is %s. To switch to another "+
		"client, write it to config/replace-root.", clientID)
}
