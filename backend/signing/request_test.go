package signing

import (
	"errors"
	"strings"
	"testing"
)

// TestRequestsThatCannotBeSigned checks that the error names the wrong parameter and does not
// repeat the body.
func TestRequestsThatCannotBeSigned(t *testing.T) {
	t.Parallel()
	const body = "canary-body"
	for name, c := range map[string]struct{ method, target, body, parameter string }{
		"method in lower case":    {"post", "/v2/transfer/internal", body, "method"},
		"another method":          {"PATCH", "/v2/transfer/internal", body, "method"},
		"no /v2":                  {"POST", "/transfer/internal", body, "path"},
		"a host":                  {"POST", "https://api.paxos.com/v2/transfer/internal", body, "path"},
		"an escape":               {"POST", "/v2/transfer/%69nternal", body, "path"},
		"an escaped dot":          {"POST", "/v2/%2e%2e/transfer/internal", body, "path"},
		"dots":                    {"POST", "/v2/../v2/transfer/internal", body, "path"},
		"two slashes":             {"POST", "/v2//transfer/internal", body, "path"},
		"a trailing slash":        {"POST", "/v2/transfer/internal/", body, "path"},
		"a fragment":              {"GET", "/v2/profiles#x", "", "path"},
		"a line break":            {"GET", "/v2/profiles\r\nX: y", "", "path"},
		"non-ASCII":               {"GET", "/v2/profilés", "", "path"},
		"unknown operation":       {"POST", "/v2/transfer/everything", body, "path"},
		"wrong method":            {"DELETE", "/v2/transfer/internal", "", "path"},
		"a space in the query":    {"GET", "/v2/profiles?a=b c", "", "path"},
		"a broken escape":         {"GET", "/v2/profiles?a=%2", "", "path"},
		"an empty query":          {"GET", "/v2/profiles?", "", "path"},
		"a fragment in the query": {"GET", "/v2/profiles?a=b#c", "", "path"},
		"a long path":             {"GET", "/v2/profiles?a=" + strings.Repeat("b", 6<<10), "", "path"},
		"a body with GET":         {"GET", "/v2/profiles", body, "body"},
		"a long body":             {"POST", "/v2/transfer/internal", strings.Repeat(body, 1000), "body"},
	} {
		_, err := NewRequest(c.method, c.target, []byte(c.body))
		var invalid *Invalid
		if !errors.As(err, &invalid) || invalid.Parameter != c.parameter || strings.Contains(err.Error(), body) {
			t.Errorf("%s: %v, want one that names %s", name, err, c.parameter)
		}
	}
}

// FuzzRequest checks every request that is accepted: its path can be read in one way only, and method,
// target and body are unchanged.
func FuzzRequest(f *testing.F) {
	for _, target := range []string{"/v2/profiles", "/v2/profiles?a=b", "/v2/transfer/transfers/1-a_B", "/v2/%2e",
		"/v2/a/../b", "//v2/profiles"} {
		f.Add("GET", target, "")
	}
	f.Add("POST", "/v2/transfer/internal", "{}")
	f.Fuzz(func(t *testing.T, method, target, body string) {
		r, err := NewRequest(method, target, []byte(body))
		if err != nil {
			var invalid *Invalid
			if !errors.As(err, &invalid) {
				t.Errorf("another error: %v", err)
			}
			return
		}
		if r.Target() != target || string(r.Body) != body || r.Operation.ID == "" {
			t.Errorf("%q became %q", target, r.Target())
		}
		if strings.ContainsAny(r.Path, "%.?#\\ ") || strings.Contains(r.Path, "//") || strings.HasSuffix(r.Path, "/") {
			t.Errorf("accepted the path %q", r.Path)
		}
	})
}
