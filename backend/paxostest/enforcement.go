package paxostest

import (
	"fmt"
	"net/http"
	"slices"

	"vault-plugin-secrets-paxos/backend/catalog"
)

// An Enforcement says which requests must have a signature. It is not known for which ones Paxos
// demands one: its guide, its other pages and its customers name different ones. The zero value demands
// none. A signature that is not demanded is not looked at.
type Enforcement struct {
	// Credentials demands a signature of every operation that needs a token, from credentials that have
	// EnforceRequestSigning.
	Credentials bool `json:"credentials"`
	// Operations demands a signature of these operations, from every credential. They are ids of the
	// catalogue, such as CreateCryptoWithdrawal.
	Operations []string `json:"operations"`
	// Status is the HTTP status of a refusal: 401 (the default) or 403. Paxos's is not known.
	Status int `json:"status"`
}

// withDefaults returns the enforcement with the defaults in place of zero values.
func (e Enforcement) withDefaults() Enforcement {
	e.Operations = append([]string{}, e.Operations...)
	if e.Status == 0 {
		e.Status = http.StatusUnauthorized
	}
	return e
}

// validate returns an error that names the field which is wrong.
func (e Enforcement) validate() error {
	for _, id := range e.Operations {
		if o, ok := catalog.LookupOperation(id); !ok || o.Access == catalog.Public {
			return fmt.Errorf("operations: %q is no operation that needs a token", id)
		}
	}
	if e.Status != http.StatusUnauthorized && e.Status != http.StatusForbidden {
		return fmt.Errorf("status %d is neither 401 nor 403", e.Status)
	}
	return nil
}

// demands reports whether a request of the credential for the operation must be signed.
func (e Enforcement) demands(c Credential, o catalog.Operation) bool {
	return e.Credentials && c.EnforceRequestSigning || slices.Contains(e.Operations, o.ID)
}

// EnforceSignatures changes which requests must be signed, from the next request on. The error reports
// an operation that does not exist or needs no token, or a status other than 401 and 403; nothing has
// changed then.
func (s *Server) EnforceSignatures(e Enforcement) error {
	e = e.withDefaults()
	if err := e.validate(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.enforcement = e
	return nil
}

// Enforcement returns which requests must be signed now.
func (s *Server) Enforcement() Enforcement {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.enforcement.withDefaults()
}
