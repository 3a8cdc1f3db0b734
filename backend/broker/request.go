package broker

import (
	"context"
	"fmt"
	"time"

	"vault-plugin-secrets-paxos/backend/limits"
	"vault-plugin-secrets-paxos/backend/paxos"
)

// A Request asks for a token for one reader.
type Request struct {
	Key
	RoleName string
	Scopes   []string // what Key.Scopes names, in the order Paxos is asked for them
	Own      bool     // a token of the reader's own, never shared
	Narrowed bool     // Scopes are some of the role's only
	Holder   Holder   // who reads, for a leased token
	Caller   string   // who reads: an entity, else a Vault token; empty where that is unknown
	Rejected string   // fingerprint of a token to which Paxos answered 401, as the reader says; empty for none

	MinimumLife time.Duration // least life left that the reader accepts; counts as at most half the token's life
	IdleTTL     time.Duration // how long a shared token is kept after its last lease ended
	RefreshAt   float64       // share of its life after which a token is refreshed

	// Authorize is called right before a token request and again right after it, but never on a hit.
	// It reads what is allowed at that moment and returns which client makes the request. It must
	// read storage, so that a process that is cut off from its Vault makes no call to Paxos.
	Authorize func(ctx context.Context) (Minter, error)
}

// kind is what a token request for the reader counts as.
func (r Request) kind() limits.Kind { return kindOf(r.Own, r.Narrowed) }

// A token of less than shortLife is refreshed at half of its life whatever the settings, and
// readers accept it until its last quarter.
const shortLife = 90 * time.Second

// minimumLife is the least life left that a reader of this request accepts, of a token with that
// life in all. It is never more than half, so that a token is served more than once, and of a short
// token a quarter, so that it is refreshed late enough.
func (r Request) minimumLife(life time.Duration) time.Duration {
	if life < shortLife {
		return min(r.MinimumLife, life/4)
	}
	return min(r.MinimumLife, life/2)
}

// A Minter is a client, the generation of its secret, and how often it may be used.
type Minter struct {
	Client     *paxos.Client
	Name       string // under which the client is stored; empty for the root
	Generation int
	Unended    func(error) // told why the token of a VerifySecret could not be ended; may be nil
	limits.Allowance
}

// refusalKey is what a refused client is remembered by. A new secret is a new generation, and so
// not refused.
func (m Minter) refusalKey() string { return fmt.Sprintf("%s\x00%d", m.Client.ID(), m.Generation) }
