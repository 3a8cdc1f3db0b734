package backend

import (
	"context"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/limits"
	"vault-plugin-secrets-paxos/backend/paxos"
)

// clientFor returns a client that can call Paxos with the secret of a generation. It is the only
// way from a stored secret to a call. It refuses a secret that was stored for another connection
// (URLs, CA or environment) than this session's, even if config was deleted and written again in
// between. Otherwise somebody who may change the connection could have the secret sent to a server
// of their own. A secret that was submitted just now takes the same way, after newGeneration has
// bound it to this connection.
func (l *paxosSession) clientFor(g generation) (*paxos.Client, error) {
	open, err := l.StoredClient(g.ClientID, g.ClientSecret, g.Connection)
	if err != nil {
		return nil, fault.BadRequest("The secret of client %s was not sent, because it was stored for another "+
			"connection (URLs, CA or environment). Contact your Vault operators. Operators: store the secret again: "+
			"`vault write %sconfig/rotate-root client_secret=-` for the root client, or `vault write %sclients/<name>/rotate "+
			"client_secret=-` for another client.", g.ClientID, mountMark, mountMark)
	}
	return open, nil
}

// minterFor returns a generation as the broker needs it to request tokens, with the mount's share
// of the budget. name is the name of the stored client, or "" for the root client.
func (l *paxosSession) minterFor(name string, g generation, c config) (broker.Minter, error) {
	open, err := l.clientFor(g)
	if err != nil {
		return broker.Minter{}, err
	}
	return broker.Minter{Client: open, Name: name, Generation: g.Number,
		Allowance: limits.Allowance{Mount: c.TokenBudget}}, nil
}

// minter returns the current generation of a client as the broker needs it to request tokens over
// the configured connection. name is the name of the stored client, or "" for the root client.
func (b *backend) minter(ctx context.Context, name string, requesting client) (broker.Minter, error) {
	session, err := b.openSession(ctx, b.storage)
	if err != nil {
		return broker.Minter{}, err
	}
	c, err := loadConfig(ctx, b.storage)
	if err != nil {
		return broker.Minter{}, err
	}
	g, ok := requesting.current()
	if !ok {
		return broker.Minter{}, errNoRoot
	}
	return session.minterFor(name, g, c)
}
