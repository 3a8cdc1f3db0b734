package backend

import (
	"context"
	"errors"
	"net/http"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/spec"
	"vault-plugin-secrets-paxos/backend/store"
)

// changeClient answers POST and PATCH clients/:name. It verifies a new secret or new scopes at
// Paxos with no lock held, because that takes seconds. Then it applies the request to the entry as
// it is by then, and ends the tokens that the changed client no longer grants.
func (b *backend) changeClient(ctx context.Context, req *logical.Request, d *framework.FieldData,
	create bool) (*logical.Response, error) {
	name := d.Get("name").(string)
	before, err := loadStoredClient(ctx, req.Storage, name)
	absent := errors.Is(err, store.ErrNotFound)
	switch {
	case absent && !create:
		return nil, fault.New(http.StatusNotFound, "Client %q does not exist, so it cannot be patched. "+
			"Store it with a write to %s%s.", name, mountMark, req.Path)
	case absent:
		before = storedClient{State: stateAvailable}
	case err != nil:
		return nil, err
	}
	planned := before
	if err := planned.change(d); err != nil {
		return nil, err
	}
	verified, err := b.verifyWrite(ctx, req.Storage, d, name, before, planned)
	if err != nil {
		return nil, err
	}
	after, err := b.storeChangedClient(ctx, req.Storage, name, before, verified, func(n *storedClient) error {
		return n.change(d)
	})
	if err != nil {
		return nil, err
	}
	b.announceChange(clientWritten, req.Path, req.Operation)
	ended, pending, err := b.endOfClient(ctx, name, after)
	if err != nil {
		return nil, stoppedAfter(err, "Client %q was stored, but not all tokens that it no longer allows could be "+
			"revoked. This is tried again every minute.", name)
	}
	warnings := verified.warnings
	if ended+pending > 0 {
		warnings = append(warnings, endedWarning("this client", ended, pending))
	}
	return spec.Warned(warnings...), nil
}

// storeChangedClient stores a change of a client and returns the entry that it stored. before is
// the entry as it was when the request came. The change is applied to the entry as it is now, under
// the locks, so that other changes that were made meanwhile are kept. It is refused if the
// verification does not apply to the entry any more: because the entry was deleted, stored again,
// given another secret, or changed in a field that this request changes too.
func (b *backend) storeChangedClient(ctx context.Context, s logical.Storage, name string, before storedClient,
	verified verifiedClient, change func(*storedClient) error) (storedClient, error) {
	b.writes.Lock()
	defer b.writes.Unlock()
	b.mount.all.claims.Lock()
	defer b.mount.all.claims.Unlock()
	now, err := loadStoredClient(ctx, s, name)
	created := before.last() == 0
	switch {
	case errors.Is(err, store.ErrNotFound) && created:
		now = before
	case errors.Is(err, store.ErrNotFound):
		return now, fault.BadRequest("Not saved: client %q was deleted at the same time.", name)
	case err != nil:
		return now, err
	case created, now.EntryID != before.EntryID, verified.slow() && now.last() != before.last():
		return now, fault.BadRequest("Not saved: client %q was written by somebody else at the same time. Read it "+
			"and write again.", name)
	}
	if verified.slow() {
		if err := b.checkSameConnection(ctx, s, verified); err != nil {
			return now, err
		}
	}
	planned, after := before, now
	if change != nil {
		if err := errors.Join(change(&planned), change(&after)); err != nil {
			return now, err
		}
	}
	if field := store.Conflict(before, now, planned); verified.slow() && field != "" {
		return now, fault.BadRequest("Not saved: %s of client %q was changed by somebody else at the same time. "+
			"Read it and write again.", field, name)
	}
	verified.apply(&after)
	if after.last() != now.last() { // a new secret, which no past holder knows
		if err := after.takeNewSecret(); err != nil {
			return now, err
		}
	}
	g, _ := after.current()
	if old, _ := now.current(); after.last() != now.last() || g.Verified != old.Verified ||
		after.Purpose != now.Purpose {
		if err := b.claim(ctx, s, g.ClientID, after.Purpose == purposeLease, g.Verified,
			clientsPrefix+name); err != nil {
			return now, err
		}
	}
	return after, b.putStoredClient(ctx, s, name, after)
}

