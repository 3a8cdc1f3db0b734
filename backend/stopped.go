package backend

import (
	"fmt"

	"github.com/hashicorp/vault/sdk/logical"
)

// A stopped error ended a request that had already changed something. The caller must learn what was
// changed, whatever stopped the rest.
type stopped struct {
	done  string // what was changed and what was not: sentences for the caller
	cause error
}

// stoppedAfter returns a stopped error. The format says what was changed and what was not.
func stoppedAfter(cause error, format string, values ...any) error {
	return &stopped{fmt.Sprintf(format, values...), cause}
}

// Error returns the text for the caller and the cause.
func (s *stopped) Error() string { return s.done + " Cause: " + s.cause.Error() }

// Unwrap returns the cause.
func (s *stopped) Unwrap() error { return s.cause }

// reply is the answer to the cause, with what was done before it.
func (s *stopped) reply() (*logical.Response, error) {
	resp, err := reply(s.cause)
	//nolint:errorlint // Vault takes the code of the outermost error only
	if coded, ok := err.(logical.HTTPCodedError); ok {
		return resp, logical.CodedError(coded.Code(), s.done+" "+coded.Error())
	}
	if resp != nil && resp.IsError() {
		resp.Data["error"] = s.done + " " + resp.Error().Error()
	}
	return resp, err
}
