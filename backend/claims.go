package backend

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/fault"
)

// errElsewhere is the answer to a write of a client that another mount of the process has. It names no
// mount, because its reader may have no business there.
var errElsewhere = fault.BadRequest("Not saved: this client is in use on another mount of this Vault, or would be " +
	"leased here while it is. A client of purpose=lease is stored once. Create another client in the Dashboard.")

// claim is nil if a client may be stored under its own keys of this mount: it is nowhere else on
// the mount, and where it is for leasing, nowhere else in the process. An entry that was never
// verified proves nothing and blocks nobody. The caller holds b.mount.all.claims, from before it asks
// until the client is stored.
func (b *backend) claim(ctx context.Context, s logical.Storage, clientID string, lease, verified bool,
	own ...string) error {
	where, err := b.whereStored(ctx, s, clientID, own...)
	if err != nil {
		return err
	}
	if where != "" {
		return fault.BadRequest("client_id is that of %s already: a client is stored once on a mount", where)
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

// whereStored says where on this mount a Client ID is stored, apart from these keys, empty if it is
// nowhere. A Client ID is stored once on a mount, so that one that requests tokens is never leased.
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

// leasedElsewhere says why a client may not be leased although its own entry allows it, nothing if
// it may.
func (b *backend) leasedElsewhere(ctx context.Context, s logical.Storage, key, clientID string) (string, error) {
	switch err := b.claim(ctx, s, clientID, true, true, key); {
	case errors.Is(err, errElsewhere):
		return "is in use on another mount of this Vault", nil
	case errors.As(err, new(*fault.Fault)):
		return "is stored on this mount twice", nil
	case err != nil:
		return "", err
	}
	return "", nil
}

// usedElsewhere says what keeps a client from being deleted at Paxos: that another mount has it, or
// that it is stored on this one for another use. Here an entry counts that was never verified,
// because a deletion cannot be undone. A mount or an entry that cannot be read is an error, and
// nothing is deleted.
func (b *backend) usedElsewhere(ctx context.Context, key, clientID string) (string, error) {
	for _, mount := range append(b.mount.all.others(b), b) {
		switch entry, err := mount.entries.index.damaged(ctx, mount.storage); {
		case err != nil:
			return "", err
		case entry != "":
			return "", fmt.Errorf("%s of a mount of this process cannot be read, and may be this client", entry)
		}
	}
	others, err := b.mount.all.elsewhere(ctx, b, clientID)
	if err != nil {
		return "", err
	}
	if len(others) > 0 {
		return "it is stored on another mount too", nil
	}
	where, err := b.whereStored(ctx, b.storage, clientID, key)
	if err != nil || where == "" {
		return "", err
	}
	return "it is stored as " + where + " too", nil
}
