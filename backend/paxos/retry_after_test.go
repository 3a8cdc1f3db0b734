package paxos_test

import (
	"net/http"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/backend/paxostest"
)

// TestRetryAfter reads the header in each form that it may have, at noon.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	const year = 365 * 24 * time.Hour
	for name, test := range map[string]struct {
		header string
		want   time.Duration
	}{
		"absent":                {"", 0},
		"seconds":               {"120", 2 * time.Minute},
		"zero":                  {"0", 0},
		"negative":              {"-120", 0},
		"very negative":         {"-9223372036854775808", 0},
		"huge":                  {"1000000000", year},
		"the largest integer":   {"9223372036854775807", year},
		"more than an integer":  {"9223372036854775808", 0},
		"a fraction":            {"1.5", 0},
		"words":                 {"soon", 0},
		"a date ahead":          {"Sun, 01 Mar 2026 12:07:00 GMT", 7 * time.Minute},
		"a date in RFC 850":     {"Sunday, 01-Mar-26 12:07:00 GMT", 7 * time.Minute},
		"a date past":           {"Sun, 01 Mar 2026 11:59:59 GMT", 0},
		"now":                   {"Sun, 01 Mar 2026 12:00:00 GMT", 0},
		"a date far ahead":      {"Fri, 31 Dec 9999 23:59:59 GMT", year},
		"a date that is no day": {"Sun, 31 Feb 2026 12:00:00 GMT", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t, "transfer:read")
			h.FailNext(paxostest.TokenEndpoint,
				paxostest.Fault{Status: 429, Body: "slow down", Header: http.Header{"Retry-After": {test.header}}})
			_, err := h.client.RequestToken(t.Context(), []string{"transfer:read"})
			if got := asError(t, err).RetryAfter; got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			h.FailNext(paxostest.Revoke,
				paxostest.Fault{Status: 503, Header: http.Header{"Retry-After": {test.header}}})
			if got := asError(t,
				h.client.Revoke(t.Context(), h.bearer(t, "transfer:read"))).RetryAfter; got != test.want {
				t.Errorf("a revocation got %s, want %s", got, test.want)
			}
		})
	}
}
