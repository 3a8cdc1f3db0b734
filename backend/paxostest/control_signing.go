package paxostest

import "net/http"

// controlRegister registers a public key on a credential and answers its Key ID.
func (s *Server) controlRegister(w http.ResponseWriter, r *http.Request) {
	var form struct {
		Nickname  string `json:"nickname"`
		PublicKey string `json:"public_key"`
	}
	if !decodeControl(w, r, &form) {
		return
	}
	added, err := s.RegisterPublicKey(r.PathValue("client_id"), form.Nickname, form.PublicKey)
	if err != nil {
		writeControlError(w, err)
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"id": added.ID, "algorithm": added.Algorithm})
}

// controlDeactivate retires a public key.
func (s *Server) controlDeactivate(w http.ResponseWriter, r *http.Request) {
	s.answerCredential(w, r, s.DeactivatePublicKey(r.PathValue("client_id"), r.PathValue("key_id")))
}

// controlRemove removes a public key.
func (s *Server) controlRemove(w http.ResponseWriter, r *http.Request) {
	s.answerCredential(w, r, s.RemovePublicKey(r.PathValue("client_id"), r.PathValue("key_id")))
}

// controlEnforcement answers which requests must be signed.
func (s *Server) controlEnforcement(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, s.Enforcement())
}

// controlEnforce changes which requests must be signed. Members that are left out demand nothing.
func (s *Server) controlEnforce(w http.ResponseWriter, r *http.Request) {
	var form Enforcement
	if !decodeControl(w, r, &form) {
		return
	}
	if err := s.EnforceSignatures(form); err != nil {
		writeControlError(w, err)
		return
	}
	writeJSON(w, http.StatusOK, s.Enforcement())
}

// controlExecuted answers what was executed.
func (s *Server) controlExecuted(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{"executed": append([]Execution{}, s.Executed()...)})
}
