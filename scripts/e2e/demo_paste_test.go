package e2e

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A printedCommand is a command of the demo's output, and what was printed below it.
type printedCommand struct{ line, output string }

// The columns at which the demo prints commands and their output.
const (
	commandIndent = "    "
	outputIndent  = "      "
)

// printedCommands returns the commands in the output of the demo from a step on.
func printedCommands(t *testing.T, printed, from string) []printedCommand {
	t.Helper()
	_, rest, found := strings.Cut(printed, from)
	if !found {
		t.Fatalf("%q is not in the output", from)
	}
	var all []printedCommand
	for _, block := range strings.Split(rest, "\n"+commandIndent+"$ ")[1:] {
		lines := strings.Split(block, "\n")
		command := lines[0]
		for lines = lines[1:]; isOpen(command); lines = lines[1:] {
			command += "\n" + lines[0] // with its indent, as a person copies it
		}
		var output []string
		for _, line := range lines {
			if line != "" && !strings.HasPrefix(line, outputIndent) {
				break // a note, the sentence after the step, or the next step
			}
			output = append(output, line)
		}
		all = append(all, printedCommand{command, strings.Join(output, "\n")})
	}
	return all
}

// isOpen reports whether a shell would read one more line before it runs the text.
func isOpen(text string) bool {
	return strings.HasSuffix(text, `\`) || exec.Command("bash", "-n", "-c", text).Run() != nil
}

// A pasteShell is the bash of a person who pastes commands.
type pasteShell struct {
	*testing.T
	input  io.Writer
	output *bufio.Reader
}

// newPasteShell starts a bash with history expansion, as an interactive one has.
func newPasteShell(t *testing.T) *pasteShell {
	t.Helper()
	command := exec.Command("bash", "--noprofile", "--norc", "-s")
	command.Dir = t.TempDir()
	input, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	command.Stderr = command.Stdout
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = input.Close()
		_ = command.Wait() // the statuses of its commands are checked
	})
	s := &pasteShell{t, input, bufio.NewReader(output)}
	s.paste("exec 2>&1; set -o history -H; unset VAULT_TOKEN VAULT_ADDR VAULT_BIN")
	return s
}

// paste runs the text, and returns what was printed and the exit status.
func (s *pasteShell) paste(text string) (output string, status int) {
	s.Helper()
	if _, err := fmt.Fprintf(s.input, "%s\nprintf '\\n<status %%d>\\n' $?\n", text); err != nil {
		s.Fatal(err)
	}
	for {
		line, err := s.output.ReadString('\n')
		if err != nil {
			s.Fatalf("after %s: %v\n%s", text, err, output)
		}
		if _, err := fmt.Sscanf(line, "<status %d>", &status); err == nil {
			return output, status
		}
		output += line
	}
}

// pasteAll pastes the lines that begin with the indent, each of which must succeed.
func (s *pasteShell) pasteAll(text string) (output string) {
	s.Helper()
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, commandIndent) {
			continue
		}
		said, status := s.paste(strings.TrimSpace(line))
		if status != 0 {
			s.Errorf("%s ended with status %d:\n%s", strings.TrimSpace(line), status, said)
		}
		output += said
	}
	return output
}

// Words of an output that differ from run to run: words with a digit, if they are not fixed, and leases.
var (
	lease     = regexp.MustCompile(`^paxos/creds/\w+/\w{24}$`)
	fixedWord = regexp.MustCompile(`^(HTTP|\d{1,2}|100|1000|[1-9]\d\d\.?)$`)
	digit     = regexp.MustCompile(`\d`)
)

// comparable returns an output without white space, and without the values that differ from run to run.
func comparable(output string) string {
	words := strings.Fields(output)
	for i, word := range words {
		if digit.MatchString(word) && !fixedWord.MatchString(word) || lease.MatchString(word) ||
			strings.HasSuffix(word, "...") {
			words[i] = "#"
		}
	}
	return strings.Join(words, " ")
}

// varies matches commands whose output is a number that may differ from run to run, such as the number of all
// tokens.
var varies = regexp.MustCompile(`wc -[cl]|revoked-at|\) of `)

// TestPrintedCommandsWorkWhenPasted starts what make dev starts, and pastes what it prints into a shell. Then
// it pastes every command that the demo has printed, from step 3 on. Each must print what it printed in the
// demo. No secret may be in it.
func TestPrintedCommandsWorkWhenPasted(t *testing.T) {
	t.Parallel()
	printed, err := wholeDemo()
	if err != nil {
		t.Fatal(err)
	}
	d, err := startDemo([]string{"-keep"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if left := d.leftovers(); len(left) > 0 {
			t.Errorf("left are %q", left)
		}
	}()
	defer func() {
		if code := d.interrupt(t); code != 0 {
			t.Errorf("it ended with exit code %d:\n%s", code, d.output)
		}
	}()
	d.says(t, "Press Ctrl-C")
	s := newPasteShell(t)
	directory := s.connect(d.output.String())
	var shown strings.Builder
	all := printedCommands(t, printed, "\n 3. ")
	for _, each := range all {
		output, _ := s.paste(each.line)
		shown.WriteString(output)
		if !varies.MatchString(each.line) && comparable(output) != comparable(each.output) {
			t.Errorf("pasted:\n%s\nprinted:\n%s\nand not:\n%s", each.line, output, each.output)
		}
	}
	if len(all) < 100 {
		t.Errorf("only %d commands were printed", len(all))
	}
	s.hasNone(shown.String(), directory)
}

// connect pastes what make dev has printed, and returns its directory. The mount must be empty before the
// two writes, and must issue tokens after them.
func (s *pasteShell) connect(printed string) (directory string) {
	s.Helper()
	_, printed, _ = strings.Cut(printed, "In another terminal")
	exports, rest, _ := strings.Cut(printed, "two writes")
	s.pasteAll(exports)
	directory, _ = s.paste("pwd")
	directory = strings.TrimSpace(directory)
	if path, _ := s.paste("command -v vault"); strings.TrimSpace(path) != filepath.Join(directory, "bin/vault") {
		s.Errorf("vault is %s", path)
	}
	for _, path := range []string{"config", "roles/treasury"} {
		if said, status := s.paste("vault read paxos/" + path); status == 0 {
			s.Errorf("before it is connected, the mount has %s:\n%s", path, said)
		}
	}
	writes, rest, _ := strings.Cut(rest, "Then try it")
	if said := s.pasteAll(writes); strings.Count(said, "Success! Data written to") != 2 {
		s.Errorf("the two writes printed:\n%s", said)
	}
	if said := s.pasteAll(rest); strings.Count(said, "access_token ") != 2 {
		s.Errorf("after the two writes, the commands printed:\n%s", said)
	}
	return directory
}

// hasNone checks that none of the secrets is in the text that the demo has collected in its directory.
func (s *pasteShell) hasNone(text, directory string) {
	s.Helper()
	secrets, err := os.ReadFile(filepath.Join(directory, "secrets.txt"))
	if err != nil {
		s.Fatal(err)
	}
	all := slices.Compact(slices.Sorted(strings.Lines(string(secrets))))
	for _, secret := range all {
		if strings.Contains(text, strings.TrimSpace(secret)) {
			s.Errorf("the output of a command has a secret of %d characters", len(secret))
		}
	}
	if len(all) < 10 {
		s.Errorf("the demo has collected %d secrets", len(all))
	}
}
