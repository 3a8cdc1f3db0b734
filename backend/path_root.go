package backend

import (
	"context"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/spec"
)

func (b *backend) pathRotateRoot() *framework.Path {
	return &framework.Path{
		Pattern:         rotateRootPath + "$",
		HelpSynopsis:    "Store the new secret of the root client, without interrupting readers.",
		HelpDescription: rotateRootHelp,
		DisplayAttrs:    &framework.DisplayAttributes{OperationPrefix: "paxos"},
		Fields: spec.Parameters{
			"client_id": {Type: framework.TypeString, Example: exampleClientID,
				Text: "Client ID of the root client. Required if the mount has no root client yet. Otherwise it may only " +
					"name the root client that there is."},
			"client_secret": spec.RequiredSecret("The new secret, from the Dashboard (Admin > API Management, Rotate " +
				"Credentials)."),
			"verify_connection": spec.Verify("Whether to verify the secret with one token request."),
		}.Fields(),
		Operations: spec.Operations{
			logical.UpdateOperation: spec.Displayed(spec.OnActive(b.rotateRoot, "Store the new secret of the root client.",
				spec.Body("The root client's new generation.", rotationAnswer)), "rotate", "root"),
		},
	}
}

func (b *backend) pathReplaceRoot() *framework.Path {
	return &framework.Path{
		Pattern: replaceRootPath + "$",
		HelpSynopsis: "Make another client of the same Entity the root client, without interrupting readers. Needs " +
			"sudo.",
		HelpDescription: replaceRootHelp,
		DisplayAttrs:    &framework.DisplayAttributes{OperationPrefix: "paxos"},
		Fields: spec.Parameters{
			"client": {Type: framework.TypeString, Example: "standby-1",
				Text: "A client under clients/ with purpose=standby, whose stored secret is used. Required without " +
					"client_id and client_secret."},
			"client_id": {Type: framework.TypeString, Example: exampleClientID,
				Text: "Client ID of the new root client. Required without client."},
			"client_secret":       spec.Secret("Client Secret of the new root client. Required without client."),
			"delete_old_at_paxos": deleteOldField(),
			"verify_connection": spec.Verify("Whether to verify the new root client with one token request for all " +
				"scopes of all roles."),
		}.Fields(),
		Operations: spec.Operations{
			logical.UpdateOperation: spec.Displayed(spec.OnActive(b.replaceRoot,
				"Make another client the root client.",
				spec.Body("The root client's new generation.", rotationAnswer)), "replace", "root"),
		},
	}
}

// deleteOldField is the parameter delete_old_at_paxos. Only config/replace-root has it, because
// that path needs sudo and a deletion at Paxos cannot be undone.
func deleteOldField() spec.Parameter {
	return spec.Parameter{
		Type: framework.TypeBool, Example: "true",
		Text: "Whether to delete the old root client at Paxos when its last token has ended. This cannot be undone. The " +
			"new root client needs api_creds:read_credentials and api_creds:delete_credentials. The old one's Label " +
			"must begin with deletable_label_prefix of the guardrails.",
	}
}

// rotationAnswer are the fields that config/rotate-root, config/replace-root and
// config/promote-standby return.
var rotationAnswer = spec.Fields{
	"client_id": spec.Required(framework.TypeString, "Client ID of the root client."),
	"generation": spec.Required(framework.TypeInt,
		"Number of the secret that tokens are requested with from now on."),
	"draining": spec.Required(framework.TypeInt,
		"Valid tokens of earlier secrets. They are issued until they are refreshed or expire."),
}

// rotateRoot answers POST config/rotate-root: the root client keeps its Client ID and gets a new
// secret.
func (b *backend) rotateRoot(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	c, err := loadConfig(ctx, req.Storage)
	if err != nil {
		return nil, notConfigured(err)
	}
	after, err := b.giveSecret(ctx, req, d, c)
	switch {
	case err != nil:
		return nil, err
	case after.same:
		return nil, errSameSecret
	}
	return b.answerRotation(ctx, after)
}

