package backend

import (
	"context"

	"github.com/hashicorp/vault/sdk/logical"
)

// eachRole visits the roles as they are stored, in order of name. One that cannot be read issues
// nothing and is passed over; report/least-privilege names it.
func eachRole(ctx context.Context, s logical.Storage, visit func(name string, r role)) error {
	return each(ctx, s, rolesPrefix, func(name string, r role) error {
		visit(name, r)
		return nil
	}, nil)
}
