package backend

import (
	"context"
	"slices"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/broker"
)

// grants reports whether a token of this row may have been minted by the client as it
// is now.
func (n namedClient) grants(row broker.Row) bool {
	return !n.Disabled && n.allows(row.RoleName) && len(n.lacking(strings.Fields(row.Key.Scopes))) == 0
}

// proveNamed gives after the secret of the request, if it brings one, and proves what
// is new about it: a secret, or scopes.
func (b *backend) proveNamed(ctx context.Context, s logical.Storage, d *framework.FieldData, name string, before namedClient, after *namedClient) ([]string, error) {
	known, exists := before.current()
	next := successor{name: name, clientID: known.ClientID, secret: known.ClientSecret, verify: true}
	patch(d, "client_id", &next.clientID)
	patch(d, "client_secret", &next.secret)
	patch(d, "verify_connection", &next.verify)
	switch {
	case !exists && (next.clientID == "" || next.secret == ""):
		return nil, badRequest("client_id and client_secret are required to stock a client")
	case exists && next.clientID != known.ClientID:
		return nil, badRequest("client_id is %s and fixed: stock another client under another name", known.ClientID)
	case exists && !known.same(next.secret):
		return nil, badRequest("client_secret is not the one that is stored: write a new secret to clients/<name>/rotate")
	case exists && (!next.verify || slices.Equal(before.Scopes, after.Scopes)):
		return nil, nil
	}
	rotated, warnings, err := b.proveClient(ctx, s, before, after.Scopes, next)
	if err == nil && !exists {
		after.client = rotated
	}
	return warnings, err
}

// proveClient returns the client with the successor as its next generation, proved
// with all its scopes.
func (b *backend) proveClient(ctx context.Context, s logical.Storage, before namedClient, scopes []string, next successor) (client, []string, error) {
	c, err := b.configs.get(ctx, s, configKey)
	if err != nil {
		return client{}, nil, notConfigured(err)
	}
	link, err := b.linkOf(ctx, s, c)
	if err != nil {
		return client{}, nil, err
	}
	root, err := storedRoot(ctx, s)
	if err != nil {
		return client{}, nil, err
	}
	if next.verify { // of all secrets only the root's is proved in a lockdown
		if err := checkStoredLockdown(ctx, s); err != nil {
			return client{}, nil, err
		}
	}
	next.scopes, next.holdsAll, next.need, next.entity = scopes, true, "that scopes names", root.Profiles
	return b.succeed(ctx, link, c, before.client, next)
}
