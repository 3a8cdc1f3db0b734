package backend

import (
	"errors"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/paxos"
)

// A trouble is a state that operators must learn of from the log, because they may have no event
// bus. begins and ends are the log lines.
type trouble struct{ begins, ends string }

// signals write one line at level WARN when a trouble begins and one when it ends. A state that
// changes more often than once a minute is logged once a minute, with the number of changes that
// were not logged.
type signals struct {
	logger hclog.Logger
	now    func() time.Time

	mu     sync.Mutex
	states map[signalKey]*signal
}

// A signalKey is a trouble and what it is about: a Client ID, a storage key or the name of a role.
// Callers cannot invent any of them, so they cannot fill the memory.
type signalKey struct {
	trouble
	whose string
}

// A signal is the state of one trouble, and what the log says of it.
type signal struct {
	bad      bool
	said     bool      // value of bad in the latest line
	at       time.Time // of the latest line
	seen     time.Time // when the state was last looked at
	held     int       // changes since the latest line, not logged yet
	describe []any     // names and values for the next line
}

// The troubles. Each is about a client or a role, except listFails, which is about the mount.
var (
	entryDamaged = trouble{"the stored entry of a client cannot be read: the client is not used",
		"the stored entry of a client can be read again"}
	requestsFail = trouble{"token requests of a client fail", "token requests of a client succeed again"}
	secretFails  = trouble{"Paxos rejects the credentials of a client",
		"Paxos accepts the credentials of a client again"}
	scopesFail = trouble{"Paxos refuses scopes of a role", "Paxos grants the scopes of a role again"}
	listFails  = trouble{"ignoring the list of credentials from Paxos, because it is malformed, incomplete or of another Entity",
		"the list of credentials from Paxos is usable again"}
)

// signalPause is the time that must pass between two lines about the same trouble of the same
// client or role.
const signalPause = time.Minute

// mostSignals bounds the signals that are remembered. A signal that nothing has reported for
// signalMemory is dropped, because its client or role may be gone.
const (
	mostSignals  = 10_000
	signalMemory = 24 * time.Hour
)

// see records the state of a trouble: bad while it lasts. describe are names and values that a log
// line adds.
func (s *signals) see(t trouble, whose string, bad bool, describe ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := signalKey{t, whose}
	one := s.states[key]
	if one == nil {
		if !bad || len(s.states) >= mostSignals {
			return // nothing was wrong before, or there is no room
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

// flush logs changes that were held back and drops signals that are over.
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

// rested reports whether signalPause has passed since the last line about the signal.
func (s *signals) rested(one *signal) bool {
	age := s.now().Sub(one.at)
	return one.at.IsZero() || age < 0 || age >= signalPause
}

// tell logs a change if the pause allows it. The caller holds mu.
func (s *signals) tell(key signalKey, one *signal) {
	if one.held == 0 || !s.rested(one) {
		return
	}
	held := one.held - 1
	if one.bad == one.said { // the state changed back to what the log says already
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

// signalMint records troubles by the outcome of a token request.
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
		return // the budget or storage failed, not Paxos
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
		// Paxos checks the secret before the scopes
		s.see(secretFails, refused.ClientID, false, "client_id", refused.ClientID)
		s.see(scopesFail, o.Role, true, "role", o.Role, "client", name, "client_id", refused.ClientID, "scopes",
			refused.Scopes)
	default:
		s.see(requestsFail, refused.ClientID, true, "client", name, "client_id", refused.ClientID, "error", refused)
	}
}
