package backend

import (
	"context"
	"errors"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/spec"
	"vault-plugin-secrets-paxos/backend/store"
)

func (b *backend) pathClientRotate() *framework.Path {
	return &framework.Path{
		Pattern:         clientsPrefix + spec.NamePattern + "/rotate$",
		HelpSynopsis:    "Store the new secret of a client. A client in quarantine can then be leased again.",
		HelpDescription: clientRotateHelp,
		DisplayAttrs:    &framework.DisplayAttributes{OperationPrefix: "paxos"},
		Fields: spec.Parameters{
			"name": spec.Name("Name of the client in Vault.", "mint-1"),
			"client_secret": spec.RequiredSecret("The new secret, from the Dashboard (Admin > API Management, Rotate " +
				"Credentials)."),
			"verify_connection": spec.Verify("Whether to verify the secret with one token request for all scopes of " +
				"the client."),
		}.Fields(),
		Operations: spec.Operations{
			logical.UpdateOperation: spec.Displayed(spec.OnActive(b.rotateClient, "Store the new secret of a client.",
				spec.Body("The client's new generation.", clientRotateAnswer)), "rotate", "client"),
		},
	}
}

// clientRotateAnswer describes the answer of clients/:name/rotate.
var clientRotateAnswer = spec.Fields{
	"client_id":  spec.Required(framework.TypeString, "Client ID."),
	"generation": spec.Required(framework.TypeInt, "Number of its new secret."),
	"state":      spec.Required(framework.TypeString, "State of the client now."),
}

// rotateClient answers POST clients/:name/rotate.
func (b *backend) rotateClient(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	name := d.Get("name").(string)
	before, err := loadStoredClient(ctx, req.Storage, name)
	if errors.Is(err, store.ErrNotFound) {
		return nil, noSuchClient(name)
	}
	if err != nil {
		return nil, err
	}
	known, _ := before.current()
	secret, verify := "", true
	input.Patch(d, "client_secret", &secret)
	input.Patch(d, "verify_connection", &verify)
	if before.State == stateToBeDeleted { // refused before a token request is spent on it
		return nil, errBeingDeleted
	}
	session, err := b.openSession(ctx, req.Storage)
	if err != nil {
		return nil, err
	}
	switch which, err := b.recognize(clientsPrefix+name, before.client, known.ClientID, secret); {
	case err != nil:
		return nil, err
	case which == olderSecret:
		return nil, errOlderSecret
	case which == currentSecret && known.Connection == session.fingerprint:
		return nil, errSameSecret
	}
	verified, err := b.verifyNew(ctx, req.Storage, name, before, before, known.ClientID, secret, verify)
	if err != nil {
		return nil, err
	}
	after, err := b.storeChangedClient(ctx, req.Storage, name, before, verified, nil)
	if err != nil {
		return nil, err
	}
	b.announceChange(clientRotated, req.Path, req.Operation)
	b.logger.Info("a client has a new secret", "client", name, "client_id", known.ClientID, "generation", after.last())
	return &logical.Response{
		Data:     map[string]any{"client_id": known.ClientID, "generation": after.last(), "state": string(after.State)},
		Warnings: verified.warnings,
	}, nil
}

const clientRotateHelp = `
In the Dashboard, Rotate Credentials creates a new secret for the same Client ID. The
old secret stops working at once, also for the application that leases the client.
Write the new secret here. It is verified with one token request for all scopes of
the client, and then stored. If Paxos rejects it, nothing changes.

    vault write paxos/clients/vendor-1/rotate client_secret=@secret.txt

A client that is quarantined, or that was found disabled in the Dashboard, is
available again afterwards.
`
