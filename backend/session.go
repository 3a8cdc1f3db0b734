package backend

import (
	"context"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/paxos"
)

// A paxosSession is an open connection to Paxos for one environment and one stored connection, with
// its pool of network connections.
type paxosSession struct {
	*paxos.Connection
	fingerprint string // of the settings that secrets are bound to
	neverRevoke bool   // tokens are not revoked at Paxos, except in a lockdown
	basic       bool   // clients authenticate with HTTP Basic

	// What the session was made from. It is reused as long as these stay the same.
	environment string
	connection  connection
}

// sessionWith returns the session for a config that may not be stored yet. It reads the connection
// from storage and not from the cache.
func (b *backend) sessionWith(ctx context.Context, s logical.Storage, c config) (*paxosSession, error) {
	settings, err := storedConnection(ctx, s)
	if err != nil {
		return nil, err
	}
	return b.sessionFor(c.Environment, settings)
}

// openSession returns the session for the stored configuration. It makes no request.
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

// sessionFor returns the open session if it has these settings. Otherwise it opens a new session
// and closes the old one.
func (b *backend) sessionFor(environment string, settings connection) (*paxosSession, error) {
	b.sessions.mu.Lock()
	defer b.sessions.mu.Unlock()
	if current := b.sessions.open; current != nil && current.environment == environment &&
		current.connection == settings {
		return current, nil
	}
	complete, err := settings.settings(environment)
	if err != nil {
		return nil, err
	}
	complete.OnDate, complete.Sign = b.sessions.clock.observe, b.signCall
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

// closeSession closes idle network connections when the mount goes away.
func (b *backend) closeSession() {
	b.sessions.mu.Lock()
	defer b.sessions.mu.Unlock()
	if b.sessions.open != nil {
		b.sessions.open.Close()
		b.sessions.open = nil
	}
}
