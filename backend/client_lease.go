package backend

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/spec"
	"vault-plugin-secrets-paxos/backend/store"
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
		Fields: spec.Fields{
			"client_id":     {Type: framework.TypeString, Description: "Client ID."},
			"client_secret": {Type: framework.TypeString, Description: "Client Secret."},
		},
		Renew:  b.renewClient,
		Revoke: b.revokeClient,
	}
}

// renewClient answers the renewal of a lease. Permission is asked again, as when the lease began:
// what is no longer allowed is not renewed, and ends with the lease as it stands. The deadline on
// record moves with the lease.
func (b *backend) renewClient(ctx context.Context, req *logical.Request,
	_ *framework.FieldData) (*logical.Response, error) {
	if err := checkStoredLockdown(ctx, req.Storage); err != nil {
		return nil, err
	}
	name, id := leaseOf(req)
	held, ttl, err := b.extendLease(ctx, req, name, id)
	if err != nil {
		return nil, err
	}
	if err := checkStoredLockdown(ctx, req.Storage); err != nil { // it may have come while the record was written
		return nil, err
	}
	resp := &logical.Response{Secret: req.Secret}
	resp.Secret.TTL, resp.Secret.MaxTTL = ttl, held.MaximumTTL
	return resp, nil
}

// extendLease moves the deadline of a check-out and returns the record and the lease's new length.
func (b *backend) extendLease(ctx context.Context, req *logical.Request, name,
	id string) (checkout, time.Duration, error) {
	b.writes.Lock()
	defer b.writes.Unlock()
	n, err := loadStoredClient(ctx, req.Storage, name)
	switch {
	case store.Ignoring(err, store.ErrNotFound) != nil:
		return checkout{}, 0, err
	case err != nil || n.State != stateLeased || n.Checkout == nil || n.Checkout.ID != id:
		return checkout{}, 0, fault.BadRequest("The lease of client %q has ended: read the role again.", name)
	}
	held := *n.Checkout
	limits, err := storedGuardrails(ctx, req.Storage)
	if err != nil {
		return held, 0, err
	}
	if err := b.checkRenewal(ctx, req.Storage, name, n, limits); err != nil {
		return held, 0, err
	}
	now := b.options.Now()
	left := held.Since.Add(min(held.MaximumTTL, limits.MaxTTL)).Sub(now)
	if left < time.Second {
		return held, 0, fault.BadRequest("The lease of client %q has reached its max_ttl: read the role again.", name)
	}
	ttl := min(b.wishOf(req), left).Truncate(time.Second)
	held.Deadline = now.Add(ttl).UTC()
	n.Checkout = &held
	return held, ttl, b.putStoredClient(ctx, req.Storage, name, n)
}

// wishOf is how much longer the holder wants the lease to last.
func (b *backend) wishOf(req *logical.Request) time.Duration {
	switch {
	case req.Secret.Increment > 0:
		return req.Secret.Increment
	case req.Secret.TTL > 0:
		return req.Secret.TTL
	}
	return b.System().DefaultLeaseTTL()
}

// checkRenewal asks whether a client may stay leased as it is: its role must be there, be the one
// that it was leased through, and still allow it within the guardrails.
func (b *backend) checkRenewal(ctx context.Context, s logical.Storage, name string, n storedClient,
	limits guardrails) error {
	r, err := loadRole(ctx, s, n.Checkout.Role)
	switch {
	case store.Ignoring(err, store.ErrNotFound) != nil:
		return err
	case err != nil || !n.Checkout.RoleCreatedAt.IsZero() && !r.CreatedAt.Equal(n.Checkout.RoleCreatedAt):
		return notRenewed(name, fmt.Sprintf("role %q was deleted", n.Checkout.Role))
	case r.Disabled:
		return notRenewed(name, fmt.Sprintf("role %q is disabled", n.Checkout.Role))
	case r.CredentialType != clientCredentials || !slices.Contains(r.Clients, name):
		return notRenewed(name, fmt.Sprintf("role %q does not lease it any more", n.Checkout.Role))
	}
	session, err := b.openSession(ctx, s)
	if err != nil {
		return err
	}
	seen, err := b.credentialList(ctx, s)
	if err != nil {
		return err
	}
	why := unavailableReason(n, n.Checkout.Role, limits, session)
	if why == "" {
		why = scopeMismatch(n, r, limits, seen)
	}
	if why != "" {
		return notRenewed(name, "it "+why)
	}
	return nil
}

// notRenewed refuses a renewal and says why.
func notRenewed(name, why string) error {
	return fault.Forbidden("The lease of client %q is not renewed: %s. The client can be used until the lease ends; "+
		"contact your Vault operators.", name, why)
}

// revokeClient ends a lease. It reads neither role nor config, and fails only where
// trying again helps.
func (b *backend) revokeClient(ctx context.Context, req *logical.Request,
	_ *framework.FieldData) (*logical.Response, error) {
	name, id := leaseOf(req)
	if !input.ValidName(name) {
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
