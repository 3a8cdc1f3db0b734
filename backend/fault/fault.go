package fault

import (
	"fmt"
	"net/http"
)

// A Fault is an error that the caller or an operator must mend.
type Fault struct {
	Status int    // of HTTP
	Text   string // for the caller
}

// Error returns the text.
func (f *Fault) Error() string { return f.Text }

// New returns a Fault of any status.
func New(status int, format string, values ...any) error {
	return &Fault{status, fmt.Sprintf(format, values...)}
}

// BadRequest returns a Fault of status 400.
func BadRequest(format string, values ...any) error {
	return New(http.StatusBadRequest, format, values...)
}

// Forbidden returns a Fault of status 403.
func Forbidden(format string, values ...any) error {
	return New(http.StatusForbidden, format, values...)
}

// Invalid returns a Fault of status 400 with the text of err, which says what is wrong with the
// caller's input. It returns nil if err is nil.
func Invalid(err error) error {
	if err == nil {
		return nil
	}
	return BadRequest("%s", err)
}
