package backend

import (
	"cmp"
	"context"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/store"
)

// storedSettings are the entries of which a mount has one each, for those who show many of them.
type storedSettings struct {
	config     config // the zero config while the mount is not configured
	connection connection
	guardrails guardrails
	lockdown   lockdown
	probe      probe
	pulse      pulse
	root       client
	list       credentialList
}

// loadSettings reads them all. An entry that cannot be read fails the whole.
func (b *backend) loadSettings(ctx context.Context, s logical.Storage) (all storedSettings, err error) {
	var problems [8]error
	all.config, problems[0] = loadConfig(ctx, s)
	problems[0] = store.Ignoring(problems[0], store.ErrNotFound)
	all.connection, problems[1] = storedConnection(ctx, s)
	all.guardrails, problems[2] = storedGuardrails(ctx, s)
	all.lockdown, problems[3] = storedLockdown(ctx, s)
	all.probe, problems[4] = b.cachedProbe(ctx, s)
	all.pulse, problems[5] = storedPulse(ctx, s)
	all.root, problems[6] = storedRoot(ctx, s)
	all.list, problems[7] = b.credentialList(ctx, s)
	return all, cmp.Or(problems[:]...)
}
