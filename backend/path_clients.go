package backend

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/store"
)

func (b *backend) pathClients() *framework.Path {
	return listing{
		pattern: clientsPrefix + "?$", item: "Client", entries: true, suffix: "clients",
		synopsis: "List the stocked clients.", summary: "List the stocked clients.",
		answer: responseBody("The names.", listAnswer), list: listStored(clientsPrefix),
	}.path()
}

func (b *backend) pathClient() *framework.Path {
	return &framework.Path{
		Pattern:         clientsPrefix + namePattern + "$",
		HelpSynopsis:    "A Paxos API client in Vault's custody, beside the root.",
		HelpDescription: clientHelp,
		DisplayAttrs:    &framework.DisplayAttributes{OperationPrefix: "paxos", ItemType: "Client"},
		ExistenceCheck:  entryExists,
		Fields: fields{
			"name": nameField("Name of the client in Vault. Case matters."),
			"client_id": {Type: framework.TypeString,
				Description: "Client ID, from the Dashboard, Admin > API Management. Required when the client " +
					"is stored, and then fixed."},
			"purpose": {
				Type: framework.TypeString, AllowedValues: []any{string(purposeMint), string(purposeLease),
					string(purposeStandby)},
				Description: "What the client is for: mint (roles request tokens with it), lease (roles of " +
					"client_credentials lease it whole) or standby (it may become the root client). Required " +
					"when the client is stored, and then fixed.",
			},
			"client_secret": secretField("Client Secret. Write-only. Required when the client is stocked; a " +
				"new one is " +
				"written to clients/<name>/rotate."),
			"scopes": {Type: framework.TypeCommaStringSlice,
				Description: "The scopes that the Dashboard gave this client, as an array or with commas or " +
					"spaces between them. Required when the client is stocked."},
			"allowed_roles": {Type: framework.TypeCommaStringSlice,
				Description: "The roles that may lease this client or mint with it; * for every role. None " +
					"by default."},
			"label": {Type: framework.TypeString,
				Description: "Its Label in the Dashboard, for people and reports."},
			"metadata": {Type: framework.TypeKVPairs,
				Description: "Free key=value pairs for people and reports. Not secret."},
			"disabled": {Type: framework.TypeBool,
				Description: "Lease this client to nobody and mint nothing with it; tokens that it minted end."},
			"verify_connection": verifyField("Whether to verify new secret and scopes by minting one token " +
				"with all of them."),
			"force": {
				Type: framework.TypeBool, Query: true,
				Description: "On delete: go through with it although tokens are alive that the engine can " +
					"then no longer revoke.",
			},
		},
		Operations: operations{
			logical.ReadOperation: displayed(onActive(b.readClient, "Read a client, its state and who holds it.",
				responseBody("The client.", clientAnswer)), "read", "client"),
			logical.CreateOperation: displayed(onActive(b.writeClient, "Stock a client.", noResponseBody("Stored.")),
				"write", "client"),
			logical.UpdateOperation: displayed(onActive(b.writeClient,
				"Change a client; parameters left out keep their value.",
				noResponseBody("Stored.")), "write", "client"),
			logical.PatchOperation: displayed(onActive(b.patchClient, "Change parts of a client.",
				noResponseBody("Stored.")), "patch", "client"),
			logical.DeleteOperation: displayed(onActive(b.deleteClient, "Forget a client. At Paxos it lives on.",
				noResponseBody("Forgotten.")), "delete", "client"),
		},
	}
}

