package backend

import (
	"context"
	"slices"
	"time"

	"github.com/hashicorp/vault/sdk/logical"
)

// A custody is a client whose secret this mount keeps, as the reports look at it.
type custody struct {
	Name     string    // what the mount calls it
	ID       string    // its Client ID
	Former   []string  // Client IDs that it had before and whose tokens have not all ended
	Since    time.Time // when its secret was stored
	Verified bool      // a mint has shown that the secret is right
	Rotate   string    // the path that takes its new secret
}

// rootName is what reports call the root client.
const rootName = "root"

// clients lists the clients in the mount's custody. Everything that looks at all of
// them asks here.
func (b *backend) clients(ctx context.Context, s logical.Storage) ([]custody, error) {
	root, err := storedRoot(ctx, s)
	if err != nil {
		return nil, err
	}
	g, ok := root.current()
	if !ok {
		return nil, nil
	}
	held := custody{Name: rootName, ID: g.ClientID, Since: g.Since, Verified: g.Proved, Rotate: rotateRootPath}
	for _, before := range root.Generations {
		if before.ClientID != g.ClientID && !slices.Contains(held.Former, before.ClientID) {
			held.Former = append(held.Former, before.ClientID)
		}
	}
	return []custody{held}, nil
}

// clientOf names the client that mints for a role.
func clientOf(role) string { return rootName }
