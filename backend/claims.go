package backend

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/fault"
)

// errElsewhere refuses to store a client that another mount of the process has stored. It does not
// name that mount, because the caller may have no access to it.
var errElsewhere = fault.BadRequest("Not saved: another mount of this Vault uses this client, and a client with " +
	"purpose=lease can be stored on one mount only. Create another client in the Dashboard.")

// claim returns nil if a client may be stored under the keys in own, and else an error for the
// caller. Two rules hold. A Client ID is stored once on a mount. And a client that is for leasing
// is stored on one mount of the process only, because the other mount would otherwise use a client
// whose secret leaves Vault. The second rule counts verified secrets only: somebody who does not
// know the secret could otherwise block a client by storing its ID. The caller holds
// b.mount.all.claims from before the call until the client is stored, so that two mounts cannot
// store the same client at once.
func (b *backend) claim(ctx context.Context, s logical.Storage, clientID string, lease, verified bool,
	own ...string) error {
	where, err := b.whereStored(ctx, s, clientID, own...)
	if err != nil {
		return err
	}
	if where != "" {
		return fault.BadRequest("client_id is already stored on this mount, as %s. A client can be stored once on a mount.", where)
	}
	if !verified {
		return nil
	}
	others, err := b.mount.all.elsewhere(ctx, b, clientID)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(others, func(h heldID) bool { return h.verified && (lease || h.lease) }) {
		return errElsewhere
	}
	return nil
}

// whereStored returns the storage key under which this mount stores a Client ID ("the root client"
// for the root), apart from the keys in except. It returns "" if there is none. A Client ID is
// stored once on a mount, so that a client that requests tokens is never leased as well.
func (b *backend) whereStored(ctx context.Context, s logical.Storage, clientID string,
	except ...string) (string, error) {
	held, err := b.entries.index.of(ctx, s, clientID)
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(held, func(h heldID) bool { return !slices.Contains(except, h.key) })
	switch {
	case i < 0:
		return "", nil
	case held[i].key == rootKey:
		return "the root client", nil
	}
	return held[i].key, nil
}

// leasedElsewhere returns why a client may not be leased because of another entry with the same
// Client ID, on this mount or on another. It returns "" if it may. key is where the client is
// stored.
func (b *backend) leasedElsewhere(ctx context.Context, s logical.Storage, key, clientID string) (string, error) {
	switch err := b.claim(ctx, s, clientID, true, true, key); {
	case errors.Is(err, errElsewhere):
		return "is used by another mount of this Vault", nil
	case errors.As(err, new(*fault.Fault)):
		return "is stored twice on this mount", nil
	case err != nil:
		return "", err
	}
	return "", nil
}

// usedElsewhere returns why a client must not be deleted at Paxos: another mount has stored it, or
// this mount has stored it under another key too. It returns "" if neither is so. Unlike in claim,
// an entry that was never verified counts, because a deletion cannot be undone. It fails if a mount
// or an entry cannot be read, so that nothing is deleted then. key is where the client is stored.
func (b *backend) usedElsewhere(ctx context.Context, key, clientID string) (string, error) {
	for _, mount := range append(b.mount.all.others(b), b) {
		switch entry, err := mount.entries.index.damaged(ctx, mount.storage); {
		case err != nil:
			return "", err
		case entry != "":
			return "", fmt.Errorf("%s of a mount of this process cannot be read and may be this client", entry)
		}
	}
	others, err := b.mount.all.elsewhere(ctx, b, clientID)
	if err != nil {
		return "", err
	}
	if len(others) > 0 {
		return "another mount stores it too", nil
	}
	where, err := b.whereStored(ctx, b.storage, clientID, key)
	if err != nil || where == "" {
		return "", err
	}
	return "this mount also stores it as " + where, nil
}
