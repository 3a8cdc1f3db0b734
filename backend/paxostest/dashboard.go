package paxostest

import "fmt"

// CreateCredential creates a credential as Admin > API Management in the Dashboard does. It returns
// the credential and its secret, which cannot be read again. It sets the ids, the status and the
// times, leaves out public keys, and keeps a ClientID that the caller sets. The error reports a
// value that the Dashboard would not accept, or a ClientID that another credential has.
func (s *Server) CreateCredential(c Credential) (Credential, string, error) {
	secret := newSecret()
	now := s.now().UTC()
	c = c.clone()
	c.ID, c.CustomerID, c.Status = newUUID(), s.customerID, statusApproved
	c.CreatedAt, c.UpdatedAt, c.PublicKeys = now, now, nil
	if c.ClientID == "" {
		c.ClientID = newUUID()
	}
	if c.AuthMethod == "" {
		c.AuthMethod = authPost
	}
	if err := c.validate(); err != nil {
		return Credential{}, "", err
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byClientID[c.ClientID] != nil {
		return Credential{}, "", fmt.Errorf("%w: %s", errDuplicateCredential, c.ClientID)
	}
	created := &credential{Credential: c, secretHash: hashSecret([]byte(secret))}
	s.credentials = append(s.credentials, created)
	s.byClientID[c.ClientID] = created
	return c.clone(), secret, nil
}

// RotateCredential replaces the secret of a client and returns the new one. The old secret stops
// working at once, and live tokens stay valid. The error reports a Client ID that does not exist.
func (s *Server) RotateCredential(clientID string) (secret string, err error) {
	secret = newSecret()
	return secret, s.SetSecret(clientID, secret)
}

// SetSecret is like RotateCredential, with a secret that the caller chooses. The real Dashboard cannot
// do this. It is for people who want a sandbox with a client that is always the same.
func (s *Server) SetSecret(clientID, secret string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.byClientID[clientID]
	if c == nil {
		return fmt.Errorf("%w: %s", errUnknownCredential, clientID)
	}
	c.secretHash = hashSecret([]byte(secret))
	c.UpdatedAt = s.now().UTC()
	return nil
}

// EditCredential changes a credential with edit. Live tokens keep the scopes they were issued with,
// but setting the status to DISABLED ends them. Changes to the ids, to CreatedAt and to PublicKeys
// are ignored. The error reports a Client ID that does not exist, or a value that the Dashboard
// would not accept; the credential is then unchanged. Edit runs under the lock of the server and
// must not call the server.
func (s *Server) EditCredential(clientID string, edit func(*Credential)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.byClientID[clientID]
	if c == nil {
		return fmt.Errorf("%w: %s", errUnknownCredential, clientID)
	}
	edited := c.clone()
	edit(&edited)
	edited.ID, edited.CustomerID, edited.ClientID, edited.CreatedAt = c.ID, c.CustomerID, c.ClientID, c.CreatedAt
	edited.PublicKeys = c.PublicKeys
	if err := edited.validate(); err != nil {
		return err
	}
	edited.UpdatedAt = s.now().UTC()
	if edited.Status == statusDisabled {
		s.endTokensLocked(clientID)
	}
	c.Credential = edited.clone()
	return nil
}

// DisableCredential sets the status to DISABLED: the client can no longer authenticate, and its live
// tokens end.
func (s *Server) DisableCredential(clientID string) error {
	return s.EditCredential(clientID, func(c *Credential) { c.Status = statusDisabled })
}

// DeleteCredential does what DeleteApiCredentials of the API does: it disables the credential, which
// stays in lists.
func (s *Server) DeleteCredential(clientID string) error {
	return s.DisableCredential(clientID)
}

// Credentials returns every credential in order of creation, including the disabled ones.
func (s *Server) Credentials() []Credential {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Credential, 0, len(s.credentials))
	for _, c := range s.credentials {
		all = append(all, c.clone())
	}
	return all
}

// credential returns one credential, and reports whether it exists.
func (s *Server) credential(clientID string) (Credential, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.byClientID[clientID]
	if c == nil {
		return Credential{}, false
	}
	return c.clone(), true
}
