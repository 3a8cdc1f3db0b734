package backend

import (
	"context"
	"errors"

	"vault-plugin-secrets-paxos/backend/limits"
	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/backend/store"
)

// clientWork is what the periodic work has to do on stored clients.
type clientWork struct {
	any      bool              // there are stored clients, or old roots to delete
	overdue  map[string]string // the ID of the lease by the name of the client
	deletion []string          // names of clients to be deleted at Paxos
	roots    []generation      // old root clients to be deleted at Paxos
}

// reconcileClients does the periodic work on stored clients. It ends leases whose deadline has
// passed, finishes promotions that were interrupted and, unless the mount is paused, deletes
// clients at Paxos that are to be deleted. A mount without stored clients does nothing and makes no
// request to Paxos.
func (b *backend) reconcileClients(ctx context.Context) error {
	return b.reconciling.Do(ctx, b.reconcile)
}

// reconcile does the work of reconcileClients. b.reconciling calls it, so that it runs only once at
// a time.
func (b *backend) reconcile(ctx context.Context) error {
	w, err := b.clientWork(ctx)
	if err != nil || !w.any {
		return err
	}
	stopped, err := b.watchForRestore(ctx)
	if err != nil {
		return err
	}
	if err := b.settle(ctx); err != nil {
		return err
	}
	for name, id := range w.overdue {
		err = errors.Join(err, b.checkIn(ctx, b.storage, name, id, "its deadline has passed"))
	}
	err = errors.Join(err, b.forgetPromoted(ctx))
	if stopped {
		return err
	}
	listErr := b.deleteWhatEnded(ctx)
	if later(listErr) {
		b.logger.Info("could not delete clients at Paxos; retrying within a minute", "error", listErr)
		listErr = nil
	}
	return errors.Join(err, listErr)
}

// reconcileSoon does the work in the background. A client whose lease has ended should not wait for
// the next tick to be deleted.
func (b *backend) reconcileSoon() {
	b.reconciling.Soon(b.life, periodicDeadline, b.reconcile, func(err error) {
		b.logger.Warn("the periodic work on stored clients failed; retrying within a minute", "error", err)
	})
}

// clientWork finds out what there is to do. It also notes for the log which entries cannot be read.
func (b *backend) clientWork(ctx context.Context) (clientWork, error) {
	w, now := clientWork{overdue: map[string]string{}}, b.options.Now()
	err := eachStoredClient(ctx, b.storage, func(name string, n storedClient) error {
		w.any = true
		b.signals.see(entryDamaged, clientsPrefix+name, n.State == stateUnreadable, "entry", clientsPrefix+name)
		switch {
		case n.Checkout == nil:
		case n.State == stateLeased && now.After(n.Checkout.Deadline):
			w.overdue[name] = n.Checkout.ID
		case n.State == stateToBeDeleted:
			w.deletion = append(w.deletion, name)
		}
		return nil
	})
	if err != nil {
		return w, err
	}
	w.roots, err = b.rootsToDelete(ctx)
	w.any = w.any || len(w.roots) > 0
	return w, err
}

// deleteWhatEnded deletes the clients at Paxos that are to be deleted. It works in a lockdown too,
// because somebody outside knows the secrets of these clients, and the token that deletes them is
// used by the engine alone.
func (b *backend) deleteWhatEnded(ctx context.Context) error {
	// Another mount of the process may use a client too. Shortly after the start of the process not
	// all of its mounts are known.
	if b.options.Now().Sub(b.begun) < settling {
		return nil
	}
	// The work is looked up again, because a client whose lease has just ended may be to be deleted
	// now.
	w, err := b.clientWork(ctx)
	if err == nil {
		w.deletion, err = b.withinLimit(ctx, w.deletion)
	}
	if err != nil || len(w.deletion)+len(w.roots) == 0 {
		return err
	}
	err = b.withCredentials(ctx, []string{paxos.ListScope, paxos.DeleteScope},
		func(ctx context.Context, at *credentials) error {
			return errors.Join(b.applyList(ctx, at), b.deleteAll(ctx, w.deletion, at), b.deleteRoots(ctx, w.roots, at))
		})
	if !paxos.IsInvalidScope(err) {
		return err
	}
	err = nil
	why := "the root client lacks " + paxos.ListScope + " and " + paxos.DeleteScope
	for _, name := range w.deletion {
		n, loadErr := loadStoredClient(ctx, b.storage, name)
		if err = errors.Join(err, store.Ignoring(loadErr, store.ErrNotFound)); loadErr == nil {
			err = errors.Join(err, b.quarantineUndeleted(ctx, name, n, why))
		}
	}
	for _, g := range w.roots {
		err = errors.Join(err, b.forgetRoot(ctx, g, why))
	}
	return err
}

// later reports whether an error only means that Paxos cannot be asked now, so that the next tick
// tries again.
func later(err error) bool {
	var throttled *limits.Throttled
	var answer *paxos.Error
	return errors.As(err, &throttled) || errors.As(err, &answer) && (answer.Temporary() || answer.Throttled())
}
