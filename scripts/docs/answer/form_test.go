package answer

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// TestForm checks what a page gets of long answers, and that this is the same answer.
func TestForm(t *testing.T) {
	t.Parallel()
	scopes := strings.TrimSpace(strings.Repeat("funding:read_profile ", 8))
	for name, test := range map[string]struct {
		run    string
		indent int
		want   string
	}{
		"short":     {"Success! Data written to: paxos/config\n", 0, "Success! Data written to: paxos/config\n"},
		"blanks":    {"a  \n\nb\n\n\n", 0, "a\n\nb\n"},
		"tabs":      {"a\tb\n", 0, "a  b\n"},
		"no end":    {"a", 0, "a\n"},
		"token":     {"access_token    " + token, 0, "access_token    tOlvSzHYlIZT…\n"},
		"hash":      {"hmac-sha256:" + hex32 + hex32, 0, "hmac-sha256:e4f01a3dce23…\n"},
		"signature": {"eyJhbGciOiJFUzI1NiJ9..c2lnbmF0dXJl", 0, "eyJhbGciOiJF…\n"},
		"root":      {"token  hvs.CAESIJ0123456789abcdef", 0, "token  hvs.CAESIJ01…\n"},
		"table": {"scope    " + scopes, 0, "scope    " + strings.Repeat("funding:read_profile ",
			4)[:83] + "\n         " + strings.TrimSpace(strings.Repeat("funding:read_profile ", 4)) + "\n"},
		"indented": {"  * " + scopes, 30, "  * " + strings.TrimSpace(strings.Repeat("funding:read_profile ",
			3)) + "\n    " + strings.TrimSpace(strings.Repeat("funding:read_profile ",
			3)) + "\n    funding:read_profile funding:read_profile\n"},
		"one word": {strings.Repeat("x", 150), 0, strings.Repeat("x", 150) + "\n"},
	} {
		got := Form(test.run, test.indent)
		if got != test.want {
			t.Errorf("%s:\n%q, want\n%q", name, got, test.want)
		}
		if difference := Compare(got, test.run, untyped); difference != "" {
			t.Errorf("%s: %s", name, difference)
		}
		for line := range strings.Lines(got) {
			if columns := utf8.RuneCountInString(strings.TrimSpace(line)); columns > widest-test.indent &&
				strings.Contains(line, " ") {
				t.Errorf("%s: %d columns: %s", name, columns, line)
			}
		}
	}
}
