package paxos

import (
	"net/http"
	"time"
)

// datedTransport tells Settings.OnDate the Date of each answer (RFC 9110, section 6.6.1). An answer
// without a Date that can be read tells nothing.
type datedTransport struct {
	*http.Transport
	onDate func(date, received time.Time)
	now    func() time.Time
}

// RoundTrip sends a request and returns the reply.
func (t datedTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.Transport.RoundTrip(req)
	if err != nil || t.onDate == nil {
		return resp, err
	}
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		t.onDate(date, t.now())
	}
	return resp, nil
}
