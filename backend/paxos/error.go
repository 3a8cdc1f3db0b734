package paxos

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// An Error is a call to Paxos that did not do what was asked. It holds nothing
// that Paxos wrote but the status, an error code out of a fixed list, those of the
// scopes asked for that it names, and the time to come back, so that it can be shown,
// logged and stored.
type Error struct {
	Doing      string        // "requesting an access token"
	Host       string        // that was called, as it is configured
	Status     int           // HTTP status; 0 when no usable answer came
	Code       string        // RFC 6749, section 5.2, if it was one of those known
	Reason     string        // our own words, where the status does not say it all
	RetryAfter time.Duration // from the Retry-After header, unclamped; 0 if absent
	Malformed  bool          // Paxos answered 200, and the reply is not what the documentation says: it proves nothing

	Unreachable bool          // no connection came about; Reason says why
	Waited      time.Duration // the request_timeout that passed without an answer; 0 if it did not

	// Of a call that a client authenticates by itself. The caller may add Client, what
	// it calls that client.
	ClientID  string
	Client    string
	AuthStyle AuthStyle
	Scopes    []string // of those asked for, the ones that Paxos names in its refusal
}

// Error says what was being done, where and as whom, and how it ended.
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

// as notes which client made the call.
func (e *Error) as(c *Client) *Error {
	e.ClientID, e.AuthStyle = c.id, c.connection.settings.authStyle()
	return e
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
	e := &Error{Doing: doing, Host: resp.Request.URL.Host, Status: resp.StatusCode, Code: knownCode(code)}
	if resp.StatusCode >= 300 && resp.StatusCode < 400 {
		e.Reason = "a redirect, which is never followed; check the configured URL"
	}
	e.RetryAfter = retryAfter(resp.Header.Get("Retry-After"), now)
	return e
}

// named are those of the scopes that stand between quotes in what the token endpoint
// said of its refusal. Paxos's server writes the one that the client may not have into
// error_hint or error_description. Nothing is repeated that was not asked for.
func named(scopes []string, body []byte) (found []string) {
	var said struct {
		Description string `json:"error_description"`
		Hint        string `json:"error_hint"`
	}
	if json.Unmarshal(body, &said) != nil {
		return nil
	}
	text := said.Description + "\n" + said.Hint
	for _, scope := range scopes {
		if strings.Contains(text, `"`+scope+`"`) || strings.Contains(text, "'"+scope+"'") {
			found = append(found, scope)
		}
	}
	return found
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
