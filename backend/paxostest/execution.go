package paxostest

import (
	"net/http"
	"slices"
	"time"

	"vault-plugin-secrets-paxos/backend/catalog"
)

// An Execution is a request that changes something and that the server has executed, as it understood
// the request. Operations of the API Credentials API are left out, because their effect can be seen.
type Execution struct {
	Operation string    `json:"operation"` // its id in the catalogue
	Method    string    `json:"method"`
	Path      string    `json:"path"` // with /v2 and the query, as it was sent
	At        time.Time `json:"at"`
	ClientID  string    `json:"client_id"`
	KeyID     string    `json:"key_id"` // of the signature that was verified; empty if none was demanded

	// The money that moves; empty where the operation has no such field or the request leaves it out.
	// A destination is crypto:NETWORK:ADDRESS, address:ID, fiat:ID or profile:ID.
	Source       string `json:"source"`
	Destination  string `json:"destination"`
	Memo         string `json:"memo"`
	Asset        string `json:"asset"`         // with commas in between where several assets are delivered
	BalanceAsset string `json:"balance_asset"` // debited in place of Asset
	Amount       string `json:"amount"`        // as the request writes it, or the sum of what is delivered
	ReferenceID  string `json:"ref_id"`

	EndUsers []string       `json:"end_users"` // such as identity_id=ID
	Body     map[string]any `json:"body"`      // names in snake_case, nothing that is null; must not be changed
}

// Executed returns what was executed, in that order.
func (s *Server) Executed() []Execution {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.executed)
}

// execute answers an operation that changes something. It refuses a body that it cannot understand, and
// a ref_id that was used before.
func (s *Server) execute(w http.ResponseWriter, r *http.Request, o catalog.Operation, who caller) {
	wanted, err := s.understand(r, o)
	if err != nil {
		newProblem(http.StatusBadRequest, err.Error()).write(w)
		return
	}
	if o.ID == "CreateCryptoWithdrawal" && wanted.ReferenceID == "" {
		newProblem(http.StatusBadRequest, "ref_id is required").write(w)
		return
	}
	wanted.ClientID, wanted.KeyID = who.clientID, who.keyID
	created, kept := s.keep(wanted)
	if !kept {
		p := newProblem(http.StatusConflict, "ref_id already used: "+wanted.ReferenceID)
		p.Type, p.Meta = problemBase+"already-exists", map[string]any{"existing": created}
		p.write(w)
		return
	}
	writeJSON(w, http.StatusOK, created)
}

// understand returns what a request would execute. Operations that move no money take any body.
func (s *Server) understand(r *http.Request, o catalog.Operation) (Execution, error) {
	wanted := Execution{Operation: o.ID, Method: r.Method, Path: r.URL.RequestURI(), At: s.now().UTC(),
		EndUsers: []string{}}
	moves, moving := movements[o.ID]
	var err error
	wanted.Body, err = decodeBody(bodyOf(r))
	if !moving {
		wanted.ReferenceID, _ = textAt(wanted.Body, "ref_id")
		return wanted, nil
	}
	if err != nil {
		return Execution{}, err
	}
	if wanted.ReferenceID, err = textAt(wanted.Body, "ref_id"); err != nil {
		return Execution{}, err
	}
	if err := moves.resolve(&wanted, r); err != nil {
		return Execution{}, err
	}
	if wanted.Source == "" && moves.source != "" {
		wanted.Source = s.profileID
	}
	if wanted.Destination == "" && moves.toItself {
		wanted.Destination = "profile:" + wanted.Source
	}
	return wanted, nil
}

// keep stores the execution and returns what it created, as the API answers it. If its ref_id was used
// before, whatever for, it returns what was created then, and false.
func (s *Server) keep(e Execution) (created any, kept bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if existing, used := s.references[e.ReferenceID]; used {
		return existing, false
	}
	created = struct{}{}
	if e.Operation == "CreateCryptoWithdrawal" {
		withdrawal := s.newWithdrawal(e)
		s.transfers[withdrawal.ID] = withdrawal
		created = withdrawal
	} else if e.ReferenceID != "" {
		created = map[string]string{"id": newUUID(), "ref_id": e.ReferenceID}
	}
	if e.ReferenceID != "" {
		s.references[e.ReferenceID] = created
	}
	s.executed = append(s.executed, e)
	return created, true
}
