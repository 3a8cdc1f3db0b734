package backend

import (
	"context"

	"vault-plugin-secrets-paxos/backend/paxos"
)

// applyList brings the states of the stored clients up to date with Paxos's list. A client that is
// disabled or gone at Paxos becomes lost, and a lost client that is approved there gets its state
// back. Before a missing client becomes lost, Paxos is asked for it by its Client ID. If the list
// or that answer lacks the root client, it proves nothing about missing clients: they keep their
// state, and the error says so. The lock of all writes is not held while Paxos is asked.
func (b *backend) applyList(ctx context.Context, fromPaxos *credentials) error {
	var missing []string
	err := eachStoredClient(ctx, b.storage, func(name string, n storedClient) error {
		g, _ := n.current()
		if _, listed := fromPaxos.of(g.ClientID); !listed && n.entry() == fromPaxos.stored[name] && n.maybeLost() {
			missing = append(missing, g.ClientID)
		}
		return nil
	})
	if err != nil {
		return err
	}
	complete := fromPaxos.whole()
	var asked []paxos.Credential
	if complete && len(missing) > 0 {
		if asked, err = fromPaxos.ask(ctx, missing); err != nil {
			complete = false
		}
	}
	if applyErr := b.applyFound(ctx, fromPaxos, asked, complete); applyErr != nil {
		return applyErr
	}
	if err == nil && !fromPaxos.whole() {
		err = errListWithoutRoot
	}
	return err
}

// maybeLost reports whether the list may change the client's state to lost. A leased client keeps
// its state, because the end of its lease depends on it. Its holder notices that the client does
// not work, and Paxos is asked again when the lease has ended.
func (n storedClient) maybeLost() bool {
	return n.State == stateAvailable || n.State == stateQuarantined
}

// applyFound stores the states that follow from the list and from asked, the credentials that Paxos
// answered when it was asked for the missing ones. complete says that a client that is in neither
// is gone.
func (b *backend) applyFound(ctx context.Context, fromPaxos *credentials, asked []paxos.Credential,
	complete bool) error {
	b.writes.Lock()
	defer b.writes.Unlock()
	root, err := storedRoot(ctx, b.storage)
	if err != nil {
		return err
	}
	return eachStoredClient(ctx, b.storage, func(name string, n storedClient) error {
		if n.entry() != fromPaxos.stored[name] {
			return nil // the entry was stored, or got a new secret, after Paxos was asked
		}
		g, _ := n.current()
		found, exists := fromPaxos.of(g.ClientID)
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
		case !exists && complete:
			return b.markLost(ctx, name, n, "Paxos no longer lists it")
		}
		return nil
	})
}

// markLost makes a client lost, because it is disabled or gone at Paxos, and announces that. The
// caller holds the lock of all writes.
func (b *backend) markLost(ctx context.Context, name string, n storedClient, why string) error {
	g, _ := n.current()
	n.StateBefore, n.State, n.StateReason = n.State, stateLost, why
	if err := b.putStoredClient(ctx, b.storage, name, n); err != nil {
		return err
	}
	b.logger.Warn("a stored client is disabled or deleted at Paxos", "client", name, "client_id", g.ClientID, "why", why)
	b.announceClient(clientLost, name, n, why)
	return nil
}

// noteListed stores what follows from a client that Paxos lists as approved. A lost client gets its
// earlier state back. For a standby it is recorded that a list of the mount's Entity has it,
// because only a client of that Entity may become the root client. The caller holds the lock of all
// writes.
func (b *backend) noteListed(ctx context.Context, root client, name string, n storedClient,
	found paxos.Credential) error {
	before := n.State
	if n.State == stateLost {
		n.State, n.StateReason = n.before()
		n.StateBefore = ""
	}
	// Only a standby is stored just to record that it is listed, because nothing asks about the
	// Entity of other clients.
	learnt := n.Purpose == purposeStandby && !n.sameEntity(root, found.CustomerID)
	if before == n.State && !learnt {
		return nil
	}
	n.Listed, n.Customer = true, found.CustomerID
	if err := b.putStoredClient(ctx, b.storage, name, n); err != nil {
		return err
	}
	if before != n.State {
		b.logger.Info("Paxos lists a lost client again", "client", name, "client_id", found.ClientID,
			"state", string(n.State))
	}
	return nil
}

// before returns State and StateReason for a lost client that Paxos lists again. Older
// versions did not record the earlier state. A client for leasing may then have been in quarantine,
// so it goes back there, and nobody gets a secret that a past holder may know.
func (n storedClient) before() (clientState, string) {
	switch {
	case n.StateBefore == stateQuarantined, n.StateBefore == "" && n.Purpose == purposeLease:
		return stateQuarantined, "Paxos lists it again, but its last holder may know the secret"
	case n.StateBefore == stateToBeDeleted:
		return stateToBeDeleted, ""
	}
	return stateAvailable, ""
}
