package backend

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

func (b *backend) pathPromoteStandby() *framework.Path {
	return &framework.Path{
		Pattern:         "config/promote-standby$",
		HelpSynopsis:    "Put a stocked client in the root's place, while readers go on.",
		HelpDescription: promoteHelp,
		DisplayAttrs:    &framework.DisplayAttributes{OperationPrefix: "paxos"},
		Fields: fields{
			"client":              {Type: framework.TypeString, Description: "Which of standby_clients. The first that can be, if it is left out."},
			"delete_old_at_paxos": eraseField(),
			"verify_connection":   {Type: framework.TypeBool, Default: true, Description: "Whether to verify, with one token request for all scopes of all roles, that it can do what they need."},
		},
		Operations: operations{
			logical.UpdateOperation: displayed(onActive(b.promoteStandby, "Put a stocked client in the root's place.", answer("The root client's new generation.", rotationAnswer)), "promote", "standby"),
		},
	}
}

// promoteStandby answers POST config/promote-standby. The root is swapped first: if
// the client's own entry cannot be deleted then, the periodic work does it.
func (b *backend) promoteStandby(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	if err := checkStoredLockdown(ctx, req.Storage); err != nil { // which leaves config/rotate-root and replace-root open
		return reply(err)
	}
	before, err := storedRoot(ctx, req.Storage)
	if err != nil {
		return reply(err)
	}
	switch p, err := storedPulse(ctx, req.Storage); {
	case err != nil:
		return reply(err)
	case !p.Stopped.IsZero():
		return reply(badRequest("this mount has stopped itself, as a restored copy does: write config/resume first, if it is none"))
	case len(before.Generations) == 0:
		return reply(badRequest("this mount has no root client yet: write client_id and client_secret to config"))
	}
	asked, _ := given[string](d, "client")
	name, n, err := b.nextStandby(ctx, req.Storage, asked)
	if err != nil {
		return reply(err)
	}
	if err := b.forgetGenerations(ctx); err != nil {
		return reply(err)
	}
	if before, err = storedRoot(ctx, req.Storage); err != nil {
		return reply(err)
	}
	if len(before.Generations) > 1 {
		return reply(badRequest("the root client before this one still drains: its last token has not ended; status says when it goes"))
	}
	g, _ := n.current()
	next := successor{clientID: g.ClientID, secret: g.ClientSecret, holdsAll: true, verify: true}
	if next.scopes, err = b.scopesOfRoles(ctx, req.Storage); err != nil {
		return reply(err)
	}
	resp, err := b.rotate(ctx, req, d, before, next)
	if err != nil || resp.IsError() {
		return resp, err
	}
	if err := b.forgetPromoted(ctx); err != nil {
		b.logger.Warn("a promoted client is still among the stocked ones: the next tick removes it", "client", name, "error", err)
	}
	return resp, nil
}

// nextStandby is the client that is to become the root.
func (b *backend) nextStandby(ctx context.Context, s logical.Storage, asked string) (string, namedClient, error) {
	c, err := load[config](ctx, s, configKey)
	if err != nil {
		return "", namedClient{}, notConfigured(err)
	}
	if asked != "" && !slices.Contains(c.StandbyClients, asked) {
		return "", namedClient{}, badRequest("client %s is not among standby_clients", excerpt(asked))
	}
	var why []string
	for _, name := range c.StandbyClients {
		n, err := storedNamed(ctx, s, name)
		switch {
		case excusing(err, errNotFound) != nil:
			return "", namedClient{}, err
		case asked != "" && name != asked:
		case errors.Is(err, errNotFound):
			why = append(why, name+" is not stocked, or has become the root already")
		case n.Disabled:
			why = append(why, name+" is disabled")
		case n.State != available:
			why = append(why, fmt.Sprintf("%s is %s", name, n.State))
		default:
			return name, n, nil
		}
	}
	if len(why) == 0 {
		return "", namedClient{}, badRequest("standby_clients is empty: stock a client under clients/ and name it there, in config")
	}
	return "", namedClient{}, badRequest("no client stands by: %s", shortened(why))
}

// forgetPromoted deletes the entries of stocked clients that have become the root.
func (b *backend) forgetPromoted(ctx context.Context) error {
	b.writes.Lock()
	defer b.writes.Unlock()
	root, err := storedRoot(ctx, b.storage)
	if err != nil {
		return err
	}
	return eachNamed(ctx, b.storage, func(name string, n namedClient) error {
		if g, _ := n.current(); n.State == leased || !root.has(g.ClientID) {
			return nil
		}
		return b.named.remove(ctx, b.storage, clientsPrefix+name)
	})
}
