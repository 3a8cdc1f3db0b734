package backend

import (
	"context"

	"vault-plugin-secrets-paxos/backend/paxos"
)

// applyList applies a list to the stored clients: those that are disabled or gone at Paxos are
// stateLost, those that it lists as approved are not. A client that is missing is asked after by its id
// before it is lost. If the list or the answer does not have the root itself, what is missing stays
// as it is, and the error says so.
func (b *backend) applyList(ctx context.Context, at *credentials) error {
	var missing []string
	err := eachStoredClient(ctx, b.storage, func(name string, n storedClient) error {
		g, _ := n.current()
		if _, listed := at.of(g.ClientID); !listed && n.entry() == at.stored[name] && n.maybeLost() {
			missing = append(missing, g.ClientID)
		}
		return nil
	})
	if err != nil {
		return err
	}
	proved := at.whole()
	var asked []paxos.Credential
	if proved && len(missing) > 0 {
		if asked, err = at.ask(ctx, missing); err != nil {
			proved = false
		}
	}
	if applyErr := b.applyFound(ctx, at, asked, proved); applyErr != nil {
		return applyErr
	}
	if err == nil && !at.whole() {
		err = errListWithoutRoot
	}
	return err
}

// maybeLost reports whether the client is in a state that the list decides about. The holders of
// those out on lease find out by themselves, and the end of the lease asks again.
func (n storedClient) maybeLost() bool {
	return n.State == stateAvailable || n.State == stateQuarantined
}

// applyFound stores what follows from the list and from what was asked besides. proved says that
// what is in neither is gone.
func (b *backend) applyFound(ctx context.Context, at *credentials, asked []paxos.Credential, proved bool) error {
	b.writes.Lock()
	defer b.writes.Unlock()
	root, err := storedRoot(ctx, b.storage)
	if err != nil {
		return err
	}
	return eachStoredClient(ctx, b.storage, func(name string, n storedClient) error {
		if n.entry() != at.stored[name] {
			return nil // it was stored, or given a new secret, after Paxos was asked
		}
		g, _ := n.current()
		found, exists := at.of(g.ClientID)
		if !exists {
			found, exists = credentialOf(asked, g.ClientID)
		}
		switch {
		case exists && found.Status == paxos.StatusApproved:
			return b.noteListed(ctx, root, name, n, found)
		case !n.maybeLost():
			return nil
		case exists && found.Status == paxos.StatusDisabled:
			return b.markLost(ctx, name, n, "it was disabled in the Dashboard")
		case !exists && proved:
			return b.markLost(ctx, name, n, "Paxos does not list it any more")
		}
		return nil
	})
}

// markLost takes a client out of use that is disabled or gone at Paxos. writes is held.
func (b *backend) markLost(ctx context.Context, name string, n storedClient, why string) error {
	g, _ := n.current()
	n.StateBefore, n.State, n.StateReason = n.State, stateLost, why
	if err := b.putStoredClient(ctx, b.storage, name, n); err != nil {
		return err
	}
	b.logger.Warn("a stored client is gone at Paxos", "client", name, "client_id", g.ClientID, "why", why)
	b.announceClient(clientLost, name, n, why)
	return nil
}

// noteListed keeps that Paxos lists a standby as approved, which shows that it is of the mount's
// Entity, and makes a lost client what it was before. writes is held.
func (b *backend) noteListed(ctx context.Context, root client, name string, n storedClient,
	found paxos.Credential) error {
	before := n.State
	if n.State == stateLost {
		n.State, n.StateReason, n.StateBefore = n.before()
	}
	learnt := n.Purpose == purposeStandby && !n.sameEntity(root, found.CustomerID) // of others nobody asks
	if before == n.State && !learnt {
		return nil
	}
	n.Listed, n.Customer = true, found.CustomerID
	if err := b.putStoredClient(ctx, b.storage, name, n); err != nil {
		return err
	}
	if before != n.State {
		b.logger.Info("Paxos lists a client again that was lost", "client", name, "client_id", found.ClientID,
			"state", string(n.State))
	}
	return nil
}

// before is the state that a lost client goes back to. One of which that was not noted, because an
// older version lost it, may have been in quarantine if it is for leasing.
func (n storedClient) before() (clientState, string, clientState) {
	switch {
	case n.StateBefore == stateQuarantined, n.StateBefore == "" && n.Purpose == purposeLease:
		return stateQuarantined, "it was lost and is listed at Paxos again; its last holder may know the secret", ""
	case n.StateBefore == stateRevoking:
		return stateRevoking, "", ""
	}
	return stateAvailable, "", ""
}
