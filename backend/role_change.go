package backend

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/spec"
	"vault-plugin-secrets-paxos/backend/store"
)

// changeRole applies a request to the role, stores it, and ends the tokens that the changed role
// does not grant any more. create says whether a role that does not exist is created.
func (b *backend) changeRole(ctx context.Context, req *logical.Request, d *framework.FieldData,
	create bool) (*logical.Response, error) {
	name, grace := d.Get("name").(string), graceOf(d)
	defer b.spare(name, grace)()
	before, after, rails, err := b.storeRole(ctx, req, d, create)
	if err != nil {
		return nil, err
	}
	b.announceRole(roleWritten, name, after, req.Operation)
	ending, err := b.endBeyond(ctx, req.Storage, name, grace, before.takesAway(after))
	if err != nil {
		return nil, stoppedAfter(err, "Role %q was stored, but not all tokens that it no longer allows could be revoked. "+
			"This is tried again every minute.", name)
	}
	further, err := b.roleWarnings(ctx, req.Storage, name, after, rails)
	if err != nil {
		return nil, stoppedAfter(err, "Role %q was stored, but it was not checked what it can issue.", name)
	}
	warnings := append(fault.Sentences(after.dangers()), further...)
	warnings = append(warnings, endingWarnings(name, after, ending, !after.Disabled)...)
	return spec.Warned(warnings...), nil
}

// storeRole applies the request to the stored role, or to a new one, and stores the result. It also
// returns the guardrails that the role was checked against.
func (b *backend) storeRole(ctx context.Context, req *logical.Request, d *framework.FieldData,
	create bool) (before, after role, rails guardrails, err error) {
	key := rolesPrefix + d.Get("name").(string)
	b.writes.Lock()
	defer b.writes.Unlock()
	before, err = store.Load[role](ctx, req.Storage, key)
	switch {
	case errors.Is(err, store.ErrNotFound) && create:
		before = newRole()
		before.CreatedAt = b.options.Now().UTC()
	case errors.Is(err, store.ErrNotFound):
		return before, after, rails, fault.New(http.StatusNotFound,
			"Role %q does not exist, so it cannot be patched. Create it with a write to %s%s.", d.Get("name"), mountMark, key)
	case err != nil:
		return before, after, rails, err
	}
	stored := err == nil
	after = before
	if err := after.change(d, setsIn(ctx, req.Storage)); err != nil {
		return before, after, rails, err
	}
	after.Versioned = after.writtenAs()
	if stored && after.CredentialType != before.CredentialType {
		return before, after, rails, fault.BadRequest("credential_type cannot be changed (it is %s). Create another role, "+
			"or delete this one first.", before.CredentialType)
	}
	if err := b.settlePurposes(ctx, req.Storage); err != nil {
		return before, after, rails, err
	}
	if err := checkPurposes(ctx, req.Storage, before, after); err != nil {
		return before, after, rails, err
	}
	if rails, err = storedGuardrails(ctx, req.Storage); err != nil {
		return before, after, rails, err
	}
	if err := rails.checkRole(before, after); err != nil {
		return before, after, rails, err
	}
	return before, after, rails, b.entries.roles.Put(ctx, req.Storage, key, after)
}

// deleteRole answers DELETE roles/:name. All tokens of the role end. It ends them also if the role
// is gone already, so that a request which failed half-way can be repeated.
func (b *backend) deleteRole(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	name, grace := d.Get("name").(string), graceOf(d)
	defer b.spare(name, grace)()
	before, err := b.takeRole(ctx, req.Storage, rolesPrefix+name)
	if store.Ignoring(err, store.ErrNotFound) != nil {
		return nil, err
	}
	if err == nil {
		b.metrics.forget(name)
		b.usage.Forget(name)
		b.announceRole(roleDeleted, name, before, req.Operation)
	}
	ending, err := b.endBeyond(ctx, req.Storage, name, grace, true)
	if err != nil {
		return nil, stoppedAfter(err, "Role %q was deleted, but not all of its tokens could be revoked. This is tried "+
			"again every minute.", name)
	}
	warnings := endingWarnings(name, before, ending, false)
	return spec.Warned(warnings...), nil
}

// takeRole deletes the role and returns it as it was.
func (b *backend) takeRole(ctx context.Context, s logical.Storage, key string) (role, error) {
	b.writes.Lock()
	defer b.writes.Unlock()
	before, err := store.Load[role](ctx, s, key)
	if err != nil && !store.IsUnreadable(err) { // an unreadable role can still be deleted
		return before, err
	}
	if err := b.settlePurposes(ctx, s); err != nil {
		return before, err
	}
	return before, b.entries.roles.Delete(ctx, s, key)
}

// checkRole refuses a change that takes a role further beyond the guardrails. What the role had
// before the guardrails were written may stay, so that the role can be disabled or narrowed step by
// step. Such scopes are not issued.
func (g guardrails) checkRole(before, after role) error {
	var added []string
	for _, scope := range after.ResolvedScopes {
		if !before.holds([]string{scope}) {
			added = append(added, scope)
		}
	}
	if err := g.check(added); err != nil {
		return err
	}
	longest := max(after.TTL, after.MaxTTL)
	if longest > g.MaxTTL && longest > max(before.TTL, before.MaxTTL) {
		return fault.Forbidden("The guardrails of this mount do not allow a ttl or max_ttl of %s: the maximum is %s. Choose "+
			"a shorter one, or have %sconfig/guardrails changed (needs sudo).", longest, g.MaxTTL, mountMark)
	}
	return nil
}

// checkPurposes refuses a change by which a role would use a client of another purpose. It passes
// over clients that are not stored yet: they are checked when the role is read.
func checkPurposes(ctx context.Context, s logical.Storage, before, after role) error {
	use, names, had := purposeLease, after.Clients, before.Clients
	if after.CredentialType == accessToken {
		use, names, had = purposeMint, []string{after.Client}, []string{before.Client}
	}
	for _, name := range names {
		if name == "" || slices.Contains(had, name) {
			continue
		}
		n, err := loadStoredClient(ctx, s, name)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if why := n.purposeMismatch(use); why != "" {
			return fault.BadRequest("Client %q %s. Roles of %s use clients of purpose=%s only.", name, why,
				after.CredentialType, use)
		}
	}
	return nil
}
