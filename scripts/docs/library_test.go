package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestAnnounced checks when the scripts of pages take the stand-in Paxos for ready. A file that is still empty
// once counted, and the mounts of a page then trusted no authority.
func TestAnnounced(t *testing.T) {
	t.Parallel()
	library, err := filepath.Abs("pages/lib.sh")
	if err != nil {
		t.Fatal(err)
	}
	s := startTestShell(t, time.Minute)
	if output, err := s.run(t.Context(), ". "+library, false); err != nil {
		t.Fatal(output, err)
	}
	file := filepath.Join(t.TempDir(), "announcement")
	for _, test := range []struct {
		text  string
		ready bool
	}{
		{"", false},
		{"\n", false},
		{`{"url":"https://127.0.0.1:1","ca_cert`, false},
		{"paxos-sandbox: no port\n", false},
		{`{"url":"https://127.0.0.1:1","ca_certificate":""}`, false},
		{`{"url":"","ca_certificate":"-----BEGIN CERTIFICATE-----\n"}`, false},
		{`{"url":"https://127.0.0.1:1","ca_certificate":"-----BEGIN CERTIFICATE-----\n"}` + "\n", true},
	} {
		if err := os.WriteFile(file, []byte(test.text), 0o600); err != nil {
			t.Fatal(err)
		}
		output, err := s.run(t.Context(), "if announced "+file+" >/dev/null 2>&1; then echo ready; fi", false)
		if err != nil || (output == "ready\n") != test.ready {
			t.Errorf("%q: %q, %v", test.text, output, err)
		}
	}
}
