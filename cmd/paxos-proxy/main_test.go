package main

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
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
		{[]string{"-help"}, exitFine, "everybody who can reach this proxy can do what"},
		{[]string{"-version"}, exitFine, "dev"},
		{nil, exitUsage, "-role is required"},
		{[]string{"-role", "a/b"}, exitUsage, "without a slash"},
		{[]string{"-role", "a", "-sign-reads"}, exitUsage, "needs a -signer"},
		{[]string{"-role", "a", "-mount", "/"}, exitUsage, "-mount is empty"},
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

// TestListensOnLoopbackOnly checks the addresses that are refused and those that are taken.
func TestListensOnLoopbackOnly(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:0", "example.com:0", "127.0.0.1",
		"unix:", ""} {
		if on, err := listen(t.Context(), address); err == nil {
			t.Errorf("%q: listens on %s", address, on.name)
			_ = on.Close()
		}
	}
	on, err := listen(t.Context(), "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer on.Close()
	if !strings.HasPrefix(on.name, "127.0.0.1:") || !slices.Contains(on.hosts, on.name) || len(on.hosts) != 2 {
		t.Errorf("localhost: %q, hosts %q", on.name, on.hosts)
	}
}

// TestSockets checks the mode of a socket, and what it replaces.
func TestSockets(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s")
	on, err := listen(t.Context(), "unix:"+path)
	if err != nil {
		t.Fatal(err)
	}
	if found, err := os.Stat(path); err != nil || found.Mode().Perm() != 0o600 || on.hosts != nil {
		t.Errorf("the socket is %v %v", found, err)
	}
	if _, err := listen(t.Context(), "unix:"+path); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("a socket that is in use: %v", err)
	}
	_ = on.Listener.(unixListener).Listener.Close() // as a process that is killed: the socket stays
	again, err := listen(t.Context(), "unix:"+path)
	if err != nil {
		t.Fatalf("a socket that was abandoned: %v", err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 0 {
		t.Errorf("left behind are %v %v", left, err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := listen(t.Context(), "unix:"+path); err == nil {
		t.Error("a file was replaced")
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
	if got := cause(io.ErrUnexpectedEOF); got != "the connection broke, or the answer was no HTTP" {
		t.Errorf("logged is %q", got)
	}
}
