package backend

import (
	"context"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/paxos"
)

// A paxosSession is the mount's way to Paxos: the configured environment and connection,
// with an open pool of connections behind it.
type paxosSession struct {
	*paxos.Connection
	fingerprint string
	neverRevoke bool
	basic       bool // clients authenticate with HTTP Basic

	environment string     // what it was made from: a session of the same is kept
	connection  connection // likewise
}

// sessionWith is dial for a config that may not be stored yet; it asks storage.
func (b *backend) sessionWith(ctx context.Context, s logical.Storage, c config) (*paxosSession, error) {
	settings, err := storedConnection(ctx, s)
	if err != nil {
		return nil, err
	}
	return b.sessionFor(c.Environment, settings)
}

// openSession returns the session that the stored configuration describes. It calls nobody.
func (b *backend) openSession(ctx context.Context, s logical.Storage) (*paxosSession, error) {
	c, err := b.cachedConfig(ctx, s)
	if err != nil {
		return nil, notConfigured(err)
	}
	settings, err := b.cachedConnection(ctx, s)
	if err != nil {
		return nil, err
	}
	return b.sessionFor(c.Environment, settings)
}

// sessionFor returns the open session for these settings, or makes it.
func (b *backend) sessionFor(environment string, settings connection) (*paxosSession, error) {
	b.sessions.mu.Lock()
	defer b.sessions.mu.Unlock()
	if l := b.sessions.open; l != nil && l.environment == environment && l.connection == settings {
		return l, nil
	}
	complete, err := settings.settings(environment)
	if err != nil {
		return nil, err
	}
	open, err := paxos.Connect(complete, b.options.Now)
	if err != nil {
		return nil, fault.Invalid(err)
	}
	if b.sessions.open != nil {
		b.sessions.open.Close()
	}
	b.sessions.open = &paxosSession{
		Connection: open, fingerprint: complete.Fingerprint(), neverRevoke: settings.NeverRevoke,
		basic:       complete.AuthStyle == paxos.AuthBasic,
		environment: environment, connection: settings,
	}
	return b.sessions.open, nil
}

// closeSession lets go of idle connections when the mount goes away.
func (b *backend) closeSession() {
	b.sessions.mu.Lock()
	defer b.sessions.mu.Unlock()
	if b.sessions.open != nil {
		b.sessions.open.Close()
		b.sessions.open = nil
	}
}
