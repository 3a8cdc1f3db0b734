// Package backend is the Vault side of the secrets engine: its paths, what they
// Put, and the leases they give. What it knows of tokens is in package broker,
// what it knows of Paxos in package paxos.
package backend

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/limits"
	"vault-plugin-secrets-paxos/backend/store"
	"vault-plugin-secrets-paxos/backend/usage"
)

// Options are what the mounts of one process share.
type Options struct {
	// Limits keeps the process's calls below Paxos's limits, whatever the number of
	// mounts. Required.
	Limits *limits.Limits
	// Now is the clock, Wait how to let it pass; nil means the real ones.
	Now  func() time.Time
	Wait func(ctx context.Context, d time.Duration) error
}

// backend is one mount. Its state stands in groups, each with the lock that guards it.
type backend struct {
	*framework.Backend
	options Options
	logger  hclog.Logger
	storage logical.Storage // for work that outlives a request
	broker  *broker.Broker

	mount    membership
	entries  entries
	sessions sessions
	secrets  secrets
	writes   writes
	telemetry
	background
}

// A membership is the mount's place among the mounts of the plugin process.
type membership struct {
	uuid string  // of this mount, by Vault
	all  *mounts // this one included
}

// entries are the caches of what is stored. A hit reads them and no storage.
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
	index      clientIndex // which Client IDs are stored, for the other mounts of the process
}

// setDefaults says what counts where nothing is stored.
func (e *entries) setDefaults() {
	e.connection.Absent, e.guardrails.Absent, e.lockdown.Absent = newConnection, newGuardrails, noLockdown
	e.probe.Absent, e.list.Absent = noProbe, noCredentialList
	e.probe.Replaceable, e.list.Replaceable = true, true
	// a pool may name clients that are not stored
	e.clients.Absent = func() storedClient { return storedClient{} }
}

// forget drops what is cached of an entry that another node wrote.
func (e *entries) forget(key string) {
	for _, cache := range []interface{ Forget(key string) }{
		&e.config, &e.connection, &e.guardrails, &e.lockdown, &e.probe, &e.list, &e.root, &e.roles, &e.clients,
	} {
		cache.Forget(key)
	}
	if key == rootKey || strings.HasPrefix(key, clientsPrefix) {
		e.index.forget()
	}
}

// sessions keep the connection to Paxos that was used last. A change of the configuration opens
// another one and closes it.
type sessions struct {
	mu   sync.Mutex // guards open
	open *paxosSession
}

// secrets remember what may not be forgotten when an entry is deleted and made again. Each has a lock
// of its own.
type secrets struct {
	numbers numbers // of generations, so that none is used twice
	pauses  pauses  // in comparing submitted secrets
}

// writes serialises the read-modify-writes of config, connection, guardrails, root, clients and roles.
// It is never held across the network.
type writes struct {
	sync.Mutex
	settled bool // every stored client has had the chance to get a purpose

	// lockdown serialises the writes of the lockdown, which must wait for no other write.
	lockdown sync.Mutex
}

// telemetry is what the mount counts, tells and remembers of its work. Each part has a lock of its own.
type telemetry struct {
	metrics *metrics
	events  events
	signals signals
	usage   usage.Memory
	tallies tallies
	latest  latestFailure
}

// background is the work that no request waits for.
type background struct {
	begun       time.Time         // when this process began to know the mount
	life        context.Context   // ends when the mount goes away
	reconciling *broker.SerialJob // of the stored clients
	comparing   sync.Mutex        // one comparison with Paxos at a time
	probing     sync.Mutex        // one probe at a time
}

// NewFactory returns the function by which Vault makes a mount. It touches neither
// storage nor network and starts nothing: Vault also calls it to look at a plugin
// that is only being registered.
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
		b.Backend = &framework.Backend{
			Help:           mountHelp,
			BackendType:    logical.TypeLogical,
			RunningVersion: Version,
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

// paths lists the routes, the busiest first: the framework tries them in order.
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

// specialPaths names what Vault treats differently. Sudo patterns are exact; the
// patterns of their paths end in $ and take no trailing slash.
func specialPaths() *logical.Paths {
	return &logical.Paths{
		Root: []string{connectionPath, guardrailsPath, replaceRootPath, resumePath, lockdownPath,
			exceptionsPrefix + "*"},
		SealWrapStorage: []string{configKey, connectionKey, rootKey, clientsPrefix, keysPrefix, ledgerPrefix},
		LocalStorage:    []string{ledgerPrefix, bansPrefix, requestsPrefix, neighborsKey, usage.Prefix, pulseKey},
	}
}

// invalidate is called when another node of the cluster has written an entry.
func (b *backend) invalidate(_ context.Context, key string) {
	b.entries.forget(key)
	switch {
	case strings.HasPrefix(key, ledgerPrefix), strings.HasPrefix(key, requestsPrefix), key == neighborsKey:
		b.broker.Reset()
	case strings.HasPrefix(key, usage.Prefix):
		b.usage.Reload()
	}
}

// initialize is called when the mount is to serve: after a start, a reload, and when
// Vault has put a new process in the place of one that died. What that one left to be
// ended should not wait for the next tick, and what it has sent should be known soon:
// until then no mount of the process requests a token.
func (b *backend) initialize(ctx context.Context, _ *logical.InitializationRequest) error {
	b.mount.all.add(b)
	if !b.writable() {
		return nil
	}
	if err := b.broker.Start(ctx); err != nil { // the next token request tries again
		b.logger.Warn("the token requests before this start are not known yet", "error", err)
	}
	b.broker.SweepSoon()
	return nil
}

// periodic is called every minute on the active node, and once more when the mount
// is being disabled: then all that lives is ended while the means to do it exist.
func (b *backend) periodic(ctx context.Context, _ *logical.Request) error {
	if !b.writable() {
		return nil
	}
	b.signals.flush()
	// the SDK notes every write there, with no lock, and the sweep writes in parallel
	ctx = logical.IndexStateContext(ctx, nil)
	ctx, cancel := context.WithTimeout(ctx, periodicDeadline)
	defer cancel()
	if b.tainted() {
		_, pending, err := b.broker.End(ctx, func(broker.Row) bool { return true })
		if pending > 0 {
			b.logger.Warn("the mount is being disabled while tokens live on at Paxos", "tokens", pending)
		}
		return errors.Join(err, b.reconcileClients(ctx))
	}
	if _, err := b.watchForRestore(ctx); err != nil { // first, so that nothing that fails makes a gap
		return err
	}
	if err := b.broker.Sweep(ctx); err != nil {
		return err
	}
	return errors.Join(b.reconcileClients(ctx), b.forgetGenerations(ctx), b.keepUsage(ctx), b.compareHourly(ctx))
}

// periodicDeadline keeps a tick shorter than the minute between ticks.
const periodicDeadline = 50 * time.Second

// Version is what the plugin reports to Vault, a semantic version with a v. The
// release sets it with -ldflags "-X vault-plugin-secrets-paxos/backend.Version=…".
var Version = "v0.1.0-dev"

const mountHelp = `
The paxos secrets engine keeps a company's Paxos API credentials in Vault and
hands applications the least that works: a short-lived OAuth2 access token for
just the scopes of a role, on a lease that can be revoked.

Paxos here is docs.paxos.com: stablecoins, brokerage, custody.

To begin: write environment, client_id and client_secret to config, write a role
with scopes to roles/<name>, and read creds/<name>.
`
