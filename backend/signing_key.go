package backend

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/signing"
	"vault-plugin-secrets-paxos/backend/store"
)

// A signingKey signs requests with the tokens of one client. It has versions, as a client has
// generations: a new version waits until Paxos has given its public key a Key ID.
type signingKey struct {
	store.Versioned
	Type            signing.KeyType `json:"type"`
	Client          string          `json:"client"` // the stored client whose key it is; "" for the root client
	DeletionAllowed bool            `json:"deletion_allowed"`
	MinVersion      int             `json:"min_version"`
	Versions        []keyVersion    `json:"versions"` // oldest first
}

// A keyVersion is one pair of private and public key.
type keyVersion struct {
	Number    int               `json:"number"` // counts up from 1
	Private   sealedKey         `json:"private,omitzero"`
	PublicPEM string            `json:"public_key"`
	KeyIDs    map[string]string `json:"kids"` // by Client ID, because each client registers the key for itself
	CreatedAt time.Time         `json:"created_at"`
}

// A sealedKey is a private key as it is stored, in seal-wrapped storage (PKCS #8). It is decoded once,
// which takes nearly as long as to sign, and forgotten with the entry. The zero value is an erased key.
// Nothing prints it.
type sealedKey struct {
	der    []byte
	decode func() (signing.Key, error)
}

// newSealedKey returns the sealed form of an encoded key.
func newSealedKey(der []byte) sealedKey {
	return sealedKey{der, sync.OnceValues(func() (signing.Key, error) { return signing.ParseKey(der) })}
}

// IsZero reports whether the key was erased.
func (k sealedKey) IsZero() bool { return len(k.der) == 0 }

// String and GoString keep the key out of logs and errors.
func (sealedKey) String() string { return "[private key]" }

// GoString is String.
func (k sealedKey) GoString() string { return k.String() }

// MarshalJSON is for storage only: answers never hold a keyVersion.
func (k sealedKey) MarshalJSON() ([]byte, error) { return json.Marshal(k.der) }

// UnmarshalJSON is for storage only.
func (k *sealedKey) UnmarshalJSON(text []byte) error {
	var der []byte
	if err := json.Unmarshal(text, &der); err != nil {
		return errors.New("the stored signing key is damaged") // the error of the decoder may quote it
	}
	*k = newSealedKey(der)
	return nil
}

// The states of a version.
const (
	keyWaiting = "waiting" // its public key has no Key ID yet
	keyActive  = "active"
	keyRetired = "retired" // its private key was erased
)

// state is the state of the version for a client.
func (v keyVersion) state(clientID string) string {
	switch {
	case v.Private.IsZero():
		return keyRetired
	case v.KeyIDs[clientID] == "":
		return keyWaiting
	}
	return keyActive
}

// signs is the version that signs for a client: the newest one that has a Key ID, so that a rotation
// never stops the signing.
func (k signingKey) signs(clientID string) (keyVersion, bool) {
	for _, v := range slices.Backward(k.Versions) {
		if v.state(clientID) == keyActive {
			return v, true
		}
	}
	return keyVersion{}, false
}

// version finds one by its number.
func (k signingKey) version(number int) (*keyVersion, bool) {
	i := slices.IndexFunc(k.Versions, func(v keyVersion) bool { return v.Number == number })
	if i < 0 {
		return nil, false
	}
	return &k.Versions[i], true
}

// latest is the newest version, which is empty if there is none.
func (k signingKey) latest() keyVersion {
	if len(k.Versions) == 0 {
		return keyVersion{}
	}
	return k.Versions[len(k.Versions)-1]
}

// rotated is the key with a new version.
func (k signingKey) rotated(now time.Time) (signingKey, error) {
	private, err := signing.GenerateKey(k.Type)
	if err != nil {
		return k, err
	}
	sealed, err := private.Marshal()
	if err != nil {
		return k, err
	}
	public, err := private.PublicPEM()
	if err != nil {
		return k, err
	}
	k.Versions = append(slices.Clone(k.Versions), keyVersion{
		Number: k.latest().Number + 1, Private: newSealedKey(sealed), PublicPEM: public, KeyIDs: map[string]string{},
		CreatedAt: now.UTC(),
	})
	return k, nil
}

// change applies the parameters of a request and judges the whole. The type and the client are fixed
// by the first write.
func (k *signingKey) change(d *framework.FieldData, clientID string) error {
	before := *k
	kind := string(k.Type)
	input.Patch(d, "type", &kind)
	input.Patch(d, "client", &k.Client)
	input.Patch(d, "deletion_allowed", &k.DeletionAllowed)
	input.Patch(d, "min_version", &k.MinVersion)
	k.Type = signing.KeyType(kind)
	created := len(before.Versions) == 0
	switch {
	case k.Type != signing.ECDSAP256 && k.Type != signing.Ed25519:
		return fault.BadRequest("type must be %s or %s.", signing.ECDSAP256, signing.Ed25519)
	case k.Client != "" && !input.ValidName(k.Client):
		return fault.BadRequest("client must be the name of a client under clients/.")
	case !created && (k.Type != before.Type || k.Client != before.Client):
		return fault.BadRequest("type and client of a key cannot be changed. Create another key.")
	case k.MinVersion < 0 || k.MinVersion > max(1, k.latest().Number):
		return fault.BadRequest("min_version must be the number of a version: 1 to %d.", max(1, k.latest().Number))
	}
	if signs, ok := k.signs(clientID); ok && signs.Number < k.MinVersion {
		return fault.BadRequest("min_version=%d would retire version %d, which signs now. Register the public key "+
			"of a later version in the Dashboard first, and store its Key ID.", k.MinVersion, signs.Number)
	}
	k.retire()
	return nil
}

// retire erases the private keys of the versions below min_version. Their public keys and Key IDs
// stay, so that an old signature can still be recognized.
func (k *signingKey) retire() {
	k.Versions = slices.Clone(k.Versions)
	for i := range k.Versions {
		if k.Versions[i].Number < k.MinVersion {
			k.Versions[i].Private = sealedKey{}
		}
	}
}

// loadSigningKey reads the key of that name from storage.
func loadSigningKey(ctx context.Context, s logical.Storage, name string) (signingKey, error) {
	return store.Load[signingKey](ctx, s, keysPrefix+name)
}
