package paxostest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// maxBody is the largest request body, in bytes. No request to Paxos is nearly as large.
const maxBody = 1 << 20

// bodyTimeout is how long a client may take to send a body.
const bodyTimeout = 30 * time.Second

// readBody reads the whole body into memory, so that handlers can read it later. It answers 413 or 400
// and returns false if it cannot. Faults that wait depend on it: net/http notices that a client has
// gone only after the body was read. The deadline is for the body alone, because a deadline for the
// whole connection would look like a client that has gone.
func readBody(w http.ResponseWriter, r *http.Request) bool {
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(bodyTimeout)) // every connection of net/http supports deadlines
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	_ = control.SetReadDeadline(time.Time{})
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		newProblem(http.StatusRequestEntityTooLarge, "request body too large").write(w)
		return false
	}
	if err != nil {
		newProblem(http.StatusBadRequest, "request body cut short").write(w)
		return false
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return true
}

// bodyOf returns the body of a request that readBody has read, which stays there for others to read.
func bodyOf(r *http.Request) []byte {
	body, _ := io.ReadAll(r.Body) // it is in memory, so this cannot fail
	r.Body = io.NopCloser(bytes.NewReader(body))
	return body
}

// decodeControl decodes the JSON body of a request to the control API. If it cannot, it answers 400 and
// returns false. It refuses members that it does not know, so that a misspelt one is noticed.
func decodeControl(w http.ResponseWriter, r *http.Request, into any) bool {
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		newProblem(http.StatusBadRequest, fmt.Sprintf("request body: %v", err)).write(w)
		return false
	}
	return true
}
