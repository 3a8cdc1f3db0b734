package backend

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/vault/sdk/logical"
)

// eachRole visits the roles as they are stored, in order of name.
func eachRole(ctx context.Context, s logical.Storage, visit func(name string, r role)) error {
	names, err := s.List(ctx, rolesPrefix)
	if err != nil {
		return fmt.Errorf("listing %s: %w", rolesPrefix, err)
	}
	for _, name := range names {
		r, err := load[role](ctx, s, rolesPrefix+name)
		if errors.Is(err, errNotFound) {
			continue // deleted meanwhile
		}
		if err != nil {
			return err
		}
		visit(name, r)
	}
	return nil
}
