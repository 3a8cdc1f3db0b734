package paxostest

import (
	"net/http"
	"time"
)

// A firstPartyClient is a credential as the API Credentials API shows it
// (https://docs.paxos.com/api-reference/endpoints/api-credentials).
type firstPartyClient struct {
	ID                    string            `json:"id"`
	CustomerID            string            `json:"customer_id"`
	ClientID              string            `json:"client_id"`
	Nickname              string            `json:"nickname"`
	Status                string            `json:"status"`
	ClientScopes          []string          `json:"client_scopes"`
	IPAllowlist           []string          `json:"ip_allowlist"`
	EnforceRequestSigning bool              `json:"enforce_request_signing"`
	ClientPublicKeys      []clientPublicKey `json:"client_public_keys"`
	CreatedAt             time.Time         `json:"created_at"`
	UpdatedAt             time.Time         `json:"updated_at"`
	CreatedBy             string            `json:"created_by"`
}

// A clientPublicKey is a public key of a credential as the API Credentials API shows it.
type clientPublicKey struct {
	ID        string `json:"id"`
	ClientID  string `json:"client_id"`
	Algorithm string `json:"algorithm"`
	PublicKey string `json:"public_key"`
	Active    bool   `json:"active"`
	Nickname  string `json:"nickname"`
}

// newClientPublicKeys returns the public keys of a credential as the API shows them, also the inactive
// ones.
func newClientPublicKeys(c Credential) []clientPublicKey {
	shown := make([]clientPublicKey, 0, len(c.PublicKeys))
	for _, k := range c.PublicKeys {
		shown = append(shown, clientPublicKey{ID: k.ID, ClientID: c.ClientID, Algorithm: k.Algorithm,
			PublicKey: k.PEM, Active: k.Active, Nickname: k.Nickname})
	}
	return shown
}

// newFirstPartyClient returns a credential as the API shows it. A Credential holds no secret.
func newFirstPartyClient(c Credential) firstPartyClient {
	return firstPartyClient{
		ID:                    c.ID,
		CustomerID:            c.CustomerID,
		ClientID:              c.ClientID,
		Nickname:              c.Nickname,
		Status:                c.Status,
		ClientScopes:          append([]string{}, c.Scopes...),
		IPAllowlist:           append([]string{}, c.IPAllowlist...),
		EnforceRequestSigning: c.EnforceRequestSigning,
		ClientPublicKeys:      newClientPublicKeys(c),
		CreatedAt:             c.CreatedAt,
		UpdatedAt:             c.UpdatedAt,
		CreatedBy:             "sandbox",
	}
}

// listCredentials answers ListApiCredentials.
func (s *Server) listCredentials(w http.ResponseWriter, r *http.Request) {
	query, err := parseListQuery(r.URL.Query())
	if err != nil {
		newProblem(http.StatusBadRequest, err.Error()).write(w)
		return
	}
	page, next, err := query.page(s.Credentials())
	if err != nil {
		newProblem(http.StatusBadRequest, err.Error()).write(w)
		return
	}
	items := make([]firstPartyClient, 0, len(page))
	for _, c := range page {
		items = append(items, newFirstPartyClient(c))
	}
	writeJSON(w, http.StatusOK, map[string]any{"items": items, "next_page_cursor": next})
}

// deleteCredentials answers DeleteApiCredentials. A client may also delete its own credential.
func (s *Server) deleteCredentials(w http.ResponseWriter, r *http.Request) {
	clientID := r.PathValue("client_id")
	deleted, ok := s.disableApproved(clientID)
	if !ok {
		newProblem(http.StatusNotFound, "api credentials not found: "+clientID).write(w)
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"credentials": newFirstPartyClient(deleted)})
}

// disableApproved deletes an approved credential and returns it. It does so in one step under the lock,
// so that only one of two deletions at the same time finds it.
func (s *Server) disableApproved(clientID string) (Credential, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.byClientID[clientID]
	if c == nil || c.Status != statusApproved {
		return Credential{}, false
	}
	s.endTokensLocked(clientID)
	c.Status, c.UpdatedAt = statusDisabled, s.now().UTC()
	return c.clone(), true
}
