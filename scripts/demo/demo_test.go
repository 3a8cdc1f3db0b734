package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vault-plugin-secrets-paxos/scripts/stack"
)

// open returns a terminal that prints into the text. Its shell is in a directory of the test.
func open(t *testing.T) (*terminal, *strings.Builder, string) {
	t.Helper()
	opened, err := openShell()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := opened.close(); err != nil {
			t.Error(err)
		}
	})
	printed, directory := &strings.Builder{}, t.TempDir()
	made := &terminal{shell: opened, out: printed}
	if _, status, err := made.shell.run(t.Context(), "cd '"+directory+"'"); err != nil || status != 0 {
		t.Fatalf("status %d, %v", status, err)
	}
	return made, printed, directory
}

// TestWhatIsPrintedIsRun checks that the text after the dollar sign is, byte for byte, what the shell ran.
func TestWhatIsPrintedIsRun(t *testing.T) {
	made, printed, _ := open(t)
	output, status, err := made.run(t.Context(), "", "printf '[%s]' 'one\n  two' && false")
	if err != nil || status != 1 {
		t.Fatalf("status %d, %v", status, err)
	}
	_, text, _ := strings.Cut(printed.String(), "    $ ")
	ran, _, _ := strings.Cut(text, "&& false")
	if want := strings.TrimSuffix(strings.TrimPrefix(ran, "printf '[%s]' '"), "' "); output != "["+want+"]" {
		t.Errorf("%q was printed, and %q was run", want, output)
	}
}

// TestCommandsShareAShell checks that variables, the directory and programs in the background are those of
// the commands before, and that close ends the programs.
func TestCommandsShareAShell(t *testing.T) {
	made, _, directory := open(t)
	for _, line := range []string{"name=value", "sleep 600 > /dev/null 2>&1 &", `echo "$name $!" > file`} {
		if _, status, err := made.run(t.Context(), "", line); err != nil || status != 0 {
			t.Fatalf("%s: status %d, %v", line, status, err)
		}
	}
	text, err := os.ReadFile(filepath.Join(directory, "file"))
	var name string
	var pid int
	if _, scanned := fmt.Sscan(string(text), &name, &pid); scanned != nil || err != nil || name != "value" {
		t.Fatalf("the file has %q, %v, %v", text, err, scanned)
	}
	if stack.Ended(pid) == nil {
		t.Fatal("the program in the background does not run")
	}
	if err := made.close(); err != nil {
		t.Error(err)
	}
	if err := stack.Ended(pid); err != nil {
		t.Error(err)
	}
	if _, _, err := made.run(t.Context(), "", "true"); err == nil {
		t.Error("a closed shell ran a command")
	}
}

// TestCommandIsJudged checks that a command fails its step if its status or its output is wrong.
func TestCommandIsJudged(t *testing.T) {
	made, _, _ := open(t)
	for _, each := range []struct {
		command
		measured string
		passes   bool
	}{
		{command{line: "echo 12 tokens", want: []string{`^(\d+) tokens$`}}, "12", true},
		{command{line: "echo 12 tokens", want: []string{`^(\d) tokens$`}}, "", false},
		{command{line: "echo refused >&2; false", fails: true, want: []string{"refused"}}, "", true},
		{command{line: "true", fails: true}, "", false},
		{command{line: "false"}, "", false},
		{command{line: "echo x >> tries; cat tries", want: []string{`^x\nx$`}, waits: true}, "", true},
		{command{line: "exit 0"}, "", false},
	} {
		measured, err := each.play(t.Context(), made, 3)
		if measured != each.measured || (err == nil) != each.passes {
			t.Errorf("%s: measured %q, %v", each.line, measured, err)
		}
	}
}

// TestRealPaxosNeedsNoStandIn checks that no command uses the stand-in, or what only a left-out command
// makes, if Paxos is the real one.
func TestRealPaxosNeedsNoStandIn(t *testing.T) {
	t.Setenv("PAXOS_ENVIRONMENT", "sandbox")
	t.Setenv("PAXOS_CLIENT_ID", "id")
	t.Setenv("PAXOS_CLIENT_SECRET", "secret")
	real, err := newUpstream()
	if err != nil {
		t.Fatal(err)
	}
	all := steps(&stage{&stack.Stack{Vault: &stack.Vault{}}, real})
	if len(all) < 15 {
		t.Errorf("there are %d steps", len(all))
	}
	for _, each := range all {
		for _, command := range each.commands {
			for _, word := range []string{"/sandbox/", "oauth2", "connection.json", "paxos.sock", "$before", "- before",
				"$proxy", "signature.header", "vendor", "narrow"} {
				if strings.Contains(command.line, word) {
					t.Errorf("%s: %s", each.title, command.line)
				}
			}
		}
	}
	if got := real.url(); got != "https://api.sandbox.paxos.com" {
		t.Errorf("the address is %s", got)
	}
}

// TestWrap checks that lines break before words, and that no word is lost.
func TestWrap(t *testing.T) {
	for text, want := range map[string]string{
		"":               "",
		"one two":        "one two",
		"one two three":  "one two|three",
		"  one two":      "  one|two",
		"onetwothree":    "onetwothree",
		"one twothree45": "one|twothree45",
	} {
		if got := strings.Join(wrap(text, 8), "|"); got != want {
			t.Errorf("%q becomes %q, not %q", text, got, want)
		}
	}
}
