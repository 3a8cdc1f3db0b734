package paxostest

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"strconv"
)

// A reply is an answer that was not sent yet. It is the http.ResponseWriter of a handler.
type reply struct {
	status int
	header http.Header
	body   bytes.Buffer
}

// newReply returns an empty reply.
func newReply() *reply { return &reply{header: http.Header{}} }

// Header is part of http.ResponseWriter.
func (r *reply) Header() http.Header { return r.header }

// WriteHeader is part of http.ResponseWriter.
func (r *reply) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

// Write is part of http.ResponseWriter.
func (r *reply) Write(p []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(p)
}

// rewrite changes the body with edit, if the body is a JSON object.
func (r *reply) rewrite(edit func(map[string]any)) {
	var object map[string]any
	if json.Unmarshal(r.body.Bytes(), &object) != nil || object == nil {
		return
	}
	edit(object)
	edited, err := json.Marshal(object)
	if err != nil { // edit put a value into the object that JSON cannot encode
		r.status = http.StatusInternalServerError
		edited = []byte(err.Error())
	}
	r.body.Reset()
	r.body.Write(edited)
}

// sendHead sends status and headers. The Content-Length is that of the whole body, even if only a part
// of it is sent.
func (r *reply) sendHead(w http.ResponseWriter) {
	maps.Copy(w.Header(), r.header)
	w.Header().Set("Content-Length", strconv.Itoa(r.body.Len()))
	r.WriteHeader(http.StatusOK)
	w.WriteHeader(r.status)
}
