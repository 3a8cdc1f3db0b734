// Package backend is the Vault side of the secrets engine: the paths of a mount, the entries that
// they store, and the leases that they give. Package broker issues and revokes tokens, package
// paxos talks to Paxos.
package backend

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/limits"
	"vault-plugin-secrets-paxos/backend/spending"
	"vault-plugin-secrets-paxos/backend/store"
	"vault-plugin-secrets-paxos/backend/usage"
	"vault-plugin-secrets-paxos/backend/version"
)

// Options are what the mounts of one process share.
type Options struct {
	// Limits keeps all calls of the process below Paxos's limits, for any number of mounts.
	// Required.
	Limits *limits.Limits
	// Now tells the time. If nil, time.Now is used.
	Now func() time.Time
	// Wait returns after d, or with an error when ctx ends. If nil, a real timer is used.
	Wait func(ctx context.Context, d time.Duration) error
}

// backend is one mount. Its state is divided into groups, and each group holds the lock that guards
// it.
type backend struct {
	*framework.Backend
	options Options
	logger  hclog.Logger
	storage logical.Storage // for work that no request waits for; a request uses its own
	broker  *broker.Broker
	spent   *spending.Ledger // which payments count against daily limits

	mount    membership
	entries  entries
	sessions sessions
	secrets  secrets
	writes   writes
	telemetry
	background
}

// membership is what the mount knows about the plugin process that it shares with other mounts.
type membership struct {
	uuid string  // Vault's identifier of this mount
	all  *mounts // every mount of the process, this one included
}

// entries are the caches of stored entries. A read that is answered with a cached token uses only
// them, so that it needs no storage.
type entries struct {
	config     store.Cache[config]
	connection store.Cache[connection]
	guardrails store.Cache[guardrails]
	lockdown   store.Cache[lockdown]
	probe      store.Cache[probe]
	list       store.Cache[credentialList]
	root       store.Cache[client]
	roles      store.Cache[role]
	clients    store.Cache[storedClient]
	keys       store.Cache[signingKey]
	signers    store.Cache[signer]
	pulse      store.Cache[pulse]
	signing    keyIndex    // which keys sign the engine's own calls
	index      clientIndex // which Client IDs are stored, for the other mounts of the process
}

// sessions hold the session with Paxos that was used last. After a change of the configuration, the
// next use opens a new session and closes this one.
type sessions struct {
	mu    sync.Mutex // guards open
	open  *paxosSession
	clock paxosClock // fed by every session
}

// secrets remember facts about secrets that must survive when an entry is deleted and stored again.
// Each part has a lock of its own.
type secrets struct {
	numbers numbers // the highest generation number of each Client ID, so that none is used twice
	pauses  pauses  // clients whose submitted secrets are not compared for the moment
}

// writes serialises every read-modify-write of config, connection, guardrails, the root client,
// stored clients and roles. It is never held during a call to Paxos, which may take seconds.
type writes struct {
	sync.Mutex
	settled bool // settlePurposes has run: see there

	// lockdown serialises the writes of the lockdown. It is a lock of its own, so that a lockdown
	// never waits for another write.
	lockdown sync.Mutex
}

// telemetry is what the mount counts, announces and remembers about its work. Each part has a lock
// of its own.
type telemetry struct {
	metrics    *metrics
	events     events
	signals    signals
	usage      usage.Memory
	tallies    tallies
	latest     latestFailure
	lastSigned lastSigned
}

// background is the state of the work that no request waits for.
type background struct {
	begun       time.Time         // when this process created the mount
	life        context.Context   // ends when the mount is unloaded
	reconciling *broker.SerialJob // runs reconcile, one at a time
	comparing   sync.Mutex        // held during a comparison with Paxos's list of credentials
	probing     sync.Mutex        // held during a probe
}

// NewFactory returns the function with which Vault creates a mount. That function uses neither
// storage nor the network and starts no goroutine, because Vault also calls it to read the version
// of a plugin that is only being registered.
func NewFactory(options Options) logical.Factory {
	if options.Now == nil {
		options.Now = time.Now
	}
	together := &mounts{}
	return func(ctx context.Context, conf *logical.BackendConfig) (logical.Backend, error) {
		b := &backend{options: options, logger: conf.Logger, storage: conf.StorageView,
			mount: membership{uuid: conf.BackendUUID, all: together}}
		var end context.CancelFunc
		b.life, end = context.WithCancel(context.Background())
		b.begun, b.reconciling, b.metrics = options.Now(), broker.NewSerialJob(), newMetrics()
		b.entries.setDefaults()
		if b.logger == nil {
			b.logger = hclog.NewNullLogger()
		}
		b.logger = b.logger.With("mount_uuid", conf.BackendUUID) // one process logs for all mounts
		b.signals.logger, b.signals.now = b.logger, options.Now
		b.events = events{send: b.sendEvent, lost: b.metrics.eventsLost.Inc, logger: b.logger}
		b.tallies.turns = broker.NewSerialJob()
		b.broker = broker.New(broker.Options{
			Mount:    conf.BackendUUID,
			Ledger:   ledger{b.storage},
			Limits:   options.Limits,
			Revokers: b.revokers,
			CallRate: b.callRate,
			Closing:  b.tainted,
			Granted:  b.granted,
			Urgent:   b.urgent,
			Observe:  b.observe,
			Logger:   b.logger,
			Now:      options.Now,
			Wait:     options.Wait,
		})
		b.spent = spending.New(spending.Options{Records: spendingPages{b.storage}, Now: options.Now})
		b.Backend = &framework.Backend{
			Help:           mountHelp,
			BackendType:    logical.TypeLogical,
			RunningVersion: version.Number,
			Paths:          b.paths(),
			PathsSpecial:   specialPaths(),
			Secrets:        []*framework.Secret{b.secretAccessToken(), b.secretClient()},
			InitializeFunc: b.initialize,
			PeriodicFunc:   b.periodic,
			Invalidate:     b.invalidate,
			Clean: func(context.Context) {
				end()
				together.remove(b)
				b.broker.Close()
				b.closeSession()
				b.events.stop()
			},
		}
		wrapped := *conf
		if conf.System != nil { // nil while Vault only asks for the plugin's type and version
			wrapped.System = newCachedSystem(conf.System, options.Now)
		}
		return b, b.Setup(ctx, &wrapped)
	}
}

