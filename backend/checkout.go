package backend

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/catalog"
	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/backend/store"
)

// rolePool is what a role's clients are at the moment.
type rolePool struct {
	free  []string // that may be leased, in the role's order
	mine  string   // the client that this very request has got already
	holds int      // how many the holder has
	why   []string // the others are not free
	taken map[string]storedClient
}

// checkOut takes the first free client of the role's pool and records who has it. All
// who take clients do so one after another.
func (b *backend) checkOut(ctx context.Context, req *logical.Request, want tokenRequest,
	session *paxosSession) (string, storedClient, error) {
	for _, name := range want.role.Clients { // read into memory before anybody has to wait for it
		if _, err := b.cachedClient(ctx, req.Storage, name); err != nil && !store.IsUnreadable(err) {
			return "", storedClient{}, err
		}
	}
	b.writes.Lock()
	defer b.writes.Unlock()
	if err := checkStoredLockdown(ctx, req.Storage); err != nil {
		return "", storedClient{}, err
	}
	r, err := loadRole(ctx, req.Storage, want.name)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return "", storedClient{}, errChanged
	case err != nil:
		return "", storedClient{}, err
	case r.ID != want.role.ID || r.Disabled:
		return "", storedClient{}, errChanged
	case r.RequireEntity && req.EntityID == "":
		return "", storedClient{}, fault.Forbidden("Role %q leases clients only to callers with a Vault entity "+
			"(require_entity), and this token has none. Log in through an auth method, or contact your "+
			"Vault operators.", want.name)
	}
	p, err := b.lookAtPool(ctx, req, want.name, r, session)
	switch {
	case err != nil:
		return "", storedClient{}, err
	case p.mine != "":
		return p.mine, p.taken[p.mine], nil
	case p.holds >= r.MaxLeasesPerEntity:
		return "", storedClient{}, fault.BadRequest("this caller holds %d clients of role %q already, which is its "+
			"max_leases_per_entity: end such a lease first", p.holds, want.name)
	case len(p.free) == 0:
		return "", storedClient{}, fault.BadRequest("no client of role %q is free: %s. Stock another under clients/ "+
			"and name it in the role, or write the new secret of one in quarantine to clients/<name>/rotate",
			want.name, input.Shortened(p.why))
	}
	name := p.free[0]
	n, err := loadStoredClient(ctx, req.Storage, name)
	if err != nil {
		return "", storedClient{}, err
	}
	n.State, n.StateReason, n.Checkout = stateLeased, "", b.newCheckout(req, want, r, n)
	if err := b.putStoredClient(ctx, req.Storage, name, n); err != nil {
		return "", storedClient{}, err
	}
	if err := b.undoInLockdown(ctx, req.Storage, name, n); err != nil {
		return "", storedClient{}, err
	}
	b.announceClient(clientLeased, name, n, "")
	if left := len(p.free) - 1; left <= len(r.Clients)/5 {
		b.announcePool(want.name, left, len(r.Clients))
	}
	return name, n, nil
}

// undoInLockdown takes a check-out back whose record was written while a lockdown came: either
// the lockdown finds the record, or this finds the lockdown. The secret has not been answered.
func (b *backend) undoInLockdown(ctx context.Context, s logical.Storage, name string, n storedClient) error {
	locked := checkStoredLockdown(ctx, s)
	if locked == nil {
		return nil
	}
	n.State, n.Checkout = stateAvailable, nil
	return errors.Join(locked, b.putStoredClient(ctx, s, name, n))
}

// newCheckout is the record of a lease that begins now.
func (b *backend) newCheckout(req *logical.Request, want tokenRequest, r role, n storedClient) *checkout {
	now, longest := b.options.Now().UTC(), want.longestLease()
	if ofMount := b.System().MaxLeaseTTL(); ofMount > 0 { // else Vault did not answer
		longest = min(longest, ofMount)
	}
	return &checkout{
		ID: rand.Text(), Role: want.name, RoleCreatedAt: r.CreatedAt, Generation: n.last(), OnRevoke: r.OnRevoke,
		DeleteLimit: r.DeleteLimit,
		Holder:      holderOf(req), EntityID: req.EntityID, DisplayName: req.DisplayName, RequestID: req.ID,
		Since: now, Deadline: now.Add(b.leaseTTL(want, longest)), MaximumTTL: longest,
	}
}

