package paxostest

import (
	"encoding/json"
	"net/http"
	"time"
)

// A profile holds assets of the customer (https://docs.paxos.com/api-reference/endpoints/profiles). The
// stand-in has one.
type profile struct {
	ID       string `json:"id"`
	Nickname string `json:"nickname"`
	Type     string `json:"type"`
}

// listProfiles answers ListProfiles with the one profile.
func (s *Server) listProfiles(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{
		"items":            []profile{{ID: s.profileID, Nickname: "Default", Type: "DEFAULT"}},
		"next_page_cursor": "",
	})
}

// A transfer has those fields of Paxos's transfers that tests need.
type transfer struct {
	ID                 string    `json:"id"`
	CustomerID         string    `json:"customer_id"`
	ProfileID          string    `json:"profile_id"`
	ReferenceID        string    `json:"ref_id"`
	Type               string    `json:"type"`
	Status             string    `json:"status"`
	Amount             string    `json:"amount,omitempty"`
	Asset              string    `json:"asset,omitempty"`
	CryptoNetwork      string    `json:"crypto_network,omitempty"`
	DestinationAddress string    `json:"destination_address,omitempty"`
	CreatedAt          time.Time `json:"created_at"`
}

// getTransfer answers GetTransfer for a transfer that was created here.
func (s *Server) getTransfer(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	s.mu.Lock()
	found, ok := s.transfers[id]
	s.mu.Unlock()
	if !ok {
		newProblem(http.StatusNotFound, "transfer not found: "+id).write(w)
		return
	}
	writeJSON(w, http.StatusOK, found)
}

// createCryptoWithdrawal answers CreateCryptoWithdrawal. It creates one transfer per ref_id and answers
// 409 to a ref_id that was used before.
func (s *Server) createCryptoWithdrawal(w http.ResponseWriter, r *http.Request) {
	var wanted transfer
	if err := json.NewDecoder(r.Body).Decode(&wanted); err != nil {
		newProblem(http.StatusBadRequest, "the body is not the JSON of a withdrawal").write(w)
		return
	}
	if wanted.ReferenceID == "" {
		newProblem(http.StatusBadRequest, "ref_id is required").write(w)
		return
	}
	wanted.ID, wanted.CustomerID = newUUID(), s.customerID
	wanted.Type, wanted.Status, wanted.CreatedAt = "CRYPTO_WITHDRAWAL", "PENDING", s.now().UTC()
	if wanted.ProfileID == "" {
		wanted.ProfileID = s.profileID
	}
	existing, kept := s.keepTransfer(wanted)
	if !kept {
		p := newProblem(http.StatusConflict, "ref_id already used: "+existing.ReferenceID)
		p.Type, p.Meta = problemBase+"already-exists", map[string]any{"existing": existing}
		p.write(w)
		return
	}
	writeJSON(w, http.StatusOK, wanted)
}

// keepTransfer stores the transfer. If its ref_id was used before, it returns the transfer that used it
// and false.
func (s *Server) keepTransfer(t transfer) (existing transfer, kept bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if existing, used := s.references[t.ReferenceID]; used {
		return existing, false
	}
	s.references[t.ReferenceID] = t
	s.transfers[t.ID] = t
	return transfer{}, true
}
