package backend

import (
	"context"
	"errors"

	"vault-plugin-secrets-paxos/backend/limits"
	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/backend/store"
)

// reconcileClients is the periodic work on stocked clients: it ends check-outs whose deadline has
// passed, finishes promotions that were interrupted, and, unless the mount has stopped itself,
// deletes what is to be deleted at Paxos. A mount without clients does nothing and calls nobody.
func (b *backend) reconcileClients(ctx context.Context) error {
	return b.reconciling.Do(ctx, b.reconcile)
}

// reconcile is reconcileClients for one at a time.
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
		err = errors.Join(err, b.checkIn(ctx, b.storage, name, id, "its time was up"))
	}
	err = errors.Join(err, b.forgetPromoted(ctx))
	if stopped {
		return err
	}
	listErr := b.deleteWhatEnded(ctx)
	if later(listErr) {
		b.logger.Info("nothing could be deleted at Paxos; the next tick tries again", "error", listErr)
		listErr = nil
	}
	return errors.Join(err, listErr)
}

// later reports whether an error means no more than that Paxos cannot be asked now.
func later(err error) bool {
	var throttled *limits.Throttled
	var answer *paxos.Error
	return errors.As(err, &throttled) || errors.As(err, &answer) && (answer.Temporary() || answer.Throttled())
}

// reconcileSoon does it in the background, because a client whose lease has ended should
// not wait for the next tick to be deleted.
func (b *backend) reconcileSoon() {
	b.reconciling.Soon(b.life, periodicDeadline, b.reconcile, func(err error) {
		b.logger.Warn("reconciling the stocked clients: it is tried again with the next tick", "error", err)
	})
}

// clientWork is what there is to do on stocked clients.
type clientWork struct {
	any      bool
	overdue  map[string]string // name → check-out
	deletion []string          // names of those to be deleted at Paxos
	roots    []generation      // old roots that are to be deleted there
}

// clientWork looks for it.
func (b *backend) clientWork(ctx context.Context) (clientWork, error) {
	w, now := clientWork{overdue: map[string]string{}}, b.options.Now()
	err := eachStoredClient(ctx, b.storage, func(name string, n storedClient) error {
		w.any = true
		b.signals.see(entryDamaged, clientsPrefix+name, n.State == stateUnreadable, "entry", clientsPrefix+name)
		switch {
		case n.Checkout == nil:
		case n.State == stateLeased && now.After(n.Checkout.Deadline):
			w.overdue[name] = n.Checkout.ID
		case n.State == stateRevoking:
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

// deleteWhatEnded deletes what is to be deleted at Paxos, if anything is. It goes on in a lockdown:
// somebody outside knows the secrets of these clients, and the token for it is the engine's own.
func (b *backend) deleteWhatEnded(ctx context.Context) error {
	if b.options.Now().Sub(b.begun) < settling { // not all mounts that need a client may be known yet
		return nil
	}
	w, err := b.clientWork(ctx) // anew: what was overdue may be to be deleted now
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
	why := "the root client does not hold " + paxos.ListScope + " and " + paxos.DeleteScope
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