// lookAtPool sorts the clients of a role into those that may be leased now and those
// that may not.
func (b *backend) lookAtPool(ctx context.Context, req *logical.Request, roleName string, r role,
	session *paxosSession) (rolePool, error) {
	p := rolePool{taken: map[string]storedClient{}}
	limits, err := storedGuardrails(ctx, req.Storage)
	if err != nil {
		return p, err
	}
	seen, err := b.credentialList(ctx, req.Storage)
	if err != nil {
		return p, err
	}
	for _, name := range r.Clients {
		n, err := b.cachedClient(ctx, req.Storage, name) // others wait for the lock meanwhile
		if store.IsUnreadable(err) {
			p.why = append(p.why, name+" cannot be read")
			continue
		}
		if err != nil {
			return p, err
		}
		p.taken[name] = n
		if n.State == stateLeased && n.Checkout != nil && n.Checkout.Holder == holderOf(req) &&
			n.Checkout.Role == roleName {
			p.holds++
			if n.Checkout.RequestID == req.ID && req.ID != "" {
				p.mine = name
			}
		}
		why := ""
		if n.State != stateAvailable && n.last() > 0 {
			why = "is " + string(n.State)
		}
		if why == "" {
			why = unavailableReason(n, roleName, limits, session)
		}
		if why == "" {
			why = scopeMismatch(n, r, limits, seen)
		}
		if g, _ := n.current(); why == "" && len(p.free) == 0 {
			if why, err = b.leasedElsewhere(ctx, req.Storage, clientsPrefix+name, g.ClientID); err != nil {
				return p, err
			}
		}
		if why == "" {
			p.free = append(p.free, name)
		} else {
			p.why = append(p.why, name+" "+why)
		}
	}
	return p, nil
}

// unavailableReason says why a client may not be leased through a role, or stay leased, whatever
// its state; nothing if it may.
func unavailableReason(n storedClient, roleName string, limits guardrails, session *paxosSession) string {
	g, stocked := n.current()
	switch {
	case !stocked:
		return "is not stocked"
	case n.purposeMismatch(purposeLease) != "":
		return n.purposeMismatch(purposeLease)
	case !g.Verified && limits.RefuseUnchecked:
		return "has a secret that was never verified, and the guardrails (allow_unchecked_clients=false) let " +
			"no such client be used"
	case n.Disabled:
		return "is disabled"
	case !n.allows(roleName):
		return "does not name this role among its allowed_roles"
	case g.Connection != session.fingerprint:
		return "was stocked over another connection"
	}
	return ""
}

// scopeMismatch says why a client does not fit a role and the guardrails by the scopes that it holds,
// nothing if it does. What Paxos listed counts from the time of the list, whatever happens to the
// secret: a scope that was added in the Dashboard stays there when the secret is rotated. What was
// verified after the list counts besides, because it is newer.
func scopeMismatch(n storedClient, r role, limits guardrails, seen credentialList) string {
	g, _ := n.current()
	holds, has := n.Scopes, n.Scopes // at most, and at least
	if listed := seen.find(g.ClientID); listed != nil {
		holds = allOf(listed.Scopes, n.Scopes)
		verified := n.ScopesSince
		if g.Verified && g.Since.After(verified) {
			verified = g.Since
		}
		if seen.ListedAt.After(verified) {
			holds, has = listed.Scopes, listed.Scopes
			if listed.Status != paxos.StatusApproved {
				return "is disabled at Paxos"
			}
		}
	}
	lacking, surplus := catalog.Without(r.ResolvedScopes, has), catalog.Without(holds, r.ResolvedScopes)
	switch {
	case len(lacking) > 0:
		return "does not hold " + input.Shortened(lacking)
	case len(r.ResolvedScopes) > 0 && len(surplus) > 0:
		return "holds scopes that the role does not name"
	case limits.check(holds) != nil:
		return "holds scopes beyond the guardrails"
	}
	return ""
}

// allOf is the names that are in either list.
func allOf(a, z []string) []string { return append(slices.Clone(a), catalog.Without(z, a)...) }
