package paxostest

import "fmt"

// CreateCredential makes a credential as Admin > API Management does, and returns it with its
// secret, which nothing tells again. It fills the ids, the status and the times; a ClientID that
// the caller sets is kept.
func (s *Server) CreateCredential(c Credential) (Credential, string, error) {
	secret := newSecret()
	now := s.now().UTC()
	c = c.clone()
	c.ID, c.CustomerID, c.Status = newUUID(), s.customerID, statusApproved
	c.CreatedAt, c.UpdatedAt = now, now
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

// RotateCredential gives the client a new secret under the same Client ID. The old secret stops at
// once; live tokens go on.
func (s *Server) RotateCredential(clientID string) (secret string, err error) {
	secret = newSecret()
	return secret, s.SetSecret(clientID, secret)
}

// SetSecret is RotateCredential with a secret of the caller's choice. The real Dashboard has no
// such thing; it is here for people who want the sandbox to know a fixed client.
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

// EditCredential lets edit change the credential. Live tokens keep the scopes they were minted
// with, but setting the status to DISABLED ends them. The ids cannot be changed. Edit runs under
// the server's lock and must not call the server.
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
	if err := edited.validate(); err != nil {
		return err
	}
	edited.UpdatedAt = s.now().UTC()
	if edited.Status == statusDisabled {
		s.killTokensLocked(clientID)
	}
	c.Credential = edited.clone()
	return nil
}

// DisableCredential sets the status to DISABLED: the client can no longer authenticate, and its
// live tokens die.
func (s *Server) DisableCredential(clientID string) error {
	return s.EditCredential(clientID, func(c *Credential) { c.Status = statusDisabled })
}

// DeleteCredential does what the DELETE of the API Credentials API does: a disabling that can still
// be listed.
func (s *Server) DeleteCredential(clientID string) error {
	return s.DisableCredential(clientID)
}

// Credentials lists every credential in order of creation, the disabled ones too.
func (s *Server) Credentials() []Credential {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Credential, 0, len(s.credentials))
	for _, c := range s.credentials {
		all = append(all, c.clone())
	}
	return all
}

// credential returns one credential, and whether it exists.
func (s *Server) credential(clientID string) (Credential, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.byClientID[clientID]
	if c == nil {
		return Credential{}, false
	}
	return c.clone(), true
}
