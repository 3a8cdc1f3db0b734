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
		Synopsis: "List the stocked clients.", Summary: "List the stocked clients.",
		Answer: spec.Body("The names.", spec.DescribedList("For each client: client_id, purpose, state, disabled, "+
			"held_by_role (empty if it is not leased) and secret_age_days.")),
		List: b.listClients,
	}.Path()
}

func (b *backend) pathClient() *framework.Path {
	return &framework.Path{
		Pattern:         clientsPrefix + spec.NamePattern + "$",
		HelpSynopsis:    "A Paxos API client in Vault's custody, beside the root.",
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
				Text: "The scopes that the Dashboard shows for this client. An array, or a text with commas or spaces " +
					"between the scopes. Required at the first write."},
			"allowed_roles": {Type: framework.TypeCommaStringSlice, Example: "payouts",
				Text: "The roles that may request tokens with this client or lease it. * allows every role."},
			"label": {Type: framework.TypeString, Example: "vault-mint-1",
				Text: "The client's Label in the Dashboard, for people and reports."},
			"metadata": spec.Metadata(),
			"disabled": {Type: framework.TypeBool, Example: "true",
				Text: "Whether the client is out of use: it is not leased, no tokens are requested with it, and tokens " +
					"that were requested with it are revoked."},
			"verify_connection": spec.Verify("Whether to verify a new secret and new scopes with one token request " +
				"for all the scopes."),
			"force": {
				Type: framework.TypeBool, Query: true, Example: "true",
				Text: "Dangerous. On a delete: delete the entry although valid tokens need it to be revoked. They " +
					"stay valid until they expire.",
			},
		}.Fields(),
		Operations: spec.Operations{
			logical.ReadOperation: spec.Displayed(spec.OnActive(b.readClient,
				"Read a client, its state and who holds it.",
				spec.Body("The client.", clientAnswer)), "read", "client"),
			logical.CreateOperation: spec.Displayed(spec.OnActive(b.writeClient, "Stock a client.",
				spec.NoBody("Stored.")),
				"write", "client"),
			logical.UpdateOperation: spec.Displayed(spec.OnActive(b.writeClient,
				"Change a client; parameters left out keep their value.",
				spec.NoBody("Stored.")), "write", "client"),
			logical.PatchOperation: spec.Displayed(spec.OnActive(b.patchClient, "Change parts of a client.",
				spec.NoBody("Stored.")), "patch", "client"),
			logical.DeleteOperation: spec.Displayed(spec.OnActive(b.deleteClient,
				"Forget a client. At Paxos it lives on.",
				spec.NoBody("Forgotten.")), "delete", "client"),
		},
	}
}

// clientAnswer describes the answer of a read of clients/:name.
var clientAnswer = spec.Fields{
	"client_id":       spec.Required(framework.TypeString, "Client ID."),
	"generation":      spec.Required(framework.TypeInt, "Counts the client's secrets."),
	"secret_set_at":   spec.Required(framework.TypeString, "When its secret was stored (RFC 3339)."),
	"secret_verified": spec.Required(framework.TypeBool, "Whether a mint has shown that the secret is right."),
	"purpose": spec.Required(framework.TypeString,
		"mint, lease or standby; empty if it was stored before there were purposes and nothing "+
			"used it: then it is unusable until it gets one."),
	"scopes":        spec.Required(framework.TypeStringSlice, "The scopes that it was said to hold."),
	"allowed_roles": spec.Required(framework.TypeStringSlice, "The roles that may use it; * for every role."),
	"label":         spec.Required(framework.TypeString, "Its Label, as written."),
	"metadata":      spec.Required(framework.TypeKVPairs, "Free key-value pairs."),
	"disabled":      spec.Required(framework.TypeBool, "Whether it is out of use."),
	"state": spec.Required(framework.TypeString,
		"available, leased, revoking (to be deleted at Paxos), quarantined (waits for a new "+
			"secret) or lost (disabled or deleted in the Dashboard)."),
	"state_reason": spec.Required(framework.TypeString, "Why it is quarantined or lost; empty otherwise."),
	"held_by_role": spec.Required(framework.TypeString, "The role through which it is leased; empty if it is not."),
	"held_by_entity_id": spec.Required(framework.TypeString,
		"Vault's entity that holds it; empty if it is not leased, or to a token without an entity."),
	"held_by":    spec.Required(framework.TypeString, "Display name of the Vault token that it was leased to."),
	"held_since": spec.Required(framework.TypeString, "Since when (RFC 3339)."),
	"held_until": spec.Required(framework.TypeString, "When the lease ends as it stands (RFC 3339)."),
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
Clients are made by hand in the Paxos Dashboard and stored here beside the root.
purpose says what for, is required, and never changes:

    mint     roles that name it as their client request tokens with it
    lease    roles of credential_type client_credentials lease it, with its secret
    standby  it may become the root client (config/promote-standby)

Storing a client verifies its secret and all its scopes with one token request;
verify_connection=false skips that. A client whose secret was not verified is never
deleted at Paxos and never promoted, and is used only where the guardrails'
allow_unchecked_clients is true. A client_id is stored once on a mount, and one with
purpose=lease nowhere else in this plugin process. allowed_roles says which roles may
use it, none by default. Neither secret nor lease is ever shown here.

Deleting the entry only makes Vault forget the client. It is refused while the client
is leased or is due to be deleted at Paxos, and while tokens that it requested are
valid, unless force=true.
`
