package clients

import (
	"context"
	"time"
)

// An answer is what Vault answers to a read or a write.
type answer struct {
	Data          map[string]any `json:"data"`
	Warnings      []string       `json:"warnings"`
	LeaseID       string         `json:"lease_id"`
	LeaseDuration int            `json:"lease_duration"` // seconds
	Renewable     bool           `json:"renewable"`
}

// text returns a field of the answer; empty if it is not there or not text.
func (a answer) text(field string) string {
	text, _ := a.Data[field].(string)
	return text
}

// A client is a library of Vault, as an application uses it. Errors are as the library returns them.
type client interface {
	// Login logs in with AppRole. All later requests use the token of this login.
	Login(ctx context.Context, roleID, secretID string) error
	Read(ctx context.Context, path string) (answer, error)
	Write(ctx context.Context, path string, data map[string]any) (answer, error)
	// Renew renews a lease, and returns how long it lasts now.
	Renew(ctx context.Context, lease string, increment time.Duration) (time.Duration, error)
	Revoke(ctx context.Context, lease string) error
	// Logout revokes the token of the login.
	Logout(ctx context.Context) error
}
