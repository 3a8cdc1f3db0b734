package main

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestFlags checks the exit codes and what is said of wrong flags.
func TestFlags(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		arguments []string
		code      int
		says      string
	}{
		{[]string{"-help"}, exitFine, "everyone who can reach this proxy can do what"},
		{[]string{"-version"}, exitFine, "paxos-proxy v0.1.0-dev\n"},
		{nil, exitUsage, "-role is required"},
		{[]string{"-role", "a/b"}, exitUsage, "without a slash"},
		{[]string{"-role", "a", "-sign-reads"}, exitUsage, "needs a -signer"},
		{[]string{"-role", "a", "-mount", "/"}, exitUsage, "-mount must not be empty"},
		{[]string{"-role", "a", "more"}, exitUsage, `unexpected argument "more"`},
		{[]string{"-role", "a", "-timeout", "0s"}, exitUsage, "-timeout must be"},
		{[]string{"-none"}, exitUsage, "not defined"},
	} {
		var out, complaints strings.Builder
		code := run(t.Context(), test.arguments, &out, &complaints)
		said := out.String()
		if code != exitFine {
			said = complaints.String()
		}
		if code != test.code || !strings.Contains(said, test.says) {
			t.Errorf("%q: %d %q, want %d and %q", test.arguments, code, said, test.code, test.says)
		}
	}
}

// TestHeaders checks which headers are sent to Paxos, and which come back.
func TestHeaders(t *testing.T) {
	t.Parallel()
	header := http.Header{"Accept": {"a", "b"}, "X-Request-Id": {"1"}, "User-Agent": {"curl"}}
	for _, name := range []string{"Authorization", "Paxos-Signature", "Paxos_signature", "Cookie", "Forwarded",
		"X-Forwarded-For", "X_Forwarded_Host", "X-Http-Method-Override", "X-Vault-Token", "Proxy-Authorization",
		"Transfer-Encoding", "Keep-Alive", "Te", "Trailer", "X-Named"} {
		header[name] = []string{"canary"}
	}
	header["Connection"] = []string{"close, x-named"}
	if sent := forwarded(header); len(sent) != 3 || len(sent["Accept"]) != 2 || sent.Get("User-Agent") != "curl" {
		t.Errorf("sent on are %v", sent)
	}
	back := answered(http.Header{"Set-Cookie": {"a"}, "Connection": {"x-named"}, "X-Named": {"a"},
		"Transfer-Encoding": {"a"},
		"Location":          {"/v2/elsewhere"}, "Content-Type": {"application/json"}})
	if len(back) != 2 || back.Get("Location") == "" {
		t.Errorf("passed on are %v", back)
	}
}

// TestReasonsQuoteNothing checks that an error which may quote an answer is not logged as it is.
func TestReasonsQuoteNothing(t *testing.T) {
	t.Parallel()
	if got := cause(io.ErrUnexpectedEOF); got != "the connection broke, or the answer was not HTTP" {
		t.Errorf("logged is %q", got)
	}
}
