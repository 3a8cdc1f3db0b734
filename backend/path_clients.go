package backend

import (
	"context"
	"errors"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/spec"
	"vault-plugin-secrets-paxos/backend/store"
)

func (b *backend) pathClients() *framework.Path {
	return spec.Listing{
		Pattern: clientsPrefix + "?$", Item: "Client", Entries: true, Suffix: "clients",
		Synopsis: "List the stored clients.", Summary: "List the stored clients.",
		Answer: spec.Body("The names.", spec.DescribedList("For each client: client_id, purpose, state, disabled, "+
			"held_by_role (empty if it is not leased) and secret_age_days.")),
		List: b.listClients,
	}.Path()
}

func (b *backend) pathClient() *framework.Path {
	return &framework.Path{
		Pattern:         clientsPrefix + spec.NamePattern + "$",
		HelpSynopsis:    "A Paxos API client that is stored in addition to the root client.",
		HelpDescription: clientHelp,
		DisplayAttrs:    &framework.DisplayAttributes{OperationPrefix: "paxos", ItemType: "Client"},
		ExistenceCheck:  spec.EntryExists,
		Fields: spec.Parameters{
			"name": spec.Name("Name of the client in Vault. It is case-sensitive.", "mint-1"),
			"client_id": {Type: framework.TypeString, Example: exampleClientID,
				Text: "Client ID, from the Dashboard (Admin > API Management). Required at the first write, and then " +
					"fixed."},
			"purpose": {
				Type: framework.TypeString, Example: string(purposeMint),
				Allowed: []string{string(purposeMint), string(purposeLease), string(purposeStandby)},
				Text: "What the client is for. mint: roles request tokens with it. lease: roles of credential_type " +
					"client_credentials lease the client itself. standby: it may become the root client. Required at " +
					"the first write, and then fixed.",
			},
			"client_secret": spec.Secret("Client Secret. Required at the first write. Write a new secret to " +
				"clients/<name>/rotate."),
			"scopes": {Type: framework.TypeCommaStringSlice, Example: "funding:read_profile,transfer:read_transfer",
				Text: "The scopes that the Dashboard shows for this client, as an array, or as a text with commas or " +
					"spaces. Required at the first write."},
			"allowed_roles": {Type: framework.TypeCommaStringSlice, Example: "payouts",
				Text: "The roles that may request tokens with this client or lease it. * allows every role."},
			"label": {Type: framework.TypeString, Example: "vault-mint-1",
				Text: "The client's Label in the Dashboard, for people and reports."},
			"metadata": spec.Metadata(),
			"disabled": {Type: framework.TypeBool, Example: "true",
				Text: "Whether the client is disabled: it is not leased, no tokens are requested with it, and tokens " +
					"that were requested with it are revoked."},
			"verify_connection": spec.Verify("Whether to verify a new secret and new scopes with one token request " +
				"for all the scopes."),
			"force": {
				Type: framework.TypeBool, Query: true, Example: "true",
				Text: "Dangerous. On a delete: delete the entry although valid tokens need it to be revoked. Tokens " +
					"that cannot be revoked now stay valid until they expire.",
			},
		}.Fields(),
		Operations: spec.Operations{
			logical.ReadOperation: spec.Displayed(spec.OnActive(b.readClient,
				"Read a client, its state and who leases it.",
				spec.Body("The client.", clientAnswer)), "read", "client"),
			logical.CreateOperation: spec.Displayed(spec.OnActive(b.writeClient, "Store a client.",
				spec.NoBody("Stored.")),
				"write", "client"),
			logical.UpdateOperation: spec.Displayed(spec.OnActive(b.writeClient,
				"Store a client, or change it. Parameters that are left out keep their value.",
				spec.NoBody("Stored.")), "write", "client"),
			logical.PatchOperation: spec.Displayed(spec.OnActive(b.patchClient,
				"Change parts of a client. null resets a parameter to its default.",
				spec.NoBody("Stored.")), "patch", "client"),
			logical.DeleteOperation: spec.Displayed(spec.OnActive(b.deleteClient,
				"Delete a client in Vault. At Paxos it stays valid.",
				spec.NoBody("Deleted.")), "delete", "client"),
		},
	}
}

