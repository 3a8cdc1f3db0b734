package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"vault-plugin-secrets-paxos/scripts/stack"
)

// A shell is the bash of one page. All steps run in it one after the other, so that they share variables,
// functions and the working directory.
type shell struct {
	folder  string // has the text and the output of each step
	limit   time.Duration
	steps   int
	command *exec.Cmd
	input   io.WriteCloser // the shell runs what is written here
	results chan string    // the status of each step
	ended   chan struct{}  // closed when the shell has ended
}

// start starts the shell in the directory, with these variables in addition to those of this process.
func (s *shell) start(directory string, variables []string) error {
	output, status, err := os.Pipe()
	if err != nil {
		return err
	}
	defer func() { _ = status.Close() }() // the shell has its own copy of the file descriptor
	s.results, s.ended = make(chan string), make(chan struct{})
	s.command = stack.Shell(context.Background(), "exec bash --noprofile --norc -s")
	s.command.Env = append(s.command.Env, append(variables, "docs_folder="+s.folder)...)
	s.command.Dir, s.command.ExtraFiles = directory, []*os.File{status}
	s.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if s.input, err = s.command.StdinPipe(); err != nil {
		return errors.Join(err, output.Close())
	}
	if err := s.command.Start(); err != nil {
		return errors.Join(err, output.Close())
	}
	go s.follow(output)
	go func() {
		_ = s.command.Wait() // how it ended is told by the step that did not finish
		close(s.ended)
	}()
	return nil
}

// follow passes on the status of each step until the shell has ended.
func (s *shell) follow(output *os.File) {
	defer func() { _ = output.Close() }()
	for lines := bufio.NewScanner(output); lines.Scan(); {
		select {
		case s.results <- lines.Text():
		case <-s.ended:
			return
		}
	}
}

// close ends the shell and everything that it started.
func (s *shell) close() {
	_ = s.input.Close()
	_ = syscall.Kill(-s.command.Process.Pid, syscall.SIGTERM) // it fails only if all have ended
	select {
	case <-s.ended:
	case <-time.After(5 * time.Second):
	}
	_ = syscall.Kill(-s.command.Process.Pid, syscall.SIGKILL)
	<-s.ended
}

// The lines with which the shell runs a step. Its parameter is the number of the step. The status is
// stored by the last line of the step itself, so a step that stops early, by return or in an open
// here-document, is noticed. The steps cannot see the pipe to this process.
const (
	runStep = `docs_status=unfinished; set -eo pipefail -E
trap 'echo "$LINENO" >"$docs_folder/line"' ERR
. "$docs_folder/%[1]d.sh" >"$docs_folder/%[1]d.out" 2>&1 </dev/null 3>&-
echo "$docs_status" >&3
`
	// A step that may fail ends at the first command that fails, and must not end the shell.
	runFailing = `set +e; trap - ERR
( set -eo pipefail; . "$docs_folder/%[1]d.sh" ) >"$docs_folder/%[1]d.out" 2>&1 </dev/null 3>&-
docs_status=$?; set -e; echo "$docs_status" >&3
`
	storeStatus = "\ndocs_status=$?\n"
)

// A stepError is a step that did not do what it should have done.
type stepError struct {
	line   int // the line of the step that failed; 0: unknown
	reason string
}

// Error returns the reason.
func (e *stepError) Error() string { return e.reason }

// run runs the text as the next step. The step must fail if that is said, and must not otherwise.
func (s *shell) run(ctx context.Context, text string, fails bool) (output string, err error) {
	s.steps++
	how := runStep
	if fails {
		how = runFailing
	} else {
		text += storeStatus
	}
	if err := os.WriteFile(s.path(".sh"), []byte(text), 0o600); err != nil {
		return "", err
	}
	for _, name := range []string{"line", "failed"} {
		_ = os.Remove(filepath.Join(s.folder, name)) // it exists only if a command of an earlier step failed
	}
	status := "ended the shell"
	if _, err := fmt.Fprintf(s.input, how, s.steps); err == nil {
		status = s.await(ctx)
	}
	return s.output(), s.judge(status, fails)
}

// await waits until the step has ended, and returns its status.
func (s *shell) await(ctx context.Context) string {
	timer := time.NewTimer(s.limit)
	defer timer.Stop()
	select {
	case status := <-s.results:
		return status
	case <-s.ended:
		return "ended the shell"
	case <-timer.C:
		return fmt.Sprintf("did not end within %s", s.limit)
	case <-ctx.Done():
		return "was interrupted"
	}
}

// judge returns an error if the status of the step is not as it should be.
func (s *shell) judge(status string, fails bool) error {
	failed := &stepError{line: s.failedLine()}
	switch code, err := strconv.Atoi(status); {
	case status == "unfinished":
		failed.reason = "the block stopped before its end: it has a return, or a here-document without an end"
	case err != nil && failed.line > 0 && status == "ended the shell":
		failed.reason = "a command failed"
	case err != nil:
		failed.reason = "the block " + status
	case fails && code == 0:
		failed.reason = "the block must fail, and did not"
	case !fails && code != 0:
		failed.reason = fmt.Sprintf("the last command of the block failed with status %d", code)
	default:
		return nil
	}
	return failed
}

// failedLine returns the line of the step that failed; 0: unknown.
func (s *shell) failedLine() int {
	text, _ := os.ReadFile(filepath.Join(s.folder, "line")) // there is none if no command failed
	number, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return number
}

// output returns what the latest step has printed up to now.
func (s *shell) output() string {
	text, _ := os.ReadFile(s.path(".out")) // there is none if the step was not started
	return string(text)
}

// path returns the path of a file of the latest step.
func (s *shell) path(extension string) string {
	return filepath.Join(s.folder, strconv.Itoa(s.steps)+extension)
}