// clientAnswer is what a read of a client holds.
var clientAnswer = fields{
	"client_id":       required(framework.TypeString, "Client ID."),
	"generation":      required(framework.TypeInt, "Counts the client's secrets."),
	"secret_set_at":   required(framework.TypeString, "When its secret was stored (RFC 3339)."),
	"secret_verified": required(framework.TypeBool, "Whether a mint has shown that the secret is right."),
	"purpose": required(framework.TypeString,
		"mint, lease or standby; empty if it was stored before there were purposes and nothing "+
			"used it: then it is unusable until it gets one."),
	"scopes":        required(framework.TypeStringSlice, "The scopes that it was said to hold."),
	"allowed_roles": required(framework.TypeStringSlice, "The roles that may use it; * for every role."),
	"label":         required(framework.TypeString, "Its Label, as written."),
	"metadata":      required(framework.TypeKVPairs, "Free key-value pairs."),
	"disabled":      required(framework.TypeBool, "Whether it is out of use."),
	"state": required(framework.TypeString,
		"available, leased, revoking (to be deleted at Paxos), quarantined (waits for a new "+
			"secret) or lost (disabled or deleted in the Dashboard)."),
	"state_reason": required(framework.TypeString, "Why it is quarantined or lost; empty otherwise."),
	"held_by_role": required(framework.TypeString, "The role through which it is leased; empty if it is not."),
	"held_by_entity_id": required(framework.TypeString,
		"Vault's entity that holds it; empty if it is not leased, or to a token without an entity."),
	"held_by":    required(framework.TypeString, "Display name of the Vault token that it was leased to."),
	"held_since": required(framework.TypeString, "Since when (RFC 3339)."),
	"held_until": required(framework.TypeString, "When the lease ends as it stands (RFC 3339)."),
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
		"secret_set_at":     timestamp(g.Since),
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
		"held_since":        timestamp(held.Since),
		"held_until":        timestamp(held.Deadline),
	}}, nil
}

// writeClient answers POST clients/:name.
func (b *backend) writeClient(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	return b.changeClient(ctx, req, d, true)
}

// patchClient answers PATCH clients/:name.
func (b *backend) patchClient(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	return b.changeClient(ctx, req, d, false)
}

// changeClient verifies what is new with no lock held, then applies the request to the entry as it
// is by then, and ends the tokens that its roles may not have any more.
func (b *backend) changeClient(ctx context.Context, req *logical.Request, d *framework.FieldData,
	create bool) (*logical.Response, error) {
	name := d.Get("name").(string)
	before, err := loadStoredClient(ctx, req.Storage, name)
	absent := errors.Is(err, store.ErrNotFound)
	switch {
	case absent && !create:
		return nil, fault.New(http.StatusNotFound, "there is no client %q to patch; write to it to store it", name)
	case absent:
		before = storedClient{State: stateAvailable}
	case err != nil:
		return nil, err
	}
	planned := before
	if err := planned.change(d); err != nil {
		return nil, err
	}
	verified, err := b.verifyWrite(ctx, req.Storage, d, name, before, planned)
	if err != nil {
		return nil, err
	}
	after, err := b.storeChangedClient(ctx, req.Storage, name, before, verified, func(n *storedClient) error {
		return n.change(d)
	})
	if err != nil {
		return nil, err
	}
	b.announceChange(clientWritten, req.Path, req.Operation)
	ended, pending, err := b.endOfClient(ctx, name, after)
	if err != nil {
		return nil, fmt.Errorf("client %s was stored, but ending tokens that are now too much: %w", name, err)
	}
	warnings := verified.warnings
	if ended+pending > 0 {
		warnings = append(warnings, endedWarning("this client", ended, pending))
	}
	if len(warnings) == 0 {
		return nil, nil
	}
	return &logical.Response{Warnings: warnings}, nil
}

// storeChangedClient is the write of a read-modify-write that began with before. What was verified
// and what the request changes is applied to the entry as it is now, so that whatever else was
// changed meanwhile stays. An entry that was deleted, made again, or given another secret since is
// not the one that was verified.
func (b *backend) storeChangedClient(ctx context.Context, s logical.Storage, name string, before storedClient,
	verified verifiedClient, change func(*storedClient) error) (storedClient, error) {
	b.writes.Lock()
	defer b.writes.Unlock()
	b.mount.all.claims.Lock()
	defer b.mount.all.claims.Unlock()
	now, err := loadStoredClient(ctx, s, name)
	created := before.last() == 0
	switch {
	case errors.Is(err, store.ErrNotFound) && created:
		now = before
	case errors.Is(err, store.ErrNotFound):
		return now, fault.BadRequest("Not saved: client %s was deleted at the same time.", name)
	case err != nil:
		return now, err
	case created, now.EntryID != before.EntryID, verified.slow() && now.last() != before.last():
		return now, fault.BadRequest("Not saved: client %s was written by somebody else at the same time. Read it "+
			"and write again.", name)
	}
	if verified.slow() {
		if err := b.checkSameConnection(ctx, s, verified); err != nil {
			return now, err
		}
	}
	planned, after := before, now
	if change != nil {
		if err := errors.Join(change(&planned), change(&after)); err != nil {
			return now, err
		}
	}
	if field := store.Conflict(before, now, planned); verified.slow() && field != "" {
		return now, fault.BadRequest("Not saved: %s of client %s was changed by somebody else at the same time. "+
			"Read it and write again.", field, name)
	}
	verified.apply(&after)
	if after.last() != now.last() { // a new secret, which nobody else knows
		if err := after.renewed(); err != nil {
			return now, err
		}
	}
	g, _ := after.current()
	if old, _ := now.current(); after.last() != now.last() || g.Verified != old.Verified ||
		after.Purpose != now.Purpose {
		if err := b.claim(ctx, s, g.ClientID, after.Purpose == purposeLease, g.Verified,
			clientsPrefix+name); err != nil {
			return now, err
		}
	}
	return after, b.putStoredClient(ctx, s, name, after)
}