// clientAnswer describes the answer of a read of clients/:name.
var clientAnswer = spec.Fields{
	"client_id":     spec.Required(framework.TypeString, "Client ID."),
	"generation":    spec.Required(framework.TypeInt, "Number of its current secret. It goes up with each new secret."),
	"secret_set_at": spec.Required(framework.TypeString, "When the current secret was stored (RFC 3339)."),
	"secret_verified": spec.Required(framework.TypeBool,
		"Whether a token request has shown that the secret is right."),
	"purpose": spec.Required(framework.TypeString,
		"mint, lease or standby. Empty if an old version stored the client and nothing used it. Such a client cannot "+
			"be used until a write sets its purpose."),
	"scopes":        spec.Required(framework.TypeStringSlice, "The scopes that the client has, as they were written."),
	"allowed_roles": spec.Required(framework.TypeStringSlice, "The roles that may use it. * means every role."),
	"label":         spec.Required(framework.TypeString, "Its Label in the Dashboard, as it was written."),
	"metadata":      spec.Required(framework.TypeKVPairs, "Key-value pairs for people and reports."),
	"disabled":      spec.Required(framework.TypeBool, "Whether the client is disabled."),
	"state": spec.Required(framework.TypeString,
		"available, leased, revoking (it is to be deleted at Paxos), quarantined (it waits for a new secret) or lost "+
			"(it was disabled or deleted in the Dashboard)."),
	"state_reason": spec.Required(framework.TypeString, "Why it is quarantined or lost. Otherwise empty."),
	"held_by_role": spec.Required(framework.TypeString,
		"The role through which it is leased. Empty if it is not leased."),
	"held_by_entity_id": spec.Required(framework.TypeString,
		"The Vault entity that leases it. Empty if it is not leased, or if the Vault token has no entity."),
	"held_by": spec.Required(framework.TypeString,
		"Display name of the Vault token that leases it. Empty if it is not leased."),
	"held_since": spec.Required(framework.TypeString, "When the lease began (RFC 3339). Empty if it is not leased."),
	"held_until": spec.Required(framework.TypeString,
		"When the lease ends unless it is renewed (RFC 3339). Empty if it is not leased."),
}

// readClient answers GET clients/:name.
func (b *backend) readClient(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	n, err := loadStoredClient(ctx, req.Storage, d.Get("name").(string))
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil // Vault answers 404
	}
	if err != nil {
		return nil, err
	}
	g, _ := n.current()
	var held checkout
	if n.State == stateLeased && n.Checkout != nil {
		held = *n.Checkout
	}
	metadata := n.Metadata
	if metadata == nil {
		metadata = map[string]string{}
	}
	return &logical.Response{Data: map[string]any{
		"client_id":         g.ClientID,
		"generation":        g.Number,
		"secret_set_at":     spec.Timestamp(g.Since),
		"secret_verified":   g.Verified,
		"purpose":           string(n.Purpose),
		"scopes":            n.Scopes,
		"allowed_roles":     append([]string{}, n.AllowedRoles...),
		"label":             n.Label,
		"metadata":          metadata,
		"disabled":          n.Disabled,
		"state":             string(n.State),
		"state_reason":      n.StateReason,
		"held_by_role":      held.Role,
		"held_by_entity_id": held.EntityID,
		"held_by":           held.DisplayName,
		"held_since":        spec.Timestamp(held.Since),
		"held_until":        spec.Timestamp(held.Deadline),
	}}, nil
}

// writeClient answers POST clients/:name, which stores a client or changes it.
func (b *backend) writeClient(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	return b.changeClient(ctx, req, d, true)
}

// patchClient answers PATCH clients/:name, which changes a client that is stored already.
func (b *backend) patchClient(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	return b.changeClient(ctx, req, d, false)
}

const clientHelp = `
Clients are created by hand in the Paxos Dashboard (Admin > API Management) and
stored here. purpose says what a client is for. It is required, and it never changes:

    mint     roles that name it as their client request tokens with it
    lease    roles with credential_type=client_credentials lease it, with its secret
    standby  it may become the root client (config/promote-standby)

    vault write paxos/clients/mint-1 purpose=mint client_id=$CLIENT_ID \
        client_secret=@secret.txt scopes=funding:read_profile allowed_roles=payouts

The write verifies the secret and all scopes with one token request, unless
verify_connection=false. A client whose secret was not verified is never deleted at
Paxos and never promoted, and it is used only if allow_unchecked_clients of the
guardrails is true. The secret is never shown.

A mount stores each Client ID once. A client with purpose=lease can be stored on one
mount of a plugin process only. allowed_roles says which roles may use the client.

A delete removes the client from Vault only. It is refused while the client is leased
or is to be deleted at Paxos, and while tokens are valid that were requested with it.
force=true deletes it even if tokens are valid.
`
