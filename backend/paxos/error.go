package paxos

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// An Error is a call to Paxos that did not do what was asked. It holds nothing
// that Paxos wrote but the status, an error code out of a fixed list and the
// time to come back, so that it can be shown, logged and stored.
type Error struct {
	Doing      string        // "minting an access token"
	Status     int           // HTTP status; 0 when no usable answer came
	Code       string        // RFC 6749, section 5.2, if it was one of those known
	Reason     string        // our own words, where the status does not say it all
	RetryAfter time.Duration // from the Retry-After header, unclamped; 0 if absent
	Malformed  bool          // Paxos answered 200, and the reply is not what the documentation says: it proves nothing
}

// Error says what was being done and how it ended.
func (e *Error) Error() string {
	text := e.Doing + ": "
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
	return text
}

// Temporary reports whether the same call may succeed later with nothing changed:
// no answer, a throttle, or a server in trouble.
func (e *Error) Temporary() bool {
	return e.Status == 0 || e.Status == http.StatusTooManyRequests || e.Status >= http.StatusInternalServerError
}

// Throttled reports whether Paxos said that this address calls too often.
func (e *Error) Throttled() bool { return e.Status == http.StatusTooManyRequests }

// codes are the error codes that may be repeated to a caller: RFC 6749, sections
// 4.1.2.1 and 5.2, and RFC 7009, section 2.2.1. Anything else is the other side's
// free text.
var codes = []string{
	"access_denied", "invalid_client", "invalid_grant", "invalid_request", "invalid_scope", "server_error",
	"temporarily_unavailable", "unauthorized_client", "unsupported_grant_type", "unsupported_token_type",
}

// knownCode returns code if it may be repeated, else nothing.
func knownCode(code string) string {
	if slices.Contains(codes, code) {
		return code
	}
	return ""
}

// refusal is the Error for an answer with a status that is not a success.
func refusal(doing string, resp *http.Response, code string, now time.Time) *Error {
	e := &Error{Doing: doing, Status: resp.StatusCode, Code: knownCode(code)}
	if resp.StatusCode >= 300 && resp.StatusCode < 400 {
		e.Reason = "a redirect, which is never followed; check the configured URL"
	}
	e.RetryAfter = retryAfter(resp.Header.Get("Retry-After"), now)
	return e
}

// retryAfter reads a Retry-After header (RFC 9110, section 10.2.3): seconds or a
// date. What cannot be read, or lies in the past, is 0.
func retryAfter(header string, now time.Time) time.Duration {
	const ceiling = 365 * 24 * time.Hour // far above what any caller honours; keeps the product in range
	if seconds, err := strconv.Atoi(header); err == nil {
		return min(max(0, time.Duration(min(seconds, int(ceiling/time.Second)))*time.Second), ceiling)
	}
	if at, err := http.ParseTime(header); err == nil {
		return min(max(0, at.Sub(now)), ceiling)
	}
	return 0
}
