package paxos_test

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strings"
	"testing"

	"vault-plugin-secrets-paxos/backend/paxostest"
)

// The reasons of an Error for a reply with status 200.
const (
	malformed = "the reply is malformed"
	tooLarge  = "the reply is larger than 64 KiB"
	cutShort  = "the connection failed"
)

// zipped compresses text, as a server might do although the client did not ask for that.
func zipped(t *testing.T, text string) string {
	t.Helper()
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	if _, err := writer.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.String()
}

// TestMalformedReplies answers with status 200 and a body that is no grant.
func TestMalformedReplies(t *testing.T) {
	t.Parallel()
	const grant = `{"access_token":"opaque","token_type":"bearer","expires_in":3599}`
	encoding := func(name string) http.Header { return http.Header{"Content-Encoding": {name}} }
	for name, test := range map[string]struct {
		fault paxostest.Fault
		want  string
	}{
		"HTML":                       {paxostest.Fault{Body: "<html><body>Welcome</body></html>"}, malformed},
		"nothing":                    {paxostest.Fault{Status: 200}, malformed},
		"no content":                 {paxostest.Fault{Status: 204}, malformed},
		"white space":                {paxostest.Fault{Body: " \n"}, malformed},
		"half a JSON object":         {paxostest.Fault{Body: grant[:len(grant)/2]}, malformed},
		"half of what was announced": {paxostest.Fault{Truncate: true}, cutShort},
		"a dropped reply":            {paxostest.Fault{DropReply: true}, cutShort},
		"an array":                   {paxostest.Fault{Body: "[" + grant + "]"}, malformed},
		"null":                       {paxostest.Fault{Body: "null"}, malformed},
		"a string":                   {paxostest.Fault{Body: `"token"`}, malformed},
		"a byte order mark":          {paxostest.Fault{Body: "\ufeff" + grant}, malformed},
		"UTF-16":                     {paxostest.Fault{Body: "{\x00\"\x00a\x00\"\x00:\x001\x00}\x00"}, malformed},
		"bytes that are no UTF-8": {paxostest.Fault{Body: strings.Replace(grant, "opaque", "op\xffque", 1)},
			malformed},
		"deep nesting": {paxostest.Fault{Body: `{"a":` + strings.Repeat("[", 30_000) +
			strings.Repeat("]", 30_000) + `}`}, malformed},
		"trailing data":               {paxostest.Fault{Body: grant + "x"}, malformed},
		"two objects":                 {paxostest.Fault{Body: grant + grant}, malformed},
		"a member twice":              {paxostest.Fault{Body: `{"access_token":"other",` + grant[1:]}, malformed},
		"a member twice but for case": {paxostest.Fault{Body: `{"ACCESS_TOKEN":"other",` + grant[1:]}, malformed},
		"a member twice but for escapes": {
			paxostest.Fault{Body: `{"\u0061ccess_token":"other",` + grant[1:]}, malformed,
		},
		"a member twice but for a long s": {paxostest.Fault{Body: `{"acce\u017f\u017f_token":"other",` + grant[1:]},
			malformed},
		"10 MB": {paxostest.Fault{Body: grant + strings.Repeat(" ", 10<<20)}, tooLarge},
		"a byte over 64 KiB": {paxostest.Fault{Body: grant + strings.Repeat(" ", 64<<10+1-len(grant))},
			tooLarge},
		"gzip": {paxostest.Fault{Body: zipped(t, grant), Header: encoding("gzip")},
			malformed},
		"a gzip bomb": {paxostest.Fault{Body: zipped(t, grant+strings.Repeat(" ", 10<<20)),
			Header: encoding("gzip")}, malformed},
		"a form": {paxostest.Fault{Body: "access_token=opaque&token_type=bearer&expires_in=3599",
			Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}}, malformed},
		"no access token": {paxostest.Fault{Body: `{"token_type":"bearer","expires_in":3599}`},
			malformed},
		"an empty access token": {paxostest.Fault{Body: `{"access_token":"","token_type":"bearer"}`},
			malformed},
		"an access token that is none": {paxostest.Fault{Body: `{"access_token":{},"token_type":"bearer"}`},
			malformed},
		"an expires_in that is no JSON": {paxostest.Fault{Body: `{"access_token":"opaque","expires_in":NaN}`},
			malformed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t, "transfer:read")
			h.FailNext(paxostest.TokenEndpoint, test.fault)
			_, err := h.client.RequestToken(t.Context(), []string{"transfer:read"})
			failure := asError(t, err)
			if failure.Reason != test.want {
				t.Errorf("got %q, want %q", failure, test.want)
			}
			if !failure.Temporary() {
				t.Error("it counts as definite")
			}
			if calls := h.Calls(paxostest.TokenEndpoint); calls != 1 {
				t.Errorf("%d calls were made, want 1", calls)
			}
		})
	}
}

// TestLabels checks that a JSON reply is read as JSON whatever its Content-Type says, and that a reply
// of exactly the maximum size is read.
func TestLabels(t *testing.T) {
	t.Parallel()
	for _, label := range []string{"", "text/plain", "application/x-www-form-urlencoded",
		"text/html; charset=utf-16", ";;;"} {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t, "transfer:read")
			h.FailNext(paxostest.TokenEndpoint, paxostest.Fault{Header: http.Header{"Content-Type": {label}}})
			if token := h.bearer(t, "transfer:read"); !h.Alive(token.Reveal()) {
				t.Error("the token does not live")
			}
		})
	}
	t.Run("exactly 64 KiB", func(t *testing.T) {
		t.Parallel()
		h := newHarness(t)
		const grant = `{"access_token":"opaque","token_type":"bearer","expires_in":3599}`
		h.FailNext(paxostest.TokenEndpoint, paxostest.Fault{Body: grant + strings.Repeat(" ", 64<<10-len(grant))})
		if token := h.bearer(t); token.Reveal() != "opaque" {
			t.Errorf("got %q", token.Reveal())
		}
	})
}
