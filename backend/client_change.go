package backend

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/spec"
	"vault-plugin-secrets-paxos/backend/store"
)

// changeClient verifies what is new with no lock held, then applies the request to the entry as it
// is by then, and ends the tokens that its roles may not have any more.
func (b *backend) changeClient(ctx context.Context, req *logical.Request, d *framework.FieldData,
	create bool) (*logical.Response, error) {
	name := d.Get("name").(string)
	before, err := loadStoredClient(ctx, req.Storage, name)
	absent := errors.Is(err, store.ErrNotFound)
	switch {
	case absent && !create:
		return nil, fault.New(http.StatusNotFound, "there is no client %q to patch; write to it to store it", name)
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
		return nil, fmt.Errorf("client %s was stored, but ending tokens that are now too much: %w", name, err)
	}
	warnings := verified.warnings
	if ended+pending > 0 {
		warnings = append(warnings, endedWarning("this client", ended, pending))
	}
	return spec.Warned(warnings...), nil
}

// storeChangedClient is the write of a read-modify-write that began with before. What was verified
// and what the request changes is applied to the entry as it is now, so that whatever else was
// changed meanwhile stays. An entry that was deleted, made again, or given another secret since is
// not the one that was verified.
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
		return now, fault.BadRequest("Not saved: client %s was deleted at the same time.", name)
	case err != nil:
		return now, err
	case created, now.EntryID != before.EntryID, verified.slow() && now.last() != before.last():
		return now, fault.BadRequest("Not saved: client %s was written by somebody else at the same time. Read it "+
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
		return now, fault.BadRequest("Not saved: %s of client %s was changed by somebody else at the same time. "+
			"Read it and write again.", field, name)
	}
	verified.apply(&after)
	if after.last() != now.last() { // a new secret, which nobody else knows
		if err := after.renewed(); err != nil {
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

// checkSameConnection refuses a secret that was verified over a connection which is another by now.
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

// deleteClient answers DELETE clients/:name. Paxos is not told.
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

// takeClient deletes the entry of a client, unless something needs it. The question is asked under
// the lock, so that no token request is missed that began meanwhile.
func (b *backend) takeClient(ctx context.Context, s logical.Storage, name string, force bool) error {
	b.writes.Lock()
	defer b.writes.Unlock()
	n, err := loadStoredClient(ctx, s, name)
	switch {
	case store.IsUnreadable(err) && force:
		return b.removeStoredClient(ctx, s, name, n)
	case store.IsUnreadable(err):
		return fault.BadRequest("Not deleted: the entry of client %s cannot be read, so that it is not known "+
			"whether the client is leased. Upgrade the plugin if a later version wrote it, or set force=true.", name)
	case err != nil:
		return err
	}
	need, err := b.broker.Need(ctx)
	if err != nil {
		return err
	}
	key, err := keyOfClient(ctx, s, name)
	if err != nil {
		return err
	}
	switch g, _ := n.current(); {
	case n.State == stateLeased:
		return fault.BadRequest("Not deleted: client %s is %s. End its lease first.", name, n.Checkout)
	case n.State == stateRevoking:
		return fault.BadRequest("Not deleted: client %s is due to be deleted at Paxos, because its lease has ended; "+
			"without its entry it would go on working there. The entry is deleted as soon as Paxos has "+
			"confirmed the deletion.", name)
	case key != "":
		return fault.BadRequest("Not deleted: key %q signs the requests of client %s. Delete the key first.", key, name)
	case !force && need.OfClient(g.ClientID):
		return fault.BadRequest("Not deleted: client %s is needed to revoke live tokens (tokens that are being "+
			"requested count too). End them first (set disabled=true on it), or set force=true and let them expire.", name)
	}
	return b.removeStoredClient(ctx, s, name, n)
}

// endOfClient ends the tokens that the client minted and may not have minted as it is now.
func (b *backend) endOfClient(ctx context.Context, name string, n storedClient) (ended, pending int, err error) {
	return b.broker.End(ctx, func(row broker.Row) bool {
		return row.Key.Client == name && row.Key.Role != "" && !n.grants(row)
	})
}