// setDefaults tells the caches which value to use where nothing is stored.
func (e *entries) setDefaults() {
	e.connection.Absent, e.guardrails.Absent, e.lockdown.Absent = newConnection, newGuardrails, noLockdown
	e.probe.Absent, e.list.Absent = noProbe, noCredentialList
	e.pulse.Absent = func() pulse { return pulse{Versioned: store.Current} }
	e.probe.Replaceable, e.list.Replaceable = true, true
	// A role may name clients that are not stored, and must still be readable.
	e.clients.Absent = func() storedClient { return storedClient{} }
}

// paths lists the routes. The framework tries them in this order, so the busiest come first.
func (b *backend) paths() []*framework.Path {
	return []*framework.Path{
		b.pathToken(),
		b.pathCreds(),
		b.pathStatus(),
		b.pathMetrics(),
		b.pathConfig(),
		b.pathConnection(),
		b.pathGuardrails(),
		b.pathRotateRoot(),
		b.pathReplaceRoot(),
		b.pathPromoteStandby(),
		b.pathResume(),
		b.pathLockdown(),
		b.pathProbe(),
		b.pathDrift(),
		b.pathPrivilege(),
		b.pathException(),
		b.pathExceptions(),
		b.pathRoleRotate(),
		b.pathRole(),
		b.pathRoles(),
		b.pathClientRotate(),
		b.pathClient(),
		b.pathClients(),
		b.pathSign(),
		b.pathSigner(),
		b.pathSigners(),
		b.pathKeyRotate(),
		b.pathKeyID(),
		b.pathKey(),
		b.pathKeys(),
		b.pathScopeSet(),
		b.pathScopeSets(),
		b.pathScope(),
		b.pathScopes(),
		b.pathOperation(),
		b.pathOperations(),
		b.pathLookup(),
		b.pathRevocation(),
		b.pathRevocations(),
	}
}

// specialPaths names the paths that need sudo (Root) and the storage that Vault wraps with its seal
// or does not replicate. Vault compares a sudo path exactly. That is safe because the pattern of
// each of these paths ends in $ and allows no trailing slash, so no other spelling reaches the same
// handler.
func specialPaths() *logical.Paths {
	return &logical.Paths{
		Root: []string{connectionPath, guardrailsPath, replaceRootPath, resumePath, lockdownPath,
			exceptionsPrefix + "*"},
		SealWrapStorage: []string{configKey, connectionKey, rootKey, clientsPrefix, keysPrefix, spendingPrefix,
			ledgerPrefix},
		LocalStorage: []string{ledgerPrefix, bansPrefix, requestsPrefix, neighborsKey, usage.Prefix, pulseKey},
	}
}

// invalidate drops what this node remembers of an entry. Vault calls it when another node of the
// cluster has written the entry.
func (b *backend) invalidate(_ context.Context, key string) {
	b.entries.forget(key)
	switch {
	case strings.HasPrefix(key, ledgerPrefix), strings.HasPrefix(key, requestsPrefix), key == neighborsKey:
		b.broker.Reset()
	case strings.HasPrefix(key, usage.Prefix):
		b.usage.Reload()
	case strings.HasPrefix(key, spendingPrefix):
		b.spent.Reset()
	}
}

// forget drops an entry from the caches, because another node has written it.
func (e *entries) forget(key string) {
	for _, cache := range []interface{ Forget(key string) }{
		&e.config, &e.connection, &e.guardrails, &e.lockdown, &e.probe, &e.list, &e.root, &e.roles, &e.clients,
		&e.keys, &e.signers, &e.pulse,
	} {
		cache.Forget(key)
	}
	if key == rootKey || strings.HasPrefix(key, clientsPrefix) {
		e.index.forget()
	}
	if strings.HasPrefix(key, keysPrefix) {
		e.signing.forget()
	}
}

const mountHelp = `
The paxos secrets engine keeps a company's Paxos API credentials in Vault. It gives each
application a short-lived OAuth2 access token with only the permissions it needs, on a
lease that can be revoked. Paxos here is docs.paxos.com (stablecoins, brokerage,
custody).

To begin:

    vault write paxos/config environment=sandbox client_id=$CLIENT_ID \
        client_secret=@secret.txt
    vault write paxos/roles/mint scopes=funding:read_profile
    vault read paxos/creds/mint

Each description of a parameter ends with its default and an example, or says that the
parameter is required.
`
