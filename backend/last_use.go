package backend

import (
	"context"
	"fmt"

	"vault-plugin-secrets-paxos/backend/usage"
)

// keepUsage stores when roles and clients last issued something, if that is due, and forgets those
// that do not exist any more. It is part of the periodic work.
func (b *backend) keepUsage(ctx context.Context) error {
	if len(b.usage.Overdue()) == 0 {
		return nil
	}
	if err := b.usage.Load(ctx, b.storage); err != nil {
		return err
	}
	names, err := b.storage.List(ctx, rolesPrefix)
	if err != nil {
		return fmt.Errorf("listing the roles: %w", err)
	}
	clients, err := clientFacts(ctx, b.storage, b.usage.Last)
	if err != nil {
		return err
	}
	exists := map[usage.Subject]bool{}
	for _, name := range names {
		exists[usage.Role(name)] = true
	}
	for _, c := range clients {
		for _, id := range append(c.Former, c.ID) {
			exists[usage.Client(id)] = true
		}
	}
	b.usage.Keep(exists)
	return b.usage.Flush(ctx, b.storage)
}
