package backend

import (
	"context"
	"fmt"
	"strconv"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/store"
)

// keysOf lists the keys of a stored client, or of the root client if the name is empty, in order.
// Keys that cannot be read are left out.
func keysOf(ctx context.Context, s logical.Storage, client string) (names []string, err error) {
	err = store.Each(ctx, s, keysPrefix, func(name string, k signingKey) error {
		if k.Client == client {
			names = append(names, name)
		}
		return nil
	}, nil)
	return names, err
}

// keysSign says which keys sign. The caller adds for which client.
func keysSign(names []string) string {
	if len(names) == 1 {
		return fmt.Sprintf("key %q signs", names[0])
	}
	quoted := make([]string, 0, len(names))
	for _, name := range names {
		quoted = append(quoted, strconv.Quote(name))
	}
	return "keys " + input.Shortened(quoted) + " sign"
}

// keysFollow makes the keys of a stored client keys of the root client, because the client has
// become the root: its signers continue with tokens of the same Client ID. The caller holds
// writes.
func (b *backend) keysFollow(ctx context.Context, s logical.Storage, promoted string) error {
	names, err := keysOf(ctx, s, promoted)
	if err != nil {
		return err
	}
	for _, name := range names {
		k, err := loadSigningKey(ctx, s, name)
		if err != nil {
			return err
		}
		k.Client = ""
		if err := b.putSigningKey(ctx, s, name, k); err != nil {
			return err
		}
		b.logger.Info("a key signs for the root client now, because its client became the root", "key", name, "client",
			promoted)
	}
	return nil
}

// keysWithoutID warns of the keys that cannot sign for a new root client. promoted is the stored
// client that has become the root; empty if there is none.
func (b *backend) keysWithoutID(ctx context.Context, s logical.Storage, clientID, promoted string) []string {
	var warnings []string
	err := store.Each(ctx, s, keysPrefix, func(name string, k signingKey) error {
		if k.Client != "" && k.Client != promoted {
			return nil
		}
		if _, ok := k.signs(clientID); !ok {
			warnings = append(warnings, fmt.Sprintf("Key %q has no Key ID for the new root client %s. Signers that use it "+
				"answer 400 until you register its public key for this client in the Dashboard and write its Key ID with "+
				"`vault write %skeys/%s/kid client_id=%s kid=<Key ID>`.", name, clientID, mountMark, name, clientID))
		}
		return nil
	}, func(name string) error {
		warnings = append(warnings, fmt.Sprintf("Key %q cannot be read, so it is not known whether it has a Key ID for the "+
			"new root client.", name))
		return nil
	})
	if err != nil {
		b.logger.Warn("could not find out which keys have no Key ID for the new root client", "error", err)
		return []string{"The root client was changed, but not all keys could be read. Check with `vault list " + mountMark +
			"keys` that each key of the root client has a Key ID for it."}
	}
	return warnings
}
