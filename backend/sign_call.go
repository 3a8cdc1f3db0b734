package backend

import (
	"context"
	"errors"
	"fmt"

	"vault-plugin-secrets-paxos/backend/signing"
	"vault-plugin-secrets-paxos/backend/store"
)

// signCall signs a call of the engine itself to Paxos's API, if a key has a Key ID for the client
// whose token the call carries. It returns "" if none has: Paxos then decides whether it accepts
// the call unsigned. A call that a key should sign but cannot sign is not made.
func (b *backend) signCall(ctx context.Context, clientID, method, target string, body []byte) (string, error) {
	names, damaged, err := b.entries.signing.of(ctx, b.storage, clientID)
	if err != nil {
		return "", err
	}
	for _, name := range names {
		k, err := b.entries.keys.Get(ctx, b.storage, keysPrefix+name)
		if errors.Is(err, store.ErrNotFound) { // deleted meanwhile
			continue
		}
		if err != nil {
			return "", err
		}
		if v, ok := k.signs(clientID); ok {
			return b.signWith(name, v, clientID, method, target, body)
		}
	}
	if damaged != "" {
		return "", fmt.Errorf("key %q cannot be read and may belong to client %s", damaged, clientID)
	}
	return "", nil
}

// signWith signs a call with a version of a key that has a Key ID for the client.
func (b *backend) signWith(name string, v keyVersion, clientID, method, target string, body []byte) (string, error) {
	wanted, err := signing.NewRequest(method, target, body)
	if err != nil {
		return "", err
	}
	key, err := v.Private.decode()
	if err != nil {
		return "", fmt.Errorf("version %d of key %q is damaged", v.Number, name)
	}
	signed, err := signing.Sign(key, v.KeyIDs[clientID], b.options.Now(), wanted)
	return signed.Compact, err
}