// replaceRoot answers POST config/replace-root: another client becomes the root.
func (b *backend) replaceRoot(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	c, err := loadConfig(ctx, req.Storage)
	if err != nil {
		return nil, notConfigured(err)
	}
	before, err := storedRoot(ctx, req.Storage)
	if err != nil {
		return nil, err
	}
	change := rootChange{holdsAll: true, verify: true}
	input.Patch(d, "client", &change.standby)
	input.Patch(d, "client_id", &change.clientID)
	input.Patch(d, "client_secret", &change.secret)
	input.Patch(d, "verify_connection", &change.verify)
	input.Patch(d, "delete_old_at_paxos", &change.deleteOld)
	known, exists := before.current()
	switch {
	case !exists:
		return nil, errNoRoot
	case change.standby != "" && change.clientID+change.secret != "":
		return nil, fault.BadRequest("client is a stored client that has its own secret. Leave out client_id and " +
			"client_secret.")
	case change.standby == "" && (change.clientID == "" || change.secret == ""):
		return nil, fault.BadRequest("client_id and client_secret are required, or client with the name of a " +
			"stored client with purpose=standby.")
	case change.clientID == known.ClientID:
		return nil, fault.BadRequest("client_id is already this mount's root client. Store its new secret with "+
			"`vault write %sconfig/rotate-root client_secret=-`.", mountMark)
	}
	if change.scopes, err = b.scopesOfRoles(ctx, req.Storage); err != nil {
		return nil, err
	}
	after, err := b.changeRoot(ctx, req, c, before, change)
	if err != nil {
		return nil, err
	}
	return b.answerRotation(ctx, after)
}

// answerRotation describes the changed root: its new generation, and how many tokens of earlier
// generations are still valid.
func (b *backend) answerRotation(ctx context.Context, after changedRoot) (*logical.Response, error) {
	rows, err := b.broker.Live(ctx)
	if err != nil {
		return nil, stoppedAfter(err, "The root client was changed, but the tokens of its earlier generations could not "+
			"be counted.")
	}
	g, _ := after.current()
	draining := 0
	for _, row := range rows {
		if row.Key.Client == "" && row.Generation != g.Number {
			draining++
		}
	}
	return &logical.Response{
		Data:     map[string]any{"client_id": g.ClientID, "generation": g.Number, "draining": draining},
		Warnings: after.warnings,
	}, nil
}

// scopesOfRoles returns the scopes that the roles of the mount need of the root client. Disabled
// roles and roles that use another client need none.
func (b *backend) scopesOfRoles(ctx context.Context, s logical.Storage) ([]string, error) {
	var all []string
	seen := map[string]bool{}
	err := eachRole(ctx, s, func(_ string, r role) {
		if r.Disabled || r.Client != "" || r.CredentialType != accessToken {
			return
		}
		for _, scope := range r.ResolvedScopes {
			if !seen[scope] {
				seen[scope] = true
				all = append(all, scope)
			}
		}
	})
	return all, err
}

const rotateRootHelp = `
In the Dashboard (Admin > API Management), Rotate Credentials creates a new secret for
the same Client ID. The old secret stops working at once. Write the new secret here. It
is verified with one token request, and that token is revoked at once. If Paxos rejects
it, nothing changes.

    vault write paxos/config/rotate-root client_secret=@secret.txt

Between the click in the Dashboard and this write, readers get cached tokens, and tokens
that are in use stay valid. This also works during a lockdown.
`

const replaceRootHelp = `
Replaces the root client, for example because its secret leaked or because it is to be
deleted. The new root client is either one from the Dashboard (client_id and
client_secret), or a stored client with purpose=standby (client). It is verified with
one token request for all scopes of all roles. If it lacks some, the error names them,
and nothing changes. It must belong to the same Entity, as far as that can be told.

    vault write paxos/config/replace-root client=standby-1
    vault write paxos/config/replace-root client_id=$CLIENT_ID client_secret=@secret.txt

Tokens of the old root client are issued until they are refreshed or expire. Its secret
is kept to revoke them, and removed afterwards. At Paxos the old client is deleted only
with delete_old_at_paxos=true. If the old client leaked, also write to
roles/<name>/rotate for each role, or to lockdown. This also works during a lockdown.

A key of the root client (keys/) signs for the new one if it has a Key ID for it. You
can write that Key ID before: keys/<name>/kid with client_id. The answer warns of keys
that have none.
`
