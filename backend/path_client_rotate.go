package backend

import (
	"context"
	"errors"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

func (b *backend) pathClientRotate() *framework.Path {
	return &framework.Path{
		Pattern:         clientsPrefix + namePattern + "/rotate$",
		HelpSynopsis:    "Give a client its new secret; one in quarantine may be leased again.",
		HelpDescription: clientRotateHelp,
		DisplayAttrs:    &framework.DisplayAttributes{OperationPrefix: "paxos"},
		Fields: fields{
			"name": nameField("Name of the client in Vault."),
			"client_secret": {
				Type: framework.TypeString, Required: true,
				Description:  "The new secret: Dashboard, Admin > API Management, Rotate Credentials. Write-only.",
				DisplayAttrs: &framework.DisplayAttributes{Name: "Client Secret", Sensitive: true},
			},
			"verify_connection": {Type: framework.TypeBool, Default: true, Description: "Whether to verify the secret by minting one token with all the client's scopes."},
		},
		Operations: operations{
			logical.UpdateOperation: displayed(onActive(b.rotateClient, "Give a client its new secret.", answer("The client's new generation.", clientRotateAnswer)), "rotate", "client"),
		},
	}
}

// clientRotateAnswer is what a rotation of a client answers.
var clientRotateAnswer = fields{
	"client_id":  {Type: framework.TypeString, Required: true, Description: "Client ID."},
	"generation": {Type: framework.TypeInt, Required: true, Description: "Number of its secret now."},
	"state":      {Type: framework.TypeString, Required: true, Description: "State of the client now."},
}

// rotateClient answers POST clients/:name/rotate.
func (b *backend) rotateClient(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	name := d.Get("name").(string)
	before, err := storedNamed(ctx, req.Storage, name)
	if errors.Is(err, errNotFound) {
		return reply(badRequest("there is no client %q; `vault list` of the mount's clients shows those there are", name))
	}
	if err != nil {
		return reply(err)
	}
	known, _ := before.current()
	next := successor{name: name, clientID: known.ClientID, verify: true}
	patch(d, "client_secret", &next.secret)
	patch(d, "verify_connection", &next.verify)
	if err := before.renewed(); err != nil { // on a copy: no call for a client that is to be deleted
		return reply(err)
	}
	link, err := b.dial(ctx, req.Storage)
	if err != nil {
		return reply(err)
	}
	if known.same(next.secret) && known.Connection == link.fingerprint {
		return reply(badRequest("client_secret is the one that is stored already: make a new one in the Dashboard (Rotate Credentials)"))
	}
	rotated, warnings, err := b.proveClient(ctx, req.Storage, before, before.Scopes, next)
	if err != nil {
		return reply(err)
	}
	after := before
	after.client = rotated
	if err := b.storeNamed(ctx, req.Storage, name, before, after); err != nil {
		return reply(err)
	}
	b.announceChange(clientRotated, req.Path, req.Operation)
	if after, err = storedNamed(ctx, req.Storage, name); err != nil {
		return reply(err)
	}
	b.logger.Info("a client has a new secret", "client", name, "client_id", known.ClientID, "generation", rotated.last())
	return &logical.Response{
		Data:     map[string]any{"client_id": known.ClientID, "generation": rotated.last(), "state": string(after.State)},
		Warnings: warnings,
	}, nil
}
