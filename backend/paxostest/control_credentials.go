package paxostest

import (
	"errors"
	"net/http"
)

// A credentialForm is the body of a request to create or edit a credential. Members that are left out
// change nothing.
type credentialForm struct {
	ClientID              string    `json:"client_id"` // on creation only
	Nickname              *string   `json:"nickname"`
	Status                *string   `json:"status"` // on editing only
	Scopes                *[]string `json:"scopes"`
	IPAllowlist           *[]string `json:"ip_allowlist"`
	EnforceRequestSigning *bool     `json:"enforce_request_signing"`
	AuthMethod            *string   `json:"auth_method"`
}

// apply sets the fields of the credential that the form names.
func (f credentialForm) apply(c *Credential) {
	set(&c.Nickname, f.Nickname)
	set(&c.Status, f.Status)
	set(&c.Scopes, f.Scopes)
	set(&c.IPAllowlist, f.IPAllowlist)
	set(&c.EnforceRequestSigning, f.EnforceRequestSigning)
	set(&c.AuthMethod, f.AuthMethod)
}

// set assigns the value unless it is nil.
func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

// controlCredentials answers every credential, including the disabled ones.
func (s *Server) controlCredentials(w http.ResponseWriter, _ *http.Request) {
	views := []firstPartyClient{}
	for _, c := range s.Credentials() {
		views = append(views, newFirstPartyClient(c))
	}
	writeJSON(w, http.StatusOK, map[string]any{"credentials": views})
}

// controlCreate creates a credential and answers its id and its secret, which cannot be read again.
func (s *Server) controlCreate(w http.ResponseWriter, r *http.Request) {
	var form credentialForm
	if !decodeControl(w, r, &form) {
		return
	}
	wanted := Credential{ClientID: form.ClientID}
	form.apply(&wanted)
	created, secret, err := s.CreateCredential(wanted)
	if err != nil {
		writeControlError(w, err)
		return
	}
	writeJSON(w, http.StatusOK,
		map[string]any{"client_id": created.ClientID, "client_secret": secret, "id": created.ID})
}

// controlEdit changes the fields that the form names.
func (s *Server) controlEdit(w http.ResponseWriter, r *http.Request) {
	var form credentialForm
	if !decodeControl(w, r, &form) {
		return
	}
	if form.ClientID != "" {
		newProblem(http.StatusBadRequest, "a Client ID cannot be changed").write(w)
		return
	}
	s.answerCredential(w, r, s.EditCredential(r.PathValue("client_id"), form.apply))
}

// controlDelete disables the credential.
func (s *Server) controlDelete(w http.ResponseWriter, r *http.Request) {
	s.answerCredential(w, r, s.DeleteCredential(r.PathValue("client_id")))
}

// controlRotate replaces the secret of a credential and answers the new one.
func (s *Server) controlRotate(w http.ResponseWriter, r *http.Request) {
	clientID := r.PathValue("client_id")
	secret, err := s.RotateCredential(clientID)
	if err != nil {
		writeControlError(w, err)
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"client_id": clientID, "client_secret": secret})
}

// answerCredential answers the credential that the path names after a change, or the error of the
// change.
func (s *Server) answerCredential(w http.ResponseWriter, r *http.Request, err error) {
	if err != nil {
		writeControlError(w, err)
		return
	}
	// it exists, because the change found it and no credential is ever removed
	c, _ := s.credential(r.PathValue("client_id"))
	writeJSON(w, http.StatusOK, newFirstPartyClient(c))
}

// writeControlError answers an error of the dashboard.
func writeControlError(w http.ResponseWriter, err error) {
	status := http.StatusBadRequest
	switch {
	case errors.Is(err, errUnknownCredential), errors.Is(err, errUnknownKey):
		status = http.StatusNotFound
	case errors.Is(err, errDuplicateCredential), errors.Is(err, errDuplicateKey):
		status = http.StatusConflict
	}
	newProblem(status, err.Error()).write(w)
}
