package backend

// The paths whose names are needed in more than one place. Those that need sudo are listed in
// specialPaths.
const (
	connectionPath  = "config/connection"
	guardrailsPath  = "config/guardrails"
	rotateRootPath  = "config/rotate-root"  // takes the root's new secret, and needs no sudo
	replaceRootPath = "config/replace-root" // needs sudo: who replaces the root decides whose money moves
	resumePath      = "config/resume"       // needs sudo: it says that this mount is production, not a copy
	lockdownPath    = "lockdown"
	driftPath       = "report/drift"
	privilegePath   = "report/least-privilege"
	revocationsPath = "revocations/"
)

// Prefixes that are both API paths and storage keys.
const (
	rolesPrefix      = "roles/"
	clientsPrefix    = "clients/" // seal-wrapped: the entries hold secrets
	scopeSetsPrefix  = "scope-sets/"
	exceptionsPrefix = "exceptions/"
	keysPrefix       = "keys/" // seal-wrapped: the entries hold private keys
)

// Where single entries are stored.
const (
	// The secret of the root client has its own entry, so that one team can own the settings and
	// another the secret.
	configKey     = "config"
	rootKey       = "root"       // seal-wrapped
	connectionKey = "connection" // seal-wrapped for the proxy's password
	guardrailsKey = "guardrails"
	// The lockdown is not part of the config, so that to delete the config does not lift it.
	lockdownKey  = "lockdown"
	probeKey     = "probe"     // the latest probe
	driftKey     = "drift"     // the latest list of credentials from Paxos
	pulseKey     = "pulse"     // when the mount last did its periodic work
	deletionsKey = "deletions" // which clients were deleted at Paxos in the last day
)

// Where the broker keeps its entries. They are local to the cluster, because tokens, addresses and
// processes are.
const (
	ledgerPrefix   = "ledger/"   // a row for each token, seal-wrapped, because it holds the token
	bansPrefix     = "bans/"     // until when Paxos rate-limits which calls
	requestsPrefix = "requests/" // the token requests of the last minutes
	neighborsKey   = "neighbors" // which other mounts the process has
)

// rootName is what reports and logs call the root client.
const rootName = "root"

// mountMark stands in a text for the path of the mount, which only a request knows.
const mountMark = "<mount>/"
