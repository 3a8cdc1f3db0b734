package backend

// API paths that are used in more than one place. specialPaths lists those that need sudo.
const (
	connectionPath  = "config/connection"
	guardrailsPath  = "config/guardrails"
	rotateRootPath  = "config/rotate-root"  // needs no sudo: it never replaces one client by another
	replaceRootPath = "config/replace-root" // needs sudo: the root client decides whose money moves
	resumePath      = "config/resume"       // needs sudo: it confirms that the mount is not a restored snapshot
	lockdownPath    = "lockdown"
	driftPath       = "report/drift"
	privilegePath   = "report/least-privilege"
	revocationsPath = "revocations/"
)

// Prefixes that are both API paths and storage keys: an entry is stored under the path of its API.
const (
	rolesPrefix      = "roles/"
	clientsPrefix    = "clients/" // seal-wrapped: the entries hold secrets
	scopeSetsPrefix  = "scope-sets/"
	exceptionsPrefix = "exceptions/"
	signersPrefix    = "signers/"
	keysPrefix       = "keys/" // seal-wrapped: the entries hold private keys
)

// spendingPrefix is where the payments are stored that count against daily limits: hashes, assets and
// amounts. It is seal-wrapped, and replicated, because a limit holds for all clusters.
const spendingPrefix = "spending/"

// Storage keys of single entries.
const (
	// The secret of the root client has an entry of its own, apart from config, so that one team
	// can manage the settings and another team the secret.
	configKey     = "config"
	rootKey       = "root"       // seal-wrapped
	connectionKey = "connection" // seal-wrapped, because the URL of a proxy may hold a password
	guardrailsKey = "guardrails"
	// The lockdown is not part of config, so that deleting config does not lift the lockdown.
	lockdownKey  = "lockdown"
	probeKey     = "probe"     // the latest probe
	driftKey     = "drift"     // the latest list of credentials from Paxos
	pulseKey     = "pulse"     // when the mount last did its periodic work
	deletionsKey = "deletions" // which clients were deleted at Paxos in the last day
)

// Storage keys of the broker. These entries are local to a cluster and are not replicated, because
// other clusters have other tokens, other IP addresses and other processes.
const (
	ledgerPrefix   = "ledger/"   // a row for each token, seal-wrapped, because it holds the token
	bansPrefix     = "bans/"     // until when Paxos rate-limits which calls
	requestsPrefix = "requests/" // the token requests of the last minutes
	neighborsKey   = "neighbors" // which other mounts the process has
)

// rootName is the name of the root client in reports and logs.
const rootName = "root"

// mountMark stands for the path of the mount in a text. Only a request knows that path, so
// HandleRequest puts it in the place of the mark.
const mountMark = "<mount>/"

// exampleClientID stands for a Client ID in descriptions. Paxos's Client IDs are UUIDs.
const exampleClientID = "6361c5a0-4f0b-4c7e-9d3a-2b8e5f6a7c90"
