package backend

import (
	"context"
	"errors"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/spec"
)

// deleteConfig answers DELETE config, which deletes the settings and the root client.
func (b *backend) deleteConfig(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	force, _ := input.Given[bool](d, "force")
	pending := 0
	if force {
		var err error
		if _, pending, err = b.broker.End(ctx, func(broker.Row) bool { return true }); err != nil {
			return nil, err
		}
	}
	idle, err := b.removeConfig(ctx, req.Storage, force)
	if err != nil {
		return nil, err
	}
	b.announceChange(configWritten, configKey, req.Operation)
	warnings := orphans(pending)
	if len(idle) > 0 {
		warnings = append(warnings, "These keys cannot sign until config has a root client for which they have a Key ID: "+
			strings.Join(idle, ", ")+".")
	}
	return spec.Warned(warnings...), nil
}

// removeConfig deletes the settings and the root client, unless a token or a leased client still
// needs them. Token requests that are under way count as a need. A request that begins after the
// check reads the config again when Paxos has answered. It does not find the config then, and ends
// its token. A key of the root client keeps it too. It returns the keys that are without a client now.
func (b *backend) removeConfig(ctx context.Context, s logical.Storage, force bool) (idle []string, err error) {
	b.writes.Lock()
	defer b.writes.Unlock()
	if idle, err = keysOf(ctx, s, ""); err != nil {
		return nil, err
	}
	if !force {
		if err := b.refuseWhileNeeded(ctx, s, idle); err != nil {
			return nil, err
		}
	}
	if err := b.settlePurposes(ctx, s); err != nil {
		return nil, err
	}
	root, err := storedRoot(ctx, s)
	if err != nil {
		return nil, err
	}
	return idle, errors.Join(b.removeRoot(ctx, s, root), b.entries.config.Delete(ctx, s, configKey))
}

// refuseWhileNeeded returns an error for the caller if config is needed to revoke tokens or to end
// the leases of clients, or if these keys sign for the root client.
func (b *backend) refuseWhileNeeded(ctx context.Context, s logical.Storage, keys []string) error {
	need, err := b.broker.Need(ctx)
	switch {
	case err != nil:
		return err
	case need.Count() > 0:
		return b.refuseNeeded(ctx, func(broker.Row) bool { return true }, "Not deleted: this configuration is needed to "+
			"revoke %s. Rotate the roles first with `vault write -f %sroles/<name>/rotate`, or set force=true and let them expire%s.",
			quantity(need.Count(), "valid token"), mountMark)
	}
	if len(keys) > 0 {
		return fault.BadRequest("Not deleted: %s for the root client. Delete the keys first, or set force=true "+
			"to keep them. They cannot sign until config has a root client again.", keysSign(keys))
	}
	return refuseWhileLeased(ctx, s)
}

// refuseWhileLeased returns an error for the caller if a client is leased or is to be deleted at
// Paxos, because both need config.
func refuseWhileLeased(ctx context.Context, s logical.Storage) error {
	return eachStoredClient(ctx, s, func(name string, n storedClient) error {
		switch n.State {
		case stateLeased:
			return fault.BadRequest("Not deleted: client %q is %s, and the end of that lease needs this configuration. "+
				"Revoke the lease first, or set force=true.", name, n.Checkout)
		case stateToBeDeleted:
			return fault.BadRequest("Not deleted: client %q is due to be deleted at Paxos, which needs this "+
				"configuration. Wait until it is deleted, or set force=true.", name)
		}
		return nil
	})
}
