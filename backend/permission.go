package backend

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/store"
)

// authorize decides whether these scopes may be issued now, by the stored lockdown, role,
// guardrails and client, and returns what requests the token. The broker asks before and after
// every token request. authorize reads storage and not the caches, because a token must not be
// issued by permissions that were taken away on another node.
func (b *backend) authorize(ctx context.Context, want tokenRequest) (broker.Minter, error) {
	if !b.writable() {
		return broker.Minter{}, logical.ErrReadOnly
	}
	if err := checkStoredLockdown(ctx, b.storage); err != nil {
		return broker.Minter{}, err
	}
	r, err := loadRole(ctx, b.storage, want.name)
	if errors.Is(err, store.ErrNotFound) {
		return broker.Minter{}, errChanged
	}
	if err != nil {
		return broker.Minter{}, err
	}
	if r.ID != want.role.ID || r.Client != want.role.Client || r.Disabled || !r.holds(want.scopes) {
		return broker.Minter{}, errChanged
	}
	rails, err := storedGuardrails(ctx, b.storage)
	if err != nil {
		return broker.Minter{}, err
	}
	if err := rails.check(want.scopes); err != nil {
		return broker.Minter{}, err
	}
	minting, err := b.clientOf(ctx, r, want, rails)
	if err != nil {
		return broker.Minter{}, err
	}
	minter, err := b.minter(ctx, r.Client, minting)
	minter.Role, minter.Name = r.mintLimit(), r.Client
	return minter, err
}

// clientOf returns the client that requests the tokens of the role. Its error says why this client
// may not request this token.
func (b *backend) clientOf(ctx context.Context, r role, want tokenRequest, rails guardrails) (client, error) {
	if r.Client == "" {
		return storedRoot(ctx, b.storage)
	}
	n, err := loadStoredClient(ctx, b.storage, r.Client)
	lacking := n.lacking(want.scopes)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return client{}, fault.BadRequest("Role %q uses client %q, which does not exist. Contact your Vault "+
			"operators. Operators: store it at %sclients/%s, or change client of the role.", want.name, r.Client, mountMark,
			r.Client)
	case err != nil:
		return client{}, err
	case n.purposeMismatch(purposeMint) != "":
		return client{}, fault.BadRequest("Role %q uses client %q, which %s. Roles request tokens only with clients of "+
			"purpose=mint. Contact your Vault operators.", want.name, r.Client, n.purposeMismatch(purposeMint))
	case n.unchecked() && rails.RefuseUnchecked:
		return client{}, fault.Forbidden("Role %q uses client %q, whose secret was never verified. The guardrails "+
			"do not allow such clients (allow_unchecked_clients=false). Contact your Vault operators. Operators: store a "+
			"new secret with `vault write %sclients/%s/rotate client_secret=-`.", want.name, r.Client, mountMark, r.Client)
	case n.Disabled:
		return client{}, fault.Forbidden("Role %q uses client %q, which is disabled. Contact your Vault operators. "+
			"Operators: enable it with `vault patch %sclients/%s disabled=false`.", want.name, r.Client, mountMark, r.Client)
	case !n.allows(want.name):
		return client{}, fault.Forbidden("Role %q uses client %q, which does not allow this role. Contact your Vault "+
			"operators. Operators: add the role to allowed_roles of %sclients/%s.", want.name, r.Client, mountMark, r.Client)
	case n.State != stateAvailable:
		return client{}, fault.BadRequest("Role %q uses client %q, which %s. Contact your Vault operators. Operators: "+
			"see `vault read %sclients/%s`.", want.name, r.Client, n.State.described(), mountMark, r.Client)
	case len(lacking) > 0:
		return client{}, fault.BadRequest("Client %q lacks %s, which role %q needs. Contact your Vault operators. "+
			"Operators: add it in the Dashboard and to scopes of the client, or change the role's scopes, scope_sets or "+
			"operations.", r.Client, input.Shortened(lacking), want.name)
	}
	return n.client, nil
}

// granted reports whether what is stored now still allows the token. The sweep ends tokens that are
// not granted. Tokens that the engine requests for its own work belong to no role and are only
// subject to a lockdown.
func (b *backend) granted(ctx context.Context, row broker.Row) (bool, error) {
	if err := b.checkLockdown(ctx, b.storage); err != nil {
		return false, store.Ignoring(err, errLocked)
	}
	if row.Key.Role == "" {
		return true, nil
	}
	r, err := b.cachedRole(ctx, b.storage, row.RoleName)
	// While its role cannot be read, nothing shows that the token exceeds it. An error would stop
	// the work on all other tokens.
	if store.IsUnreadable(err) {
		return true, nil
	}
	if err != nil {
		return false, store.Ignoring(err, store.ErrNotFound)
	}
	if r.Client != "" {
		n, err := b.cachedClient(ctx, b.storage, r.Client)
		if store.IsUnreadable(err) {
			return true, nil
		}
		if err != nil || !n.grants(row) {
			return false, store.Ignoring(err, store.ErrNotFound)
		}
	}
	rails, err := b.cachedGuardrails(ctx, b.storage)
	return r.grants(row) && rails.check(strings.Fields(row.Key.Scopes)) == nil, err
}

// endBeyond ends the tokens of a role that the stored role does not grant any more, after a grace
// if there is one. That includes tokens that an earlier request should have ended but did not.
//
// takesAway says that the request itself takes something away from the role. Otherwise tokens whose
// grace lasts are left alone, so that a harmless change does not cut short the grace of the request
// before it.
func (b *backend) endBeyond(ctx context.Context, s logical.Storage, name string, grace time.Duration,
	takesAway bool) (broker.Ending, error) {
	rows, err := b.broker.Live(ctx)
	if err != nil {
		return broker.Ending{}, err
	}
	// The role is read after its tokens. Otherwise the role could change in between, and a token
	// issued under the new role would be judged by the old one.
	r, err := loadRole(ctx, s, name)
	if store.Ignoring(err, store.ErrNotFound) != nil {
		return broker.Ending{}, err
	}
	now, beyond := b.options.Now(), map[string]bool{}
	for _, row := range rows {
		left := !takesAway && row.Waits(now)
		beyond[row.Fingerprint] = row.RoleName == name && row.Key.Role != "" && !r.grants(row) && !left
	}
	return b.broker.EndAfter(ctx, grace, func(row broker.Row) bool { return beyond[row.Fingerprint] })
}

// grants reports whether the role still allows a token with this row.
func (r role) grants(row broker.Row) bool {
	return !r.Disabled && row.Key.Role == r.ID && row.Key.Client == r.Client && r.holds(strings.Fields(row.Key.Scopes))
}

// grants reports whether the client, as it is stored now, may be used for a token with this row.
func (n storedClient) grants(row broker.Row) bool {
	return !n.Disabled && n.allows(row.RoleName) && len(n.lacking(strings.Fields(row.Key.Scopes))) == 0
}
