package backend

import (
	"context"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/paxos"
)

// A link is the mount's way to Paxos: the configured environment and connection,
// with an open pool of connections behind it.
type link struct {
	*paxos.Connection
	fingerprint string
	neverRevoke bool
	basic       bool // clients authenticate with HTTP Basic

	environment string     // what it was made from: a link of the same is kept
	connection  connection // likewise
}

// linkOf is dial for a config that may not be stored yet; it asks storage.
func (b *backend) linkOf(ctx context.Context, s logical.Storage, c config) (*link, error) {
	settings, err := storedConnection(ctx, s)
	if err != nil {
		return nil, err
	}
	return b.linkFor(c.Environment, settings)
}

// dial returns the link that the stored configuration describes. It calls nobody.
func (b *backend) dial(ctx context.Context, s logical.Storage) (*link, error) {
	c, err := b.configs.Get(ctx, s, configKey)
	if err != nil {
		return nil, notConfigured(err)
	}
	settings, err := b.connections.Get(ctx, s, connectionKey)
	if err != nil {
		return nil, err
	}
	return b.linkFor(c.Environment, settings)
}

// linkFor returns the open link for these settings, or makes it.
func (b *backend) linkFor(environment string, settings connection) (*link, error) {
	b.link.Lock()
	defer b.link.Unlock()
	if l := b.linked; l != nil && l.environment == environment && l.connection == settings {
		return l, nil
	}
	complete, err := settings.settings(environment)
	if err != nil {
		return nil, err
	}
	open, err := paxos.Connect(complete, b.options.Now)
	if err != nil {
		return nil, invalid(err)
	}
	if b.linked != nil {
		b.linked.Close()
	}
	b.linked = &link{
		Connection: open, fingerprint: complete.Fingerprint(), neverRevoke: settings.NeverRevoke,
		basic:       complete.AuthStyle == paxos.AuthBasic,
		environment: environment, connection: settings,
	}
	return b.linked, nil
}

// closeLink lets go of idle connections when the mount goes away.
func (b *backend) closeLink() {
	b.link.Lock()
	defer b.link.Unlock()
	if b.linked != nil {
		b.linked.Close()
		b.linked = nil
	}
}
