package report

import "time"

// A Key signs requests with the tokens of one client.
type Key struct {
	Name     string
	Client   string // the Client.Name whose requests it signs
	ClientID string // the present Client ID of that client; empty if the client is not stored
	KeyID    string // of the version that signs for ClientID; empty if none has one
	Latest   int    // the number of the newest version
	// Waiting is when the newest version was made, if it waits for its Key ID. Else it is zero.
	Waiting time.Time
	// Registered are the Key IDs of all versions, by Client ID.
	Registered map[string][]string
}

// A Signer says what an application may have signed.
type Signer struct {
	Name string
	// Identity tells the signer from one that was deleted and made again under its name.
	Identity                                    string
	Key                                         string // the Key.Name that signs; the key may not exist
	Operations, Sources, Destinations, EndUsers []string
	Limits, DailyLimits                         map[string]string // amounts by asset
	UnlimitedOperations, ExtraFields            []string
	Disabled                                    bool
	Metadata                                    map[string]string
	CreatedAt                                   time.Time
	DailyUsage                                  map[string]any // as answers show it, by asset

	Dangers []string // options in force that weaken something, each as "option: why"
}

// An Enforcement says whether Paxos refuses the unsigned requests of a client.
type Enforcement struct {
	State string    // Enforced, NotEnforced or EnforcementUnknown; empty: nobody has looked
	At    time.Time // when that was seen
	// Evidence is what says so: ByRequest or ByList; empty where it is not known.
	Evidence string
}

// The evidence of an enforcement.
const (
	ByRequest = "request" // an unsigned request that was tried
	ByList    = "list"    // what Paxos's list of credentials says
)

// The states of an enforcement.
const (
	Enforced           = "enforced"
	NotEnforced        = "not_enforced"
	EnforcementUnknown = "unknown"
)