// checkSameConnection refuses a secret that was verified over a connection which is another by now.
func (b *backend) checkSameConnection(ctx context.Context, s logical.Storage, verified verifiedClient) error {
	if verified.next == nil {
		return nil
	}
	c, err := loadConfig(ctx, s)
	if err != nil {
		return notConfigured(err)
	}
	settings, err := storedConnection(ctx, s)
	if err != nil {
		return err
	}
	complete, err := settings.settings(c.Environment)
	if err == nil && complete.Fingerprint() != verified.next.Connection {
		err = fault.BadRequest("Not saved: config or config/connection was changed at the same time. Write again.")
	}
	return err
}

// deleteClient answers DELETE clients/:name. Paxos is not told.
func (b *backend) deleteClient(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	name := d.Get("name").(string)
	force, _ := input.Given[bool](d, "force")
	pending := 0
	if force {
		var err error
		if _, pending, err = b.broker.End(ctx, func(row broker.Row) bool {
			return row.Key.Client == name
		}); err != nil {
			return nil, err
		}
	}
	switch err := b.takeClient(ctx, req.Storage, name, force); {
	case errors.Is(err, store.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	}
	b.announceChange(clientDeleted, req.Path, req.Operation)
	if pending == 0 {
		return nil, nil
	}
	return &logical.Response{Warnings: []string{orphans(pending)}}, nil
}

// takeClient deletes the entry of a client, unless something needs it. The question is asked under
// the lock, so that no token request is missed that began meanwhile.
func (b *backend) takeClient(ctx context.Context, s logical.Storage, name string, force bool) error {
	b.writes.Lock()
	defer b.writes.Unlock()
	n, err := loadStoredClient(ctx, s, name)
	switch {
	case store.IsUnreadable(err) && force:
		return b.removeStoredClient(ctx, s, name, n)
	case store.IsUnreadable(err):
		return fault.BadRequest("Not deleted: the entry of client %s cannot be read, so that it is not known "+
			"whether the client is leased. Upgrade the plugin if a later version wrote it, or set force=true.", name)
	case err != nil:
		return err
	}
	need, err := b.broker.Need(ctx)
	if err != nil {
		return err
	}
	switch g, _ := n.current(); {
	case n.State == stateLeased:
		return fault.BadRequest("Not deleted: client %s is %s. End its lease first.", name, n.Checkout)
	case n.State == stateRevoking:
		return fault.BadRequest("Not deleted: client %s is due to be deleted at Paxos, because its lease has ended; "+
			"without its entry it would go on working there. The entry is deleted as soon as Paxos has "+
			"confirmed the deletion.", name)
	case !force && need.OfClient(g.ClientID):
		return fault.BadRequest("Not deleted: client %s is needed to revoke live tokens (tokens that are being "+
			"requested count too). End them first (set disabled=true on it), or set force=true and let them expire.", name)
	}
	return b.removeStoredClient(ctx, s, name, n)
}

// endOfClient ends the tokens that the client minted and may not have minted as it is now.
func (b *backend) endOfClient(ctx context.Context, name string, n storedClient) (ended, pending int, err error) {
	return b.broker.End(ctx, func(row broker.Row) bool {
		return row.Key.Client == name && row.Key.Role != "" && !n.grants(row)
	})
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
