package report

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// split is what /bin/sh makes of a command: the words that the program would be started with.
func split(t *testing.T, line string) []string {
	t.Helper()
	const vault = `vault() { printf '%s\0' vault "$@"; }; ` // printed, each word with a NUL after it
	out, err := exec.Command("/bin/sh", "-c", vault+line).CombinedOutput()
	if err != nil {
		t.Fatalf("%q: %v: %s", line, err, out)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
}

// FuzzCommand pastes commands into a shell: their words must be those that were meant.
func FuzzCommand(f *testing.F) {
	for _, word := range []string{
		"", "role", "a b", "it's", "''", `\`, `"`, "$HOME", "$(id)", "`id`", "a;b", "a\nb", "\n", "!!", "~", "*", "#",
		"a=b", "=", "-f", "<Client ID>", "|", "&", "{a,b}", "é", "\x80", "\x1b[2J", "'\\''", "a'\n'; id #",
	} {
		f.Add(word, "client_id="+word)
	}
	f.Fuzz(func(t *testing.T, one, two string) {
		if strings.Contains(one+two, "\x00") {
			return // no program takes a word with a NUL
		}
		want := []string{"vault", "write", one, two}
		if got := split(t, command(want[1:]...)); !slices.Equal(got, want) {
			t.Errorf("the words are %q, want %q", got, want)
		}
	})
}
