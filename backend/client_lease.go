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

// The names of the values that Vault stores with every lease of a client. They never change,
// because old leases have them.
const (
	leaseClient   = "client"
	leaseCheckout = "checkout"
)

// secretClient returns the lease type of leased clients. Vault stores the name of the type with
// every lease, so the name never changes.
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

// renewClient answers the renewal of a lease. If the role or the guardrails do not allow the lease
// any more, or in a lockdown, the renewal is refused, and the lease ends at its present end. If the
// renewal is allowed, the stored deadline moves with the lease.
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
	// A lockdown may have begun while the record was written.
	if err := checkStoredLockdown(ctx, req.Storage); err != nil {
		return nil, err
	}
	resp := &logical.Response{Secret: req.Secret}
	resp.Secret.TTL, resp.Secret.MaxTTL = ttl, held.MaximumTTL
	return resp, nil
}

// extendLease stores a later deadline for a lease. It returns the record of the lease, and how long
// the lease lasts from now.
func (b *backend) extendLease(ctx context.Context, req *logical.Request, name,
	id string) (checkout, time.Duration, error) {
	b.writes.Lock()
	defer b.writes.Unlock()
	n, err := loadStoredClient(ctx, req.Storage, name)
	switch {
	case store.Ignoring(err, store.ErrNotFound) != nil:
		return checkout{}, 0, err
	case err != nil || n.State != stateLeased || n.Checkout == nil || n.Checkout.ID != id:
		return checkout{}, 0, fault.BadRequest("The lease of client %q has ended. Read the role again for a new lease.", name)
	}
	held := *n.Checkout
	rails, err := storedGuardrails(ctx, req.Storage)
	if err != nil {
		return held, 0, err
	}
	if err := b.checkRenewal(ctx, req.Storage, name, n, rails); err != nil {
		return held, 0, err
	}
	now := b.options.Now()
	left := held.Since.Add(min(held.MaximumTTL, rails.MaxTTL)).Sub(now)
	if left < time.Second {
		return held, 0, fault.BadRequest("The lease of client %q has reached its longest duration. Read %screds/%s "+
			"for a new lease.", name, mountMark, held.Role)
	}
	ttl := min(b.wishOf(req), left).Truncate(time.Second)
	held.Deadline = now.Add(ttl).UTC()
	n.Checkout = &held
	return held, ttl, b.putStoredClient(ctx, req.Storage, name, n)
}

// wishOf returns how long the holder wants the lease to last from now: the increment of the
// request, else as long as before, else the mount's default.
func (b *backend) wishOf(req *logical.Request) time.Duration {
	switch {
	case req.Secret.Increment > 0:
		return req.Secret.Increment
	case req.Secret.TTL > 0:
		return req.Secret.TTL
	}
	return b.System().DefaultLeaseTTL()
}

// checkRenewal returns an error if a client may not stay leased. Its role must still exist, must be
// the same role that it was leased through and not a new one of that name, and must still lease
// this client within the guardrails.
func (b *backend) checkRenewal(ctx context.Context, s logical.Storage, name string, n storedClient,
	rails guardrails) error {
	r, err := loadRole(ctx, s, n.Checkout.Role)
	switch {
	case store.Ignoring(err, store.ErrNotFound) != nil:
		return err
	case err != nil || !n.Checkout.RoleCreatedAt.IsZero() && !r.CreatedAt.Equal(n.Checkout.RoleCreatedAt):
		return notRenewed(name, fmt.Sprintf("role %q was deleted", n.Checkout.Role))
	case r.Disabled:
		return notRenewed(name, fmt.Sprintf("role %q is disabled", n.Checkout.Role))
	case r.CredentialType != clientCredentials || !slices.Contains(r.Clients, name):
		return notRenewed(name, fmt.Sprintf("role %q no longer leases it", n.Checkout.Role))
	}
	session, err := b.openSession(ctx, s)
	if err != nil {
		return err
	}
	list, err := b.credentialList(ctx, s)
	if err != nil {
		return err
	}
	why := unavailableReason(n, n.Checkout.Role, rails, session)
	if why == "" {
		why = scopeMismatch(n, r, rails, list)
	}
	if why != "" {
		return notRenewed(name, "it "+why)
	}
	return nil
}

// notRenewed returns the error that refuses a renewal and says why.
func notRenewed(name, why string) error {
	return fault.Forbidden("The lease of client %q was not renewed: %s. The client can be used until the lease ends. "+
		"Contact your Vault operators.", name, why)
}

// revokeClient ends the lease of a client. What happens to the client was decided when the lease
// began, so this reads neither role nor config, which may be gone. It fails only where a retry can
// help, because Vault retries a failure several times and then marks the lease as irrevocable.
func (b *backend) revokeClient(ctx context.Context, req *logical.Request,
	_ *framework.FieldData) (*logical.Response, error) {
	name, id := leaseOf(req)
	if !input.ValidName(name) {
		b.logger.Error("a lease names no client, so there is nothing to end")
		return nil, nil
	}
	if err := b.checkIn(ctx, req.Storage, name, id, "revoked or expired"); err != nil {
		return nil, fmt.Errorf("ending the lease of client %s: %w", name, err)
	}
	b.reconcileSoon()
	return nil, nil
}

// leaseOf returns the client and the check-out that the request's lease names.
func leaseOf(req *logical.Request) (client, checkout string) {
	client, _ = req.Secret.InternalData[leaseClient].(string)
	checkout, _ = req.Secret.InternalData[leaseCheckout].(string)
	return client, checkout
}
