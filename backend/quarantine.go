package backend

import (
	"context"
	"errors"
	"strings"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/store"
)

// checkIn ends a client's being out, if it still is on that lease: what follows is what
// the role said when the lease began. It may be called any number of times.
func (b *backend) checkIn(ctx context.Context, s logical.Storage, name, id, why string) error {
	b.writes.Lock()
	defer b.writes.Unlock()
	n, err := loadStoredClient(ctx, s, name)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil
	case err != nil:
		return err
	case n.State != stateLeased || n.Checkout == nil || n.Checkout.ID != id:
		return nil // it is somebody else's now, or nobody's
	}
	held := *n.Checkout
	g, _ := n.current()
	switch {
	case n.Purpose != purposeLease: // it was out before there were purposes, and is for another use now
		n.State, n.StateReason, n.Checkout = stateQuarantined, "its lease has ended ("+why+
			"), and it is not for leasing", nil
	case held.OnRevoke == deleteAtPaxos:
		n.State = stateRevoking
	case g.Number > held.Generation && g.Verified: // it has a secret that the holder never had
		n.State, n.Checkout = stateAvailable, nil
	case held.OnRevoke == returnUnrotated:
		n.State, n.Checkout, n.ReturnedAs = stateAvailable, nil, n.last()
	default:
		n.State, n.StateReason, n.Checkout = stateQuarantined, "its lease has ended ("+why+")", nil
	}
	if err := b.putStoredClient(ctx, s, name, n); err != nil {
		return err
	}
	b.logger.Info("the lease of a client has ended", "client", name, "role", held.Role, "why", why, "state",
		string(n.State))
	b.announceClient(clientReturned, name, n, why)
	return nil
}

// renewed is the state that a new secret brings about.
func (n *storedClient) renewed() error {
	switch n.State {
	case stateRevoking:
		return errBeingDeleted
	case stateQuarantined, stateLost:
		if g, _ := n.current(); !g.Verified {
			return fault.BadRequest("Not saved: the client is %s, and only a verified secret takes it out of that "+
				"state, because a past holder may know the old one. Leave out verify_connection=false.", n.State)
		}
		n.State, n.StateReason, n.Checkout, n.StateBefore = stateAvailable, "", nil, ""
	}
	return nil
}

// quarantineUndeleted keeps a client that was to be deleted and may not be.
func (b *backend) quarantineUndeleted(ctx context.Context, name string, before storedClient, why string) error {
	b.writes.Lock()
	defer b.writes.Unlock()
	n, due, err := b.stillDue(ctx, name, before)
	if err != nil || !due {
		return err
	}
	n.State, n.StateReason, n.Checkout = stateQuarantined, "not deleted: "+strings.TrimSpace(why), nil
	if err := b.putStoredClient(ctx, b.storage, name, n); err != nil {
		return err
	}
	b.logger.Warn("a client was not deleted at Paxos after its lease", "client", name, "why", why)
	b.announceClient(clientQuarantined, name, n, why)
	return nil
}

// stillDue reads a client that was to be deleted at Paxos, and reports whether it still is, on the
// lease that it was when that was begun.
func (b *backend) stillDue(ctx context.Context, name string, before storedClient) (storedClient, bool, error) {
	now, err := loadStoredClient(ctx, b.storage, name)
	if err != nil {
		return now, false, store.Ignoring(err, store.ErrNotFound)
	}
	due := now.entry() == before.entry() && now.State == stateRevoking && now.Checkout != nil &&
		before.Checkout != nil && now.Checkout.ID == before.Checkout.ID
	return now, due, nil
}
