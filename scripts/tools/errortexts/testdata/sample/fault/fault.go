// Package fault has the names of the functions that make texts.
package fault

import "fmt"

// New makes a text of any status.
func New(status int, format string, values ...any) error {
	return fmt.Errorf(format, values...)
}

// BadRequest makes a text of status 400.
func BadRequest(format string, values ...any) error {
	return New(400, format, values...)
}
