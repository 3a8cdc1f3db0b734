package version

import "testing"

// TestLine checks what -version prints of a program of a release, and of one that was built without it.
func TestLine(t *testing.T) {
	number, commit := Number, Commit
	t.Cleanup(func() { Number, Commit = number, commit })
	for _, test := range []struct{ number, commit, line string }{
		{"v1.2.3", "", "paxos-proxy v1.2.3"},
		{"v1.2.3", "0a1b2c", "paxos-proxy v1.2.3 (commit 0a1b2c)"},
	} {
		Number, Commit = test.number, test.commit
		if line := Line("paxos-proxy"); line != test.line {
			t.Errorf("got %q, want %q", line, test.line)
		}
	}
}
