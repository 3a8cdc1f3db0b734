package report

import "time"

// Facts are everything that the reports are made from. All text in them may be shown, because the
// caller has replaced control characters in what came from Paxos's Dashboard.
type Facts struct {
	Mount      string // the path of the mount with a trailing slash, for commands
	Now        time.Time
	Settings   Settings
	Guardrails Guardrails
	// ConnectionDangers are the options of config/connection in force that weaken something, each as
	// "option: why".
	ConnectionDangers []string
	// Clients are the clients whose secrets the mount stores. The first one is the root client; there
	// are none while the mount has no root client.
	Clients []Client
	Roles   []Role // in the order of their names
	// UnreadableRoles are the names of roles whose stored entries cannot be read.
	UnreadableRoles []string
	// Elsewhere are the Client IDs that other mounts of the plugin process have.
	Elsewhere  map[string]bool
	List       List
	Exceptions []Exception // in the order of their names

	Keys    []Key    // in the order of their names
	Signers []Signer // in the order of their names
	// UnreadableKeys and UnreadableSigners are the names of those whose stored entries cannot be read.
	UnreadableKeys, UnreadableSigners []string
	// Pays reports whether an operation pays or decides who is paid.
	Pays func(operation string) bool
}

// Settings are those of the whole mount.
type Settings struct {
	CredentialMaxAge time.Duration
	EgressCIDRs      []string // the address blocks that Vault calls from; none: not set
	VerifyScope      string   // the scope that the engine requests when it verifies a secret
	TokenBudget      int      // token requests in 5 minutes that the mount may make
}

// Guardrails are what no role of the mount may exceed.
type Guardrails struct {
	// Forbids reports whether a scope may not be issued.
	Forbids           func(scope string) bool
	AllowUncatalogued bool
	MaxTTL            time.Duration
	DeletablePrefix   string   // the Labels of credentials that the engine may delete begin with it
	Dangers           []string // options in force that weaken something, each as "option: why"
	// SignLimits and SignDailyLimits are the most that all signers may sign, by asset: in one request,
	// and together in 24 hours. An empty map bounds nothing.
	SignLimits, SignDailyLimits map[string]string
}

// A Client is a client whose secret the mount stores.
type Client struct {
	Name     string    // "root" or "clients/<name>"
	ID       string    // its Client ID
	Former   []string  // Client IDs that it had before and whose tokens have not all ended
	Since    time.Time // when its secret was stored
	Verified bool      // a token request has shown that the secret is right
	Rotate   string    // the path that takes its new secret
	Scopes   []string  // the scopes that its entry says it holds; nil: it says nothing

	Stored      bool   // under clients/; else it is the root client
	Purpose     string // of a stored client: mint, lease or standby; "" if it has none
	EntityShown bool   // it was shown to be of the mount's Paxos Entity

	LastIssued time.Time   // zero: never
	Tried      Enforcement // what an unsigned request with this Client ID has shown
}

// A Role is a role of the mount.
type Role struct {
	Name string
	// Identity tells the role from one that was deleted and made again under its name.
	Identity      string
	Client        string   // of a role of access_token: the Client.Name that requests its tokens
	LeasesClients bool     // the role is of client_credentials
	Clients       []string // of a role of client_credentials: the Client.Name of each in its pool
	Scopes        []string
	// ByScopeSets and ByOperations say what the role is written by besides scopes.
	ByScopeSets, ByOperations bool
	UniqueTokens              bool
	MintLimit                 int // token requests in 5 minutes that its readers may cause
	TTL, MaxTTL               time.Duration
	Disabled                  bool
	CreatedAt                 time.Time
	LastIssued                time.Time // zero: never
	Dangers                   []string  // options in force that weaken something, each as "option: why"
}

// A List is Paxos's list of the Entity's credentials, as it was read last.
type List struct {
	At          time.Time // when Paxos answered anything; zero: never
	ListedAt    time.Time // when it answered with the list; zero: never
	Refused     bool      // at At it said that the root client may not list
	Left        int       // credentials that were too many to keep
	Credentials []Credential
}

// find is the credential of a Client ID, nil if the list has none.
func (l List) find(clientID string) *Credential {
	for i := range l.Credentials {
		if l.Credentials[i].ClientID == clientID {
			return &l.Credentials[i]
		}
	}
	return nil
}

// A Credential is a client as Paxos lists it.
type Credential struct {
	ClientID   string
	Label      string
	PublicKeys []string
	CreatedAt  time.Time
	Attributes
	Was       *Attributes // before it changed in the last 7 days; nil: it did not
	ChangedAt time.Time
}

// switchedOff reports whether signing was enforced in the last days, and no longer is.
func (c Credential) switchedOff() bool { return c.Was != nil && c.Was.Signing && !c.Signing }

// Attributes are what somebody may change of a credential in the Dashboard.
type Attributes struct {
	Status      string
	Scopes      []string
	IPAllowlist []string
	Signing     bool // requests must be signed
}

// shown is the credential as the report answers it. name is what the mount calls the client.
func (c Credential) shown(name string) map[string]any {
	return map[string]any{
		"client_id": c.ClientID, "known_as": name, "label": c.Label, "status": c.Status, "risk": RiskName(c.Scopes),
		"scopes": c.Scopes, "ip_allowlist": c.IPAllowlist, "enforce_request_signing": c.Signing,
		"public_keys": c.PublicKeys, "created_at": timestamp(c.CreatedAt), "changed_at": timestamp(c.ChangedAt),
	}
}

// timestamp is how times are answered (RFC 3339). A time that never was is left empty.
func timestamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