// checkSameConnection refuses a secret that was verified over a connection which has been changed
// since. A secret is bound to the connection that it was verified over, so it could not be used.
func (b *backend) checkSameConnection(ctx context.Context, s logical.Storage, verified verifiedClient) error {
	if verified.next == nil {
		return nil
	}
	c, err := loadConfig(ctx, s)
	if err != nil {
		return notConfigured(err)
	}
	settings, err := storedConnection(ctx, s)
	if err != nil {
		return err
	}
	complete, err := settings.settings(c.Environment)
	if err == nil && complete.Fingerprint() != verified.next.Connection {
		err = fault.BadRequest("Not saved: config or config/connection was changed at the same time. Write again.")
	}
	return err
}

// deleteClient answers DELETE clients/:name. It deletes the entry in Vault only. The client
// continues to exist at Paxos.
func (b *backend) deleteClient(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	name := d.Get("name").(string)
	force, _ := input.Given[bool](d, "force")
	pending := 0
	if force {
		var err error
		if _, pending, err = b.broker.End(ctx, func(row broker.Row) bool {
			return row.Key.Client == name
		}); err != nil {
			return nil, err
		}
	}
	switch err := b.takeClient(ctx, req.Storage, name, force); {
	case errors.Is(err, store.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	}
	b.announceChange(clientDeleted, req.Path, req.Operation)
	return spec.Warned(orphans(pending)...), nil
}

// takeClient deletes the entry of a client, unless a lease or a token still needs it. Token
// requests that are under way count as a need. A request that begins after the check reads the
// entry again when Paxos has answered. It does not find the entry then, and ends its token.
func (b *backend) takeClient(ctx context.Context, s logical.Storage, name string, force bool) error {
	b.writes.Lock()
	defer b.writes.Unlock()
	n, err := loadStoredClient(ctx, s, name)
	switch {
	case store.IsUnreadable(err) && force:
		return b.removeStoredClient(ctx, s, name, n)
	case store.IsUnreadable(err):
		return fault.BadRequest("Not deleted: the entry of client %q cannot be read, so it is not known "+
			"whether the client is leased. Upgrade the plugin if a later version wrote the entry, or set force=true.", name)
	case err != nil:
		return err
	}
	need, err := b.broker.Need(ctx)
	if err != nil {
		return err
	}
	keys, err := keysOf(ctx, s, name)
	if err != nil {
		return err
	}
	switch g, _ := n.current(); {
	case n.State == stateLeased:
		return fault.BadRequest("Not deleted: client %q is %s. Revoke its lease first.", name, n.Checkout)
	case n.State == stateToBeDeleted:
		return fault.BadRequest("Not deleted: client %q is due to be deleted at Paxos, because its lease has "+
			"ended. Without this entry it would keep working there. The entry is deleted as soon as Paxos has "+
			"confirmed the deletion.", name)
	case len(keys) > 0:
		return fault.BadRequest("Not deleted: %s for client %q. Delete its keys under %skeys/ first.",
			keysSign(keys), name, mountMark)
	case !force && need.OfClient(g.ClientID):
		return b.refuseNeeded(ctx, func(row broker.Row) bool { return row.ClientID == g.ClientID },
			"Not deleted: client %q is needed to revoke valid tokens. Set disabled=true on the client first, which "+
				"revokes them, or set force=true and let them expire%s.", name)
	}
	return b.removeStoredClient(ctx, s, name, n)
}

// endOfClient ends the tokens of roles that were requested with the client and that it would not
// grant as it is now. It returns how many were revoked, and how many will be revoked later.
func (b *backend) endOfClient(ctx context.Context, name string, n storedClient) (ended, pending int, err error) {
	return b.broker.End(ctx, func(row broker.Row) bool {
		return row.Key.Client == name && row.Key.Role != "" && !n.grants(row)
	})
}
