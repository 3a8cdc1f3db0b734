package backend

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/catalog"
	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/backend/store"
)

// errNoClient is in the chain of the error for a caller for whom no client of the role is free.
var errNoClient = errors.New("no client is available")

// A rolePool is the state of a role's clients at one moment, as one caller finds them.
type rolePool struct {
	free    []string // names of the clients that may be leased now, in the role's order
	mine    string   // the client that an earlier attempt of this same request has leased
	holds   int      // how many of the role's clients the caller already leases
	why     []string // for each client that is not free: its name and the reason
	clients map[string]storedClient
}

// checkOut leases the first free client of the role and stores who has it. It returns the name of
// the client and its entry. Callers are served one at a time, under the lock of all writes, so that
// no client is leased twice. A request that Vault repeats gets the client that it already leased.
func (b *backend) checkOut(ctx context.Context, req *logical.Request, want tokenRequest,
	session *paxosSession) (string, storedClient, error) {
	// Read the clients into the cache before the lock is taken, so that no other write waits for
	// it.
	for _, name := range want.role.Clients {
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
		return p.mine, p.clients[p.mine], nil
	case p.holds >= r.MaxLeasesPerEntity:
		return "", storedClient{}, fault.BadRequest("%s already leases %s of role %q (max_leases_per_entity=%d). "+
			"Use or renew that lease, or have it revoked.", callerOf(req), quantity(p.holds, "client"), want.name,
			r.MaxLeasesPerEntity)
	case len(p.free) == 0:
		return "", storedClient{}, fmt.Errorf("%w: %w", errNoClient, fault.BadRequest("No client is available for "+
			"role %q (%s). Contact your Vault operators. Operators: if a client is waiting for a new secret, store "+
			"one with `vault write %sclients/<name>/rotate client_secret=-`. Or store another client and add it to "+
			"clients of the role.", want.name, input.Shortened(p.why), mountMark))
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

// undoInLockdown reads the lockdown once more after a check-out was stored, and undoes the
// check-out if a lockdown has begun. A lockdown first stores itself and then looks for check-outs.
// A check-out is first stored and then looks for a lockdown. So at least one of the two sees the
// other. The caller has not received the secret yet.
func (b *backend) undoInLockdown(ctx context.Context, s logical.Storage, name string, n storedClient) error {
	locked := checkStoredLockdown(ctx, s)
	if locked == nil {
		return nil
	}
	n.State, n.Checkout = stateAvailable, nil
	return errors.Join(locked, b.putStoredClient(ctx, s, name, n))
}

// callerOf names the caller at the start of a sentence, as max_leases_per_entity counts callers.
func callerOf(req *logical.Request) string {
	if req.EntityID == "" {
		return "This Vault token"
	}
	return "Vault entity " + req.EntityID
}

// newCheckout returns the record of a lease that begins now.
func (b *backend) newCheckout(req *logical.Request, want tokenRequest, r role, n storedClient) *checkout {
	now, longest := b.options.Now().UTC(), want.longestLease()
	if mountMaximum := b.System().MaxLeaseTTL(); mountMaximum > 0 { // 0 if Vault did not answer
		longest = min(longest, mountMaximum)
	}
	return &checkout{
		ID: rand.Text(), Role: want.name, RoleCreatedAt: r.CreatedAt, Generation: n.last(), OnRevoke: r.OnRevoke,
		DeleteLimit: r.DeleteLimit,
		Holder:      holderOf(req), EntityID: req.EntityID, DisplayName: req.DisplayName, RequestID: req.ID,
		Since: now, Deadline: now.Add(b.leaseTTL(want, longest)), MaximumTTL: longest,
	}
}

// lookAtPool decides which clients of a role may be leased now, and why the others may not. The
// caller holds the lock of all writes.
func (b *backend) lookAtPool(ctx context.Context, req *logical.Request, roleName string, r role,
	session *paxosSession) (rolePool, error) {
	p := rolePool{clients: map[string]storedClient{}}
	rails, err := storedGuardrails(ctx, req.Storage)
	if err != nil {
		return p, err
	}
	list, err := b.credentialList(ctx, req.Storage)
	if err != nil {
		return p, err
	}
	for _, name := range r.Clients {
		n, err := b.cachedClient(ctx, req.Storage, name) // checkOut has filled the cache
		if store.IsUnreadable(err) {
			p.why = append(p.why, name+" cannot be read")
			continue
		}
		if err != nil {
			return p, err
		}
		p.clients[name] = n
		if n.State == stateLeased && n.Checkout != nil && n.Checkout.Holder == holderOf(req) &&
			n.Checkout.Role == roleName {
			p.holds++
			if n.Checkout.RequestID == req.ID && req.ID != "" {
				p.mine = name
			}
		}
		why := ""
		if n.State != stateAvailable && n.last() > 0 {
			why = n.State.described()
		}
		if why == "" {
			why = unavailableReason(n, roleName, rails, session)
		}
		if why == "" {
			why = scopeMismatch(n, r, rails, list)
		}
		// Only the first free client is leased, so only that one is looked up in the other mounts.
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

// unavailableReason returns why a client may not be leased, or stay leased, through a role. It
// returns "" if it may. It does not look at the client's state, nor at its scopes: see
// scopeMismatch.
func unavailableReason(n storedClient, roleName string, rails guardrails, session *paxosSession) string {
	g, stored := n.current()
	switch {
	case !stored:
		return "is not stored"
	case n.purposeMismatch(purposeLease) != "":
		return n.purposeMismatch(purposeLease)
	case !g.Verified && rails.RefuseUnchecked:
		return "has a secret that was never verified; the guardrails do not allow that (allow_unchecked_clients=false)"
	case n.Disabled:
		return "is disabled"
	case !n.allows(roleName):
		return "does not allow this role (allowed_roles)"
	case g.Connection != session.fingerprint:
		return "was stored for another connection"
	}
	return ""
}

// scopeMismatch returns why the scopes of a client do not fit a role and the guardrails, or "" if
// they fit. There are two sources: the scopes that the operator stored, and those in Paxos's list.
// If the list is newer than the latest verification, only the list counts, because the client may have
// been changed in the Dashboard since. If the verification is newer, the client has the stored scopes. It
// may still have the listed ones too, because a scope that was added in the Dashboard stays there when the
// secret is rotated.
func scopeMismatch(n storedClient, r role, rails guardrails, list credentialList) string {
	g, _ := n.current()
	atMost, atLeast := n.Scopes, n.Scopes
	if listed := list.find(g.ClientID); listed != nil {
		atMost = allOf(listed.Scopes, n.Scopes)
		verified := n.ScopesSince
		if g.Verified && g.Since.After(verified) {
			verified = g.Since
		}
		if list.ListedAt.After(verified) {
			atMost, atLeast = listed.Scopes, listed.Scopes
			if listed.Status != paxos.StatusApproved {
				return "is disabled in the Dashboard"
			}
		}
	}
	lacking, surplus := catalog.Without(r.ResolvedScopes, atLeast), catalog.Without(atMost, r.ResolvedScopes)
	switch {
	case len(lacking) > 0:
		return "lacks " + input.Shortened(lacking)
	case len(r.ResolvedScopes) > 0 && len(surplus) > 0:
		return "has scopes that the role does not have"
	case rails.check(atMost) != nil:
		return "has scopes that the guardrails forbid"
	}
	return ""
}

// allOf returns the names that are in either list.
func allOf(a, z []string) []string { return append(slices.Clone(a), catalog.Without(z, a)...) }
