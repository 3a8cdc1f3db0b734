package backend

import (
	"context"
	"fmt"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

func (b *backend) pathRotateRoot() *framework.Path {
	return &framework.Path{
		Pattern:         rotateRootPath + "$",
		HelpSynopsis:    "Give the root client its new secret, while readers go on.",
		HelpDescription: rotateRootHelp,
		DisplayAttrs:    &framework.DisplayAttributes{OperationPrefix: "paxos"},
		Fields: fields{
			"client_id": {Type: framework.TypeString, Description: "Client ID of the root client. Needed on a mount without one; else it may only confirm which it is."},
			"client_secret": {
				Type: framework.TypeString, Required: true,
				Description:  "The new secret: Dashboard, Admin > API Management, Rotate Credentials. Write-only.",
				DisplayAttrs: &framework.DisplayAttributes{Name: "Client Secret", Sensitive: true},
			},
			"verify_connection": {Type: framework.TypeBool, Default: true, Description: "Whether to verify the secret by minting one token with it."},
		},
		Operations: operations{
			logical.UpdateOperation: displayed(onActive(b.rotateRoot, "Give the root client its new secret.", answer("The root client's new generation.", rotationAnswer)), "rotate", "root"),
		},
	}
}

func (b *backend) pathReplaceRoot() *framework.Path {
	return &framework.Path{
		Pattern:         replaceRootPath + "$",
		HelpSynopsis:    "Put another client of the same Entity in the root's place, while readers go on. Needs sudo.",
		HelpDescription: replaceRootHelp,
		DisplayAttrs:    &framework.DisplayAttributes{OperationPrefix: "paxos"},
		Fields: fields{
			"client_id": {Type: framework.TypeString, Required: true, Description: "Client ID of the new root client."},
			"client_secret": {
				Type: framework.TypeString, Required: true,
				Description:  "Its Client Secret. Write-only.",
				DisplayAttrs: &framework.DisplayAttributes{Name: "Client Secret", Sensitive: true},
			},
			"delete_old_at_paxos": eraseField(),
			"verify_connection":   {Type: framework.TypeBool, Default: true, Description: "Whether to verify, with one token request for all scopes of all roles, that it can do what they need."},
		},
		Operations: operations{
			logical.UpdateOperation: displayed(onActive(b.replaceRoot, "Put another client in the root's place.", answer("The root client's new generation.", rotationAnswer)), "replace", "root"),
		},
	}
}

// rotateRootPath takes the root's new secret, and needs no sudo.
const rotateRootPath = "config/rotate-root"

// replaceRootPath needs sudo: who replaces the root decides whose money moves.
const replaceRootPath = "config/replace-root"

// eraseField is a parameter of those who put another client in the root's place.
func eraseField() *framework.FieldSchema {
	return &framework.FieldSchema{
		Type:        framework.TypeBool,
		Description: "Delete the old root client at Paxos when its last token has ended. Needs a new root with api_creds:read_credentials and api_creds:delete_credentials, and an old one whose Label begins with the guardrails' deletable_label_prefix.",
	}
}

// rotationAnswer is what both answer.
var rotationAnswer = fields{
	"client_id":  {Type: framework.TypeString, Required: true, Description: "Client ID of the root client."},
	"generation": {Type: framework.TypeInt, Required: true, Description: "Number of the pair of Client ID and secret that mints from now on."},
	"draining":   {Type: framework.TypeInt, Required: true, Description: "Live tokens of earlier generations; they are served until they end."},
}

// rotateRoot answers POST config/rotate-root.
func (b *backend) rotateRoot(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	before, err := storedRoot(ctx, req.Storage)
	if err != nil {
		return reply(err)
	}
	known, exists := before.current()
	next := successor{clientID: known.ClientID, verify: true}
	patch(d, "client_id", &next.clientID)
	switch {
	case !exists && next.clientID == "":
		return reply(badRequest("client_id is missing: this mount has no root client yet"))
	case exists && next.clientID != known.ClientID:
		return reply(badRequest("client_id is %s: write another client to config/replace-root, which puts it in its place", known.ClientID))
	}
	return b.rotate(ctx, req, d, before, next)
}

// replaceRoot answers POST config/replace-root.
func (b *backend) replaceRoot(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	before, err := storedRoot(ctx, req.Storage)
	if err != nil {
		return reply(err)
	}
	known, exists := before.current()
	next := successor{holdsAll: true, verify: true}
	patch(d, "client_id", &next.clientID)
	switch {
	case !exists:
		return reply(badRequest("this mount has no root client yet: write client_id and client_secret to config"))
	case next.clientID == known.ClientID:
		return reply(badRequest("client_id is that of the root client already: write its new client_secret to config/rotate-root"))
	}
	if err := refuseStocked(ctx, req.Storage, next.clientID); err != nil {
		return reply(err)
	}
	if next.scopes, err = b.scopesOfRoles(ctx, req.Storage); err != nil {
		return reply(err)
	}
	return b.rotate(ctx, req, d, before, next)
}

// refuseStocked refuses a root that is stored under clients/ already.
func refuseStocked(ctx context.Context, s logical.Storage, clientID string) error {
	return eachNamed(ctx, s, func(name string, n namedClient) error {
		if n.has(clientID) {
			return badRequest("client_id is that of clients/%s already: name it in standby_clients and write config/promote-standby, or delete it there", name)
		}
		return nil
	})
}

// rotate puts the successor in the root's place: proved with no lock held, swapped
// in one write.
func (b *backend) rotate(ctx context.Context, req *logical.Request, d *framework.FieldData, before client, next successor) (*logical.Response, error) {
	after, warnings, err := b.proveSuccessor(ctx, req.Storage, d, before, next)
	if erase, _ := given[bool](d, "delete_old_at_paxos"); erase {
		after.erase(before)
	}
	if err == nil {
		b.writes.Lock()
		err = b.storeRoot(ctx, req.Storage, before, after)
		b.writes.Unlock()
	}
	if err != nil {
		b.events.add(event{rootNotRotated, []string{logical.EventMetadataPath, req.Path, logical.EventMetadataOperation, string(req.Operation)}})
		return reply(err)
	}
	b.announceChange(rootRotated, req.Path, req.Operation)
	b.logger.Info("the root client has a new generation", "client_id", next.clientID, "generation", after.last())
	rows, err := b.broker.Live(ctx)
	if err != nil {
		return reply(fmt.Errorf("the root was rotated, but counting the tokens of earlier generations: %w", err))
	}
	draining := 0
	for _, row := range rows {
		if row.Generation != after.last() {
			draining++
		}
	}
	return &logical.Response{
		Data:     map[string]any{"client_id": next.clientID, "generation": after.last(), "draining": draining},
		Warnings: warnings,
	}, nil
}

// erase marks the generations of the client that was the root before to be deleted at
// Paxos, and no older ones, of which nobody asked that.
func (c *client) erase(before client) {
	old, _ := before.current()
	for i, g := range c.Generations {
		c.Generations[i].Erase = g.Erase || g.ClientID == old.ClientID
	}
}

// proveSuccessor completes the successor from the request and proves it.
func (b *backend) proveSuccessor(ctx context.Context, s logical.Storage, d *framework.FieldData, before client, next successor) (client, []string, error) {
	c, err := b.configs.get(ctx, s, configKey)
	if err != nil {
		return client{}, nil, notConfigured(err)
	}
	link, err := b.linkOf(ctx, s, c)
	if err != nil {
		return client{}, nil, err
	}
	patch(d, "client_secret", &next.secret)
	patch(d, "verify_connection", &next.verify)
	if g, ok := before.current(); ok && g.ClientID == next.clientID && g.same(next.secret) && g.Connection == link.fingerprint {
		return client{}, nil, badRequest("client_secret is the one that is stored already: make a new one in the Dashboard (Rotate Credentials)")
	}
	if len(next.scopes) == 0 {
		next.scopes, next.holdsAll = []string{c.VerifyScope}, false
	}
	next.need, next.entity = "that the roles of this mount need", before.Profiles
	return b.succeed(ctx, link, c, before, next)
}

// scopesOfRoles is the union of what the mount's roles need of the root client.
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
