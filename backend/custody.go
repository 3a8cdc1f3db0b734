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
	Scopes   []string  // that it was said to hold; none: nobody said

	Stored      bool    // under clients/; else it is the root
	Purpose     purpose // of a stored one
	EntityShown bool    // it was shown to be of the mount's Entity
}

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
	held.EntityShown = len(root.Profiles) > 0
	all := []custody{held}
	err = eachNamed(ctx, s, func(name string, n namedClient) error {
		if n.State == damaged { // status and lockdown name it
			return nil
		}
		g, _ := n.current()
		all = append(all, custody{
			Name: clientsPrefix + name, ID: g.ClientID, Since: g.Since, Verified: g.Proved, Rotate: clientsPrefix +
				name + "/rotate", Scopes: n.Scopes,
			Stored: true, Purpose: n.Purpose, EntityShown: n.Listed || overlap(n.Profiles, root.Profiles),
		})
		return nil
	})
	return all, err
}

// mintedBy names the client that mints for a role.
func mintedBy(r role) string {
	if r.Client == "" {
		return rootName
	}
	return clientsPrefix + r.Client
}
