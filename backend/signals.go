package backend

import (
	"errors"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/paxos"
)

// A trouble is a state that operators without an event bus must learn of from the log.
// begins and ends are the lines.
type trouble struct{ begins, ends string }

// The troubles, of a client or of a role.
var (
	entryDamaged = trouble{"the stored entry of a client cannot be read, so that it is used for nothing",
		"the stored entry of a client can be read again"}
	requestsFail = trouble{"token requests of a client begin to fail", "token requests of a client succeed again"}
	secretFails  = trouble{"Paxos rejects the credentials of a client",
		"Paxos accepts the credentials of a client again"}
	scopesFail = trouble{"Paxos refuses scopes of a role", "Paxos grants the scopes of a role again"}
	listFails  = trouble{"the list of credentials from Paxos cannot be believed: it changes nothing",
		"the list of credentials from Paxos can be believed again"}
)

// signalPause is how long a line about the same trouble of the same client must lie back.
const signalPause = time.Minute

// signals write one line at WARN when a trouble begins and one when it ends. A state
// that changes more often than once a minute is logged once a minute, with the count of
// the changes that were held back.
type signals struct {
	logger hclog.Logger
	now    func() time.Time

	mu     sync.Mutex
	states map[signalKey]*signal
}

// A signalKey is a trouble and whose it is: a Client ID, or the name of a role. Callers
// cannot make up either.
type signalKey struct {
	trouble
	whose string
}

// A signal is a state, and what was last said of it.
type signal struct {
	bad      bool
	said     bool      // what the latest line said of bad
	at       time.Time // of the latest line
	seen     time.Time // when the state was last looked at
	held     int       // changes since then that no line tells of
	describe []any     // what a line adds
}

// mostSignals bounds what is remembered, and signalMemory for how long a trouble is that
// nobody meets any more: its client or role may be gone.
const (
	mostSignals  = 10_000
	signalMemory = 24 * time.Hour
)

// see takes note of a state. describe are names and values for the line.
func (s *signals) see(t trouble, whose string, bad bool, describe ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := signalKey{t, whose}
	one := s.states[key]
	if one == nil {
		if !bad || len(s.states) >= mostSignals {
			return // no news
		}
		if s.states == nil {
			s.states = map[signalKey]*signal{}
		}
		one = &signal{}
		s.states[key] = one
	}
	one.seen = s.now()
	if one.bad != bad {
		one.held++
		one.bad = bad
		one.describe = describe
	}
	s.tell(key, one)
}

// flush says what was held back, and forgets what is over.
func (s *signals) flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, one := range s.states {
		s.tell(key, one)
		over := !one.bad && !one.said && one.held == 0 && s.rested(one)
		if age := s.now().Sub(one.seen); over || age >= signalMemory || age < 0 {
			delete(s.states, key)
		}
	}
}

// rested reports whether a line may be written about the signal.
func (s *signals) rested(one *signal) bool {
	age := s.now().Sub(one.at)
	return one.at.IsZero() || age < 0 || age >= signalPause
}

// tell writes a line if there is news and the last one lies back long enough. mu is held.
func (s *signals) tell(key signalKey, one *signal) {
	if one.held == 0 || !s.rested(one) {
		return
	}
	held := one.held - 1
	if one.bad == one.said { // it went back and forth, and is what it was
		held = one.held
	}
	text := key.ends
	if one.bad {
		text = key.begins
	}
	details := one.describe
	if held > 0 {
		details = append(details[:len(details):len(details)], "changes_held_back", held)
	}
	s.logger.Warn(text, details...)
	one.said, one.held, one.at = one.bad, 0, s.now()
}

// signalMint tells of troubles by the outcome of a token request for a reader.
func (s *signals) signalMint(o broker.Observation) {
	if o.What == broker.Minted {
		id := o.Row.ClientID
		s.see(requestsFail, id, false, "client_id", id)
		s.see(secretFails, id, false, "client_id", id)
		s.see(scopesFail, o.Role, false, "role", o.Role, "client_id", id)
		return
	}
	var refused *paxos.Error
	if o.What != broker.MintFailed || !errors.As(o.Err, &refused) {
		return // our own budget, or storage: not Paxos's answer
	}
	name := refused.Client
	if name == "" {
		name = rootName
	}
	switch refused.Code {
	case "invalid_client":
		s.see(secretFails, refused.ClientID, true, "client", name, "client_id", refused.ClientID, "auth_style",
			string(refused.AuthStyle))
	case "invalid_scope":
		s.see(secretFails, refused.ClientID, false, "client_id", refused.ClientID) // Paxos looks at the secret first
		s.see(scopesFail, o.Role, true, "role", o.Role, "client", name, "client_id", refused.ClientID, "scopes",
			refused.Scopes)
	default:
		s.see(requestsFail, refused.ClientID, true, "client", name, "client_id", refused.ClientID, "error", refused)
	}
}
