package paxos

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// An Error is a call to Paxos that failed. It can be shown, logged and stored, because it holds no free
// text of Paxos's: only the status, an error code from a fixed list, scopes that were asked for and
// that Paxos names, and the time after which to retry.
type Error struct {
	Doing      string        // what the call was for, such as "requesting an access token"
	Host       string        // the host that was called, as it is configured
	Status     int           // the HTTP status; 0 if there was no usable reply
	Code       string        // the error code of RFC 6749, section 5.2; empty if it is not a known one
	Reason     string        // this package's own words, if the status does not say enough
	RetryAfter time.Duration // from the Retry-After header, at most a year; 0 if there is none
	// Malformed says that the reply ended early, or that a reply of the API with status 200 does
	// not have the documented form. Nothing can be concluded from it.
	Malformed bool

	Unreachable bool          // the connection could not be made or failed; Reason says why
	Waited      time.Duration // the request_timeout, if it passed without a reply; else 0

	Signature SignatureProblem // what the refusal of a call to the API may have to do with its signature

	// ClientID is the client that made the call, or that its access token was issued to. Client is set
	// by the caller: the name under which it knows the client. AuthStyle and Scopes are set for calls to
	// the OAuth2 endpoints, where a client authenticates.
	ClientID  string
	Client    string
	AuthStyle AuthStyle
	Scopes    []string // those of the requested scopes that Paxos names in its refusal
}

// Error says what the call was for, which client made it, which host was called, and what happened.
func (e *Error) Error() string {
	text := e.Doing
	if e.ClientID != "" {
		text += " as client " + e.ClientID
	}
	if e.Host != "" {
		text += " at " + e.Host
	}
	text += ": "
	switch {
	case e.Status == 0:
		text += e.Reason
	case e.Code != "":
		text += fmt.Sprintf("Paxos answered %s (HTTP %d)", e.Code, e.Status)
	default:
		text += fmt.Sprintf("Paxos answered HTTP %d", e.Status)
	}
	if e.Status != 0 && e.Reason != "" {
		text += ": " + e.Reason
	}
	if len(e.Scopes) > 0 {
		text += ": " + strings.Join(e.Scopes, ", ")
	}
	return text
}

// Temporary reports whether the same call may succeed later although nothing was changed: there was no
// usable reply, the rate limit was exceeded, or the server failed.
func (e *Error) Temporary() bool {
	return e.Status == 0 || e.Status == http.StatusTooManyRequests || e.Status >= http.StatusInternalServerError
}

// Throttled reports whether Paxos refused the call because this IP address exceeded the rate limit.
func (e *Error) Throttled() bool { return e.Status == http.StatusTooManyRequests }

// IsInvalidClient reports whether an error says invalid_client (RFC 6749, section 5.2): Paxos does
// not know the client or its secret, or does not accept this style of authentication.
func IsInvalidClient(err error) bool {
	var answer *Error
	return errors.As(err, &answer) && answer.Code == "invalid_client"
}

// malformed returns the Error for a reply with status 200 that does not have the documented form.
func malformed(doing, host string) *Error {
	return &Error{Doing: doing, Host: host, Reason: errMalformedReply.Error(), Malformed: true}
}

// IsInvalidScope reports whether the authorization server refused a token request because the client
// does not hold every scope of it (RFC 6749, section 5.2: invalid_scope). Error.Scopes has the scopes
// that it named.
func IsInvalidScope(err error) bool {
	var refused *Error
	return errors.As(err, &refused) && refused.Code == "invalid_scope"
}
