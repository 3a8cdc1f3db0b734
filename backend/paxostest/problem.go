package paxostest

import (
	"encoding/json"
	"net/http"
)

// problemBase is where the type of a specific problem points to, one of the bases that Paxos uses.
const problemBase = "https://developer.paxos.com/docs/v2/problems/"

// A problem is an error of the API, as RFC 7807 and Paxos shape it.
type problem struct {
	Type   string         `json:"type"`
	Title  string         `json:"title"`
	Status int            `json:"status"`
	Detail string         `json:"detail"`
	Meta   map[string]any `json:"meta,omitempty"`
}

// newProblem returns a problem of no particular type.
func newProblem(status int, detail string) problem {
	return problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail}
}

// tooManyRequests is the documented answer to a breach of the rate limit. It names no time to wait,
// as Paxos's does not.
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

// writeBody sends a value as JSON under a media type of its own.
func writeBody(w http.ResponseWriter, status int, mediaType string, value any) {
	body, err := json.Marshal(value)
	if err != nil { // every value sent is of a type declared here, and those all encode
		http.Error(w, "encoding the reply", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", mediaType)
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client has gone; nobody is left to tell
}
