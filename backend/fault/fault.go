package fault

import (
	"fmt"
	"net/http"
)

// A fault is the caller's or the operator's to mend: it is answered with its
// status, 400 where it has none, and never retried by Vault's clients.
type Fault struct {
	Status int
	Text   string
}

// Error is what the caller is told.
func (f *Fault) Error() string { return f.Text }

// New is a fault of any status.
func New(status int, format string, values ...any) error {
	return &Fault{status, fmt.Sprintf(format, values...)}
}

// BadRequest is a fault of status 400.
func BadRequest(format string, values ...any) error {
	return New(http.StatusBadRequest, format, values...)
}

// Forbidden is a fault of status 403.
func Forbidden(format string, values ...any) error {
	return New(http.StatusForbidden, format, values...)
}

// Invalid makes a fault of status 400 of what is wrong with the caller's input, nil of nil.
func Invalid(err error) error {
	if err == nil {
		return nil
	}
	return BadRequest("%s", err)
}
