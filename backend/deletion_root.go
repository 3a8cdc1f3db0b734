package backend

import (
	"context"
	"errors"
	"slices"

	"github.com/hashicorp/vault/sdk/logical"
)

// rootsToDelete lists the generations of old root clients that can be deleted at Paxos now, because
// their last token has ended.
func (b *backend) rootsToDelete(ctx context.Context) ([]generation, error) {
	root, err := storedRoot(ctx, b.storage)
	if err != nil || !slices.ContainsFunc(root.Generations, func(g generation) bool { return g.DeleteAtPaxos }) {
		return nil, err
	}
	need, err := b.broker.Need(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(root.Generations, func(g generation) bool {
		return !g.DeleteAtPaxos || need.OfClient(g.ClientID)
	}), nil
}

// deleteRoots deletes old root clients at Paxos, as far as the rules allow it. Vault forgets an old
// root client either way, because no token needs it any more.
func (b *backend) deleteRoots(ctx context.Context, old []generation, fromPaxos *credentials) error {
	var err error
	for _, g := range old {
		result, deleteErr := b.deleteAtPaxos(ctx, fromPaxos,
			pendingDeletion{generation: g, key: rootKey, limit: defaultDeleteLimit})
		if result.missing {
			result.forbidden = "Paxos no longer lists it"
		}
		if deleteErr == nil {
			deleteErr = b.forgetRoot(ctx, g, result.forbidden)
		}
		err = errors.Join(err, deleteErr)
	}
	return err
}

// forgetRoot removes the generations of an old root client from storage. why is the reason why the
// client was not deleted at Paxos, or "" if it was.
func (b *backend) forgetRoot(ctx context.Context, old generation, why string) error {
	b.writes.Lock()
	defer b.writes.Unlock()
	root, err := storedRoot(ctx, b.storage)
	if err != nil {
		return err
	}
	root.Generations = slices.DeleteFunc(root.Generations, func(g generation) bool {
		return g.DeleteAtPaxos && g.ClientID == old.ClientID
	})
	if err := b.putRoot(ctx, b.storage, root); err != nil {
		return err
	}
	kind := clientDeletedAtPaxos
	if why != "" {
		kind = rootForgotten // not clientQuarantined, because it does not wait for a new secret
	}
	b.logger.Info("removed an old root client from Vault", "client_id", old.ClientID, "not_deleted_because", why)
	b.events.add(event{kind, []string{logical.EventMetadataPath, configKey, "client_id", old.ClientID, "reason", why}})
	return nil
}
