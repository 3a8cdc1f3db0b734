package paxos

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// refusal returns the Error for a reply whose status is not a success. The code is what the reply
// gives as its error code, which may be anything.
func refusal(doing string, resp *http.Response, code string, now time.Time) *Error {
	e := &Error{Doing: doing, Host: resp.Request.URL.Host, Status: resp.StatusCode, Code: knownCode(code)}
	if resp.StatusCode >= 300 && resp.StatusCode < 400 {
		e.Reason = "a redirect, which this plugin does not follow; check the configured URL"
	}
	e.RetryAfter = retryAfter(resp.Header.Get("Retry-After"), now)
	return e
}

// codes are the error codes of RFC 6749, sections 4.1.2.1 and 5.2, and RFC 7009, section 2.2.1. An
// Error repeats only these: any other code is free text of the other side.
var codes = []string{
	"access_denied", "invalid_client", "invalid_grant", "invalid_request", "invalid_scope", "server_error",
	"temporarily_unavailable", "unauthorized_client", "unsupported_grant_type", "unsupported_token_type",
}

// knownCode returns the code if it is one of codes, else an empty text.
func knownCode(code string) string {
	if slices.Contains(codes, code) {
		return code
	}
	return ""
}

// named returns those of the requested scopes that stand between quotes in the body of a refusal.
// Paxos's server names the scope that the client may not have in error_hint or error_description.
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

// retryAfter reads a Retry-After header (RFC 9110, section 10.2.3), which holds seconds or a date. It
// returns 0 for a header that is missing, unreadable or in the past, and at most a year.
func retryAfter(header string, now time.Time) time.Duration {
	const ceiling = 365 * 24 * time.Hour // so that the product does not overflow; no caller waits as long
	if seconds, err := strconv.Atoi(header); err == nil {
		return min(max(0, time.Duration(min(seconds, int(ceiling/time.Second)))*time.Second), ceiling)
	}
	if at, err := http.ParseTime(header); err == nil {
		return min(max(0, at.Sub(now)), ceiling)
	}
	return 0
}
