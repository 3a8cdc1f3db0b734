package backend

import (
	"context"
	"errors"
	"slices"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/store"
)

// deleteConnection answers DELETE config/connection, which gives every parameter its default back.
// It refuses while something depends on what it would change. A connection that cannot be read can
// be deleted too, because nothing else can repair it.
func (b *backend) deleteConnection(ctx context.Context, req *logical.Request,
	_ *framework.FieldData) (*logical.Response, error) {
	b.writes.Lock()
	defer b.writes.Unlock()
	before, err := storedConnection(ctx, req.Storage)
	if err != nil && !store.IsUnreadable(err) {
		return nil, err
	}
	users, err := usersOfConnection(ctx, req.Storage, before, err == nil)
	if err != nil {
		return nil, err
	}
	if len(users) > 0 {
		return nil, fault.BadRequest("Not deleted: the connection is used by %s. Delete these first. A secret is only "+
			"sent over the connection that it was verified on.", input.Shortened(users))
	}
	if err := b.entries.connection.Delete(ctx, req.Storage, connectionKey); err != nil {
		return nil, err
	}
	b.announceChange(configWritten, connectionPath, req.Operation)
	return nil, nil
}

// usersOfConnection lists what the default connection would not serve: a config whose environment
// needs URLs, and the secrets that were verified over another connection. known says whether the
// present connection could be read.
func usersOfConnection(ctx context.Context, s logical.Storage, before connection, known bool) ([]string, error) {
	after := newConnection()
	if known && !after.elsewhere(before) {
		return nil, nil
	}
	var users []string
	fingerprint := ""
	switch mount, err := loadConfig(ctx, s); {
	case errors.Is(err, store.ErrNotFound):
	case err != nil:
		return nil, err
	default:
		settings, err := after.settings(mount.Environment)
		if err == nil {
			fingerprint = settings.Fingerprint()
		} else {
			users = append(users, "config (environment="+mount.Environment+")")
		}
	}
	root, err := storedRoot(ctx, s)
	if err != nil {
		return nil, err
	}
	boundElsewhere := func(g generation) bool { return g.Connection != fingerprint }
	if slices.ContainsFunc(root.Generations, boundElsewhere) {
		users = append(users, "the root client (config)")
	}
	err = eachStoredClient(ctx, s, func(name string, n storedClient) error {
		if n.State == stateUnreadable || slices.ContainsFunc(n.Generations, boundElsewhere) {
			users = append(users, clientsPrefix+name)
		}
		return nil
	})
	return users, err
}
