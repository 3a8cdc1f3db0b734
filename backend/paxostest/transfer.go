package paxostest

import (
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

// newWithdrawal returns the transfer that CreateCryptoWithdrawal makes of an execution.
func (s *Server) newWithdrawal(e Execution) transfer {
	field := func(name string) string {
		text, _ := textAt(e.Body, name) // execute has refused a field of another type, if it matters
		return text
	}
	return transfer{
		ID:                 newUUID(),
		CustomerID:         s.customerID,
		ProfileID:          e.Source,
		ReferenceID:        e.ReferenceID,
		Type:               "CRYPTO_WITHDRAWAL",
		Status:             "PENDING",
		Amount:             e.Amount,
		Asset:              e.Asset,
		CryptoNetwork:      field("crypto_network"),
		DestinationAddress: field("destination_address"),
		CreatedAt:          e.At,
	}
}
