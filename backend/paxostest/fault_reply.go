package paxostest

import (
	"encoding/json"
	"net/http"
)

// oauthErrors gives the error code of RFC 6749 (sections 4.1.2.1 and 5.2) for a status. Every other
// status gets server_error.
var oauthErrors = map[int]string{
	http.StatusBadRequest:         "invalid_request",
	http.StatusUnauthorized:       "invalid_client",
	http.StatusForbidden:          "access_denied",
	http.StatusServiceUnavailable: "temporarily_unavailable",
}

// reply returns the made-up answer of the fault.
func (f Fault) reply(e Endpoint) *reply {
	out := newReply()
	switch {
	case f.Redirect != "":
		out.Header().Set("Location", f.Redirect)
		out.status = http.StatusTemporaryRedirect
		if f.Status != 0 {
			out.status = f.Status
		}
		out.body.WriteString(f.Body)
	case f.Body != "":
		out.status = http.StatusOK
		if f.Status != 0 {
			out.status = f.Status
		}
		if json.Valid([]byte(f.Body)) {
			out.Header().Set("Content-Type", "application/json")
		}
		out.body.WriteString(f.Body)
	case f.Status >= http.StatusBadRequest:
		writeFitting(out, e, f.Status)
	default:
		out.status = f.Status
	}
	return out
}

// writeFitting answers an error in the form that the host of the endpoint uses. An exceeded rate limit
// is a problem document at both hosts.
func writeFitting(w http.ResponseWriter, e Endpoint, status int) {
	if status == http.StatusTooManyRequests {
		tooManyRequests().write(w)
		return
	}
	if !e.isOAuth() {
		newProblem(status, http.StatusText(status)).write(w)
		return
	}
	code, ok := oauthErrors[status]
	if !ok {
		code = "server_error"
	}
	writeJSON(w, status, map[string]any{"error": code, "error_description": http.StatusText(status),
		"status_code": status})
}
