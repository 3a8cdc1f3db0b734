package backend

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/broker"
)

// What the lease of a client carries. These names are stored with every lease and
// never change.
const (
	leaseClient   = "client"
	leaseCheckout = "checkout"
)

// secretClient is the lease type of client credentials. Its name is stored with every
// lease and never changes.
func (b *backend) secretClient() *framework.Secret {
	return &framework.Secret{
		Type: clientCredentials,
		Fields: fields{
			"client_id":     {Type: framework.TypeString, Description: "Client ID."},
			"client_secret": {Type: framework.TypeString, Description: "Client Secret."},
		},
		Renew:  b.renewClient,
		Revoke: b.revokeClient,
	}
}

// credsAnswer is what a read of creds/ answers: an access token or a client, by the
// role's type.
func credsAnswer() fields {
	all := tokenAnswer(fields{
		"client_secret": {Type: framework.TypeString, Description: "Of a role of client_credentials: the Client Secret.", DisplayAttrs: &framework.DisplayAttributes{Sensitive: true}},
		"scopes":        {Type: framework.TypeStringSlice, Description: "Of a role of client_credentials: the scopes that the client holds."},
		"token_url":     {Type: framework.TypeString, Description: "Of a role of client_credentials: where the client gets access tokens."},
	})
	for _, name := range []string{"access_token", "token_type", "scope", "expires_at", "token_id"} {
		all[name].Required = false
	}
	return all
}

// leaseClient answers a reader of a role of type client_credentials.
func (b *backend) leaseClient(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	if !b.writable() {
		return nil, logical.ErrReadOnly
	}
	if _, narrows := d.Raw["scopes"]; narrows {
		return reply(badRequest("scopes cannot be narrowed: this role leases whole clients"))
	}
	want, err := b.want(ctx, req, d, true)
	if err != nil {
		b.countRead(ctx, req.Storage, want, broker.Issued{}, err)
		return reply(err)
	}
	link, err := b.dial(ctx, req.Storage)
	if err != nil {
		return reply(err)
	}
	name, n, err := b.checkOut(ctx, req, want, link)
	if err != nil {
		b.countRead(ctx, req.Storage, want, broker.Issued{}, err)
		return reply(explain(err, want))
	}
	g, _ := n.current()
	b.usage.note(want.name, g.ClientID, b.options.Now())
	resp := b.Secret(clientCredentials).Response(map[string]any{
		"client_id":     g.ClientID,
		"client_secret": g.ClientSecret,
		"scopes":        n.Scopes,
		"token_url":     link.Endpoints().TokenURL,
		"api_url":       link.Endpoints().APIURL,
		"environment":   link.environment,
	}, map[string]any{leaseClient: name, leaseCheckout: n.Checkout.ID})
	resp.Secret.TTL, resp.Secret.MaxTTL = n.Checkout.Deadline.Sub(b.options.Now()).Truncate(time.Second), n.Checkout.MaximumTTL
	resp.Secret.Renewable = true
	resp.Warnings = cutWarning(want, resp.Secret.TTL, 0)
	return resp, nil
}

// renewClient answers the renewal of a lease, within what the role allowed when it
// began and the guardrails allow now. The deadline on record moves with it.
func (b *backend) renewClient(ctx context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	if err := checkStoredLockdown(ctx, req.Storage); err != nil {
		return reply(err)
	}
	name, id := leaseOf(req)
	b.writes.Lock()
	defer b.writes.Unlock()
	n, err := storedNamed(ctx, req.Storage, name)
	switch {
	case excusing(err, errNotFound) != nil:
		return reply(err)
	case err != nil || n.State != leased || n.Checkout == nil || n.Checkout.ID != id:
		return reply(badRequest("the lease of client %q has ended: read the role again", name))
	case n.Disabled:
		return reply(forbidden("client %q is disabled: its lease is not renewed", name))
	}
	limits, err := storedGuardrails(ctx, req.Storage)
	if err != nil {
		return reply(err)
	}
	now := b.options.Now()
	left := n.Checkout.Since.Add(min(n.Checkout.MaximumTTL, limits.MaxTTL)).Sub(now)
	if left < time.Second {
		return reply(badRequest("the lease of client %q has lasted as long as it may: read the role again", name))
	}
	wish := req.Secret.Increment
	if wish <= 0 {
		wish = req.Secret.TTL
	}
	if wish <= 0 {
		wish = b.System().DefaultLeaseTTL()
	}
	ttl := min(wish, left).Truncate(time.Second)
	held := *n.Checkout
	held.Deadline = now.Add(ttl).UTC()
	n.Checkout = &held
	if err := b.putNamed(ctx, req.Storage, name, n); err != nil {
		return reply(err)
	}
	resp := &logical.Response{Secret: req.Secret}
	resp.Secret.TTL, resp.Secret.MaxTTL = ttl, held.MaximumTTL
	return resp, nil
}

// revokeClient ends a lease. It reads neither role nor config, and fails only where
// trying again helps.
func (b *backend) revokeClient(ctx context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	name, id := leaseOf(req)
	if !validName(name) {
		b.logger.Error("a lease names no client: it is given up")
		return nil, nil
	}
	if err := b.checkIn(ctx, req.Storage, name, id, "revoked or expired"); err != nil {
		return nil, fmt.Errorf("ending the lease of client %s: %w", name, err)
	}
	b.reconcileSoon()
	return nil, nil
}

// leaseOf is what the request's lease names.
func leaseOf(req *logical.Request) (client, checkout string) {
	client, _ = req.Secret.InternalData[leaseClient].(string)
	checkout, _ = req.Secret.InternalData[leaseCheckout].(string)
	return client, checkout
}

// leasesClients reports whether the role's readers get whole clients. A role that
// cannot be read is the business of who reads it next.
func (b *backend) leasesClients(ctx context.Context, s logical.Storage, name string) bool {
	r, err := b.roles.get(ctx, s, rolesPrefix+name)
	return !errors.Is(err, errNotFound) && err == nil && r.CredentialType == clientCredentials
}
