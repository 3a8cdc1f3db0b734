package paxostest

import (
	"encoding/json"
	"net/http"
)

// problemBase is the beginning of the type of a specific problem. Paxos uses it among others.
const problemBase = "https://developer.paxos.com/docs/v2/problems/"

// A problem is an error of the API (RFC 9457; Paxos names its predecessor, RFC 7807).
type problem struct {
	Type   string         `json:"type"`
	Title  string         `json:"title"`
	Status int            `json:"status"`
	Detail string         `json:"detail"`
	Meta   map[string]any `json:"meta,omitempty"`
}

// newProblem returns a problem without a specific type.
func newProblem(status int, detail string) problem {
	return problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail}
}

// tooManyRequests is the documented answer if the rate limit is exceeded. Like Paxos's, it does not say
// how long to wait.
func tooManyRequests() problem {
	return newProblem(http.StatusTooManyRequests, "Too many requests")
}

// write sends the problem.
func (p problem) write(w http.ResponseWriter) {
	writeBody(w, p.Status, "application/problem+json", p)
}

// writeJSON sends a value as JSON.
func writeJSON(w http.ResponseWriter, status int, value any) {
	writeBody(w, status, "application/json", value)
}

// writeBody sends a value as JSON with a media type.
func writeBody(w http.ResponseWriter, status int, mediaType string, value any) {
	body, err := json.Marshal(value)
	if err != nil { // cannot happen: every value is of a type that JSON can encode
		http.Error(w, "encoding the reply", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", mediaType)
	w.WriteHeader(status)
	_, _ = w.Write(body) // it fails only if the client has gone
}
