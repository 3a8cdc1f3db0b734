package backend

import (
	"context"
	"errors"
	"strconv"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/signing"
	"vault-plugin-secrets-paxos/backend/spec"
	"vault-plugin-secrets-paxos/backend/store"
)

func (b *backend) pathKeys() *framework.Path {
	return spec.Listing{
		Pattern: keysPrefix + "?$", Item: "Key", Entries: true, Suffix: "keys",
		Synopsis: "List the keys that sign requests to Paxos.", Summary: "List the signing keys.",
		Answer: spec.Body("The names.", spec.DescribedList("For each key: type, client, latest_version and signs_with "+
			"(the version that signs; 0 if none does).")),
		List: b.listKeys,
	}.Path()
}

func (b *backend) pathKey() *framework.Path {
	return &framework.Path{
		Pattern:         keysPrefix + spec.NamePattern + "$",
		HelpSynopsis:    "A key that signs requests to Paxos. The engine generates it, and it never leaves Vault.",
		HelpDescription: keyHelp,
		DisplayAttrs:    &framework.DisplayAttributes{OperationPrefix: "paxos", ItemType: "Key"},
		ExistenceCheck:  spec.EntryExists,
		Fields: spec.Parameters{
			"name": spec.Name("Name of the key. It is case-sensitive.", "payments"),
			"type": {
				Type: framework.TypeString, Default: string(signing.ECDSAP256), Example: string(signing.Ed25519),
				Allowed: []string{string(signing.ECDSAP256), string(signing.Ed25519)},
				Text: "Type of the key: ecdsa-p256 (ES256, as in Paxos's published example) or ed25519. Fixed by the " +
					"first write.",
			},
			"client": {Type: framework.TypeString, Otherwise: "the root client", Example: "mint-1",
				Text: "The client under clients/ whose requests the key signs. Fixed by the first write."},
			"deletion_allowed": {Type: framework.TypeBool, Example: "true", Text: "Whether the key may be deleted."},
			"min_version": {Type: framework.TypeInt, Example: "2",
				Text: "Erase the private keys of all versions below this number. This cannot be undone. The number " +
					"cannot be higher than that of the version that signs."},
		}.Fields(),
		Operations: spec.Operations{
			logical.ReadOperation: spec.Displayed(spec.Reading(b.readKey, "Read a signing key. Its private part is "+
				"never shown.", spec.Body("The key.", keyAnswer)), "read", "key"),
			logical.CreateOperation: spec.Displayed(spec.OnActive(b.writeKey, "Generate a signing key.",
				spec.NoBody("Stored.")), "write", "key"),
			logical.UpdateOperation: spec.Displayed(spec.OnActive(b.writeKey,
				"Generate a signing key, or change it. Parameters that are left out keep their value.", spec.NoBody("Stored.")),
				"write", "key"),
			logical.DeleteOperation: spec.Displayed(spec.OnActive(b.deleteKey,
				"Delete a signing key. Needs deletion_allowed=true.", spec.NoBody("Deleted.")), "delete", "key"),
		},
	}
}

func (b *backend) pathKeyRotate() *framework.Path {
	return &framework.Path{
		Pattern:         keysPrefix + spec.NamePattern + "/rotate$",
		HelpSynopsis:    "Add a version to a signing key. The old version signs until the new one has a Key ID.",
		HelpDescription: keyHelp,
		DisplayAttrs:    &framework.DisplayAttributes{OperationPrefix: "paxos"},
		Fields:          spec.Parameters{"name": spec.Name("Name of the key.", "payments")}.Fields(),
		Operations: spec.Operations{
			logical.UpdateOperation: spec.Displayed(spec.OnActive(b.rotateKey, "Add a version to a signing key.",
				spec.Body("The new version.", keyVersionAnswer)), "rotate", "key"),
		},
	}
}

