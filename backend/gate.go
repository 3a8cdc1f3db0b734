package backend

import (
	"context"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/paxos"
)

// clientFor is the only way from a stored generation to something that calls Paxos. It refuses a secret
// that belongs to another connection (URLs, CA or environment) than the one there is now, whatever was
// deleted and written again in between. A secret that was submitted a moment ago comes the same way,
// after newGeneration has bound it to this connection.
func (l *paxosSession) clientFor(g generation) (*paxos.Client, error) {
	open, err := l.StoredClient(g.ClientID, g.ClientSecret, g.Connection)
	if err != nil {
		return nil, fault.BadRequest("The secret of client %s was stored for another connection (URLs, CA or "+
			"environment), so it is not sent over this one. Operators: store it again.", g.ClientID)
	}
	return open, nil
}

// minterFor is a generation as the broker uses it, with the mount's share of the budget. name is
// that of the stored client, empty for the root.
func (l *paxosSession) minterFor(name string, g generation, c config) (broker.Minter, error) {
	open, err := l.clientFor(g)
	if err != nil {
		return broker.Minter{}, err
	}
	return broker.Minter{Client: open, Name: name, Generation: g.Number,
		Allowance: broker.Allowance{Mount: c.TokenBudget}}, nil
}

// minter is minterFor for the current generation of a client, stored under that name, and the
// connection that is configured.
func (b *backend) minter(ctx context.Context, name string, minting client) (broker.Minter, error) {
	session, err := b.openSession(ctx, b.storage)
	if err != nil {
		return broker.Minter{}, err
	}
	c, err := loadConfig(ctx, b.storage)
	if err != nil {
		return broker.Minter{}, err
	}
	g, ok := minting.current()
	if !ok {
		return broker.Minter{}, errNoRoot
	}
	return session.minterFor(name, g, c)
}
