package backend

import (
	"context"
	"errors"
	"strings"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/store"
)

// checkIn ends the lease of a client, if the client is still on the lease with this id. The
// checkout says what happens to the client then, as the role had it when the lease began. why is
// for the log and the event.
//
// Vault sends the same request when it revokes a lease and when the lease expires. To tell the two
// apart, compare the deadline of the checkout with the clock, not why. The periodic work comes in only
// where Vault did not. Vault also repeats revocations, so a second call for a lease does nothing.
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
		return nil // this lease has ended already
	}
	held := *n.Checkout
	g, _ := n.current()
	switch {
	// The client was leased by a version without purposes and got another purpose meanwhile.
	case n.Purpose != purposeLease:
		n.State, n.StateReason, n.Checkout = stateQuarantined, "its lease has ended ("+why+
			"), and its purpose is not lease", nil
	case held.OnRevoke == onRevokeDelete:
		n.State = stateToBeDeleted
	case g.Number > held.Generation && g.Verified: // its secret was rotated: the holder never had the new one
		n.State, n.Checkout = stateAvailable, nil
	case held.OnRevoke == onRevokeReturn:
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

// takeNewSecret changes the state of a client that was given a new secret. A client in quarantine
// becomes available again, but only with a secret that was verified. It refuses a secret for a
// client that is about to be deleted at Paxos.
func (n *storedClient) takeNewSecret() error {
	switch n.State {
	case stateToBeDeleted:
		return errBeingDeleted
	case stateQuarantined, stateLost:
		if g, _ := n.current(); !g.Verified {
			return fault.BadRequest("Not saved: the client is %s, because a past holder may know its secret. "+
				"Only a new secret that is verified ends that. Leave out verify_connection=false.", n.State)
		}
		n.State, n.StateReason, n.Checkout, n.StateBefore = stateAvailable, "", nil, ""
	}
	return nil
}

// quarantineUndeleted puts a client in quarantine that was to be deleted at Paxos but may not be
// deleted. before is the entry for which that was decided: an entry that has changed since then is
// left alone.
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

// stillDue reads a stored client and reports whether it is still to be deleted at Paxos, on the
// same lease and with the same entry as before.
func (b *backend) stillDue(ctx context.Context, name string, before storedClient) (storedClient, bool, error) {
	now, err := loadStoredClient(ctx, b.storage, name)
	if err != nil {
		return now, false, store.Ignoring(err, store.ErrNotFound)
	}
	due := now.entry() == before.entry() && now.State == stateToBeDeleted && now.Checkout != nil &&
		before.Checkout != nil && now.Checkout.ID == before.Checkout.ID
	return now, due, nil
}