func (b *backend) pathKeyID() *framework.Path {
	return &framework.Path{
		Pattern:         keysPrefix + spec.NamePattern + "/kid$",
		HelpSynopsis:    "Store the Key ID that Paxos gave to the public key of a version.",
		HelpDescription: keyHelp,
		DisplayAttrs:    &framework.DisplayAttributes{OperationPrefix: "paxos"},
		Fields: spec.Parameters{
			"name": spec.Name("Name of the key.", "payments"),
			"version": {Type: framework.TypeInt, Otherwise: "the latest version", Example: "2",
				Text: "Number of the version."},
			"kid": {Type: framework.TypeString, Example: "5498f424-78aa-414b-a515-13929e6951db",
				Text: "Key ID that the Dashboard (Admin > API Management) shows for the public key. An empty text " +
					"removes it; then the version before this one signs again. Required without discover."},
			"client_id": {Type: framework.TypeString, Otherwise: "the Client ID of the key's client now",
				Example: exampleClientID,
				Text: "Client ID of the client that the public key is registered for. Name another one to prepare a " +
					"change of the client."},
			"discover": {Type: framework.TypeBool, Example: "true",
				Text: "Whether to look the Key ID up in Paxos's list of credentials, by the public key. The root client " +
					"needs api_creds:read_credentials. Costs one token request."},
		}.Fields(),
		Operations: spec.Operations{
			logical.UpdateOperation: spec.Displayed(spec.OnActive(b.writeKeyID, "Store a Key ID.",
				spec.Body("The version.", keyVersionAnswer)), "set", "key-id"),
		},
	}
}

// keyAnswer are the fields that a read of a key returns.
var keyAnswer = spec.Fields{
	"type": spec.Required(framework.TypeString, "ecdsa-p256 or ed25519."),
	"client": spec.Required(framework.TypeString,
		"The client whose requests the key signs. Empty for the root client."),
	"client_id": spec.Required(framework.TypeString,
		"Client ID of that client now. Empty if the client is not stored."),
	"deletion_allowed": spec.Required(framework.TypeBool, "Whether the key may be deleted."),
	"min_version": spec.Required(framework.TypeInt,
		"Versions below this number have no private key any more. 0: all versions have one."),
	"latest_version": spec.Required(framework.TypeInt, "Number of the newest version."),
	"public_key": spec.Required(framework.TypeString,
		"Public key of the newest version (PEM), to register in the Dashboard."),
	"signs_with": spec.Required(framework.TypeInt,
		"Number of the version that signs now. 0 if no version has a Key ID for the client."),
	"versions": spec.Required(framework.TypeMap,
		"For each version number: public_key (PEM, for the Dashboard), kids (the Key ID for each Client ID), state "+
			"(waiting for its Key ID, active or retired) and created_at."),
}

// keyVersionAnswer are the fields that a rotation and a write of a Key ID return.
var keyVersionAnswer = spec.Fields{
	"version":    spec.Required(framework.TypeInt, "Number of the version."),
	"public_key": spec.Required(framework.TypeString, "Its public key (PEM), to register in the Dashboard."),
	"kid":        spec.Required(framework.TypeString, "Its Key ID for the client. Empty if it waits for one."),
	"state":      spec.Required(framework.TypeString, "waiting, active or retired."),
}

// readKey answers GET keys/:name.
func (b *backend) readKey(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	k, err := loadSigningKey(ctx, req.Storage, d.Get("name").(string))
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil // Vault answers 404
	}
	if err != nil {
		return nil, err
	}
	clientID, err := clientIDOf(ctx, req.Storage, k.Client)
	if err != nil {
		return nil, err
	}
	signs, _ := k.signs(clientID)
	versions := map[string]any{}
	for _, v := range k.Versions {
		versions[strconv.Itoa(v.Number)] = map[string]any{
			"public_key": v.PublicPEM, "kids": v.KeyIDs, "state": v.state(clientID),
			"created_at": spec.Timestamp(v.CreatedAt),
		}
	}
	return &logical.Response{Data: map[string]any{
		"type": string(k.Type), "client": k.Client, "client_id": clientID,
		"deletion_allowed": k.DeletionAllowed, "min_version": k.MinVersion,
		"latest_version": k.latest().Number, "public_key": k.latest().PublicPEM, "signs_with": signs.Number,
		"versions": versions,
	}}, nil
}

const keyHelp = `
A key signs requests to Paxos (docs.paxos.com/guides/developer/request-signing).
The engine generates it. No path imports, shows or exports its private key.

    vault write -f paxos/keys/payments
    vault read -field=public_key paxos/keys/payments

Register this public key in the Dashboard (Admin > API Management) for the root
client, or for the client under clients/ that the key was created with. Then
store the Key ID that the Dashboard shows:

    vault write paxos/keys/payments/kid kid=<Key ID>

keys/<name>/rotate adds a version. The old version signs until the new one has a
Key ID, so signing does not stop. Then min_version=<number> erases the private
keys of the versions below that number. Their public keys and Key IDs are kept.

The engine also signs its own requests to Paxos (listing and deleting credentials,
checking a token) with the key that has a Key ID for their client.

A client cannot be deleted while a key names it. If the client becomes the root
(config/promote-standby, config/replace-root), its keys become keys of the root
client, and client is empty.
`
