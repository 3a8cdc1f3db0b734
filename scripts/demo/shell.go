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
	"syscall"
	"time"

	"vault-plugin-secrets-paxos/scripts/stack"
)

// commandLimit is how long one command may take. It allows for slow machines.
const commandLimit = time.Minute

// A shell is one sh in which commands run one after the other, as in a terminal: they share variables,
// the working directory and programs in the background.
type shell struct {
	folder   string // has the text and the output of the latest command
	command  *exec.Cmd
	input    io.WriteCloser // the shell runs what is written here
	statuses chan string    // the exit status of each command
	ended    chan struct{}  // closed when the shell has ended
}

// openShell starts a shell. It is the first process of a process group, in which all programs are that
// the commands start.
func openShell() (*shell, error) {
	folder, err := os.MkdirTemp("", "demo-shell-")
	if err != nil {
		return nil, fmt.Errorf("making a directory: %w", err)
	}
	s := &shell{folder: folder, statuses: make(chan string), ended: make(chan struct{})}
	if err := s.start(); err != nil {
		return nil, errors.Join(fmt.Errorf("starting a shell: %w", err), os.RemoveAll(folder))
	}
	return s, nil
}

// start starts the process, and follows it until it ends.
func (s *shell) start() error {
	output, status, err := os.Pipe()
	if err != nil {
		return err
	}
	defer status.Close() // the shell has its own copy of the file descriptor
	s.command = stack.Shell(context.Background(), "exec sh -s")
	s.command.ExtraFiles = []*os.File{status}
	s.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if s.input, err = s.command.StdinPipe(); err == nil {
		err = s.command.Start()
	}
	if err != nil {
		return errors.Join(err, output.Close())
	}
	go s.follow(output)
	go func() {
		_ = s.command.Wait() // the command that did not end says how the shell ended
		close(s.ended)
	}()
	return nil
}

// follow passes on the status of each command until the shell has ended.
func (s *shell) follow(output *os.File) {
	defer output.Close()
	for lines := bufio.NewScanner(output); lines.Scan(); {
		select {
		case s.statuses <- lines.Text():
		case <-s.ended:
			return
		}
	}
}

// runFile is what the shell is told: run the file without input, and write its exit status to the pipe.
const runFile = ". '%[1]s' >'%[2]s' 2>&1 </dev/null 3>&-\necho $? >&3\n"

// run runs the text and returns what it printed, errors included, and its exit status.
func (s *shell) run(ctx context.Context, text string) (output string, status int, err error) {
	typed, printed := filepath.Join(s.folder, "typed"), filepath.Join(s.folder, "printed")
	if err := os.WriteFile(typed, []byte(text+"\n"), 0o600); err != nil {
		return "", 0, err
	}
	if _, err = fmt.Fprintf(s.input, runFile, typed, printed); err == nil {
		status, err = s.await(ctx)
	}
	said, _ := os.ReadFile(printed) // there is none if the command was not started
	return string(said), status, err
}

// await waits until the command has ended, and returns its exit status.
func (s *shell) await(ctx context.Context) (int, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, commandLimit, fmt.Errorf("it did not end within %s", commandLimit))
	defer cancel()
	select {
	case status := <-s.statuses:
		return strconv.Atoi(status)
	case <-s.ended:
		return 0, errors.New("it ended the shell")
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
}

// close ends the shell and every program that its commands have started.
func (s *shell) close() error {
	group := -s.command.Process.Pid
	_ = s.input.Close()
	_ = syscall.Kill(group, syscall.SIGTERM) // it fails only if all have ended
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err := stack.Await(ctx, 20*time.Millisecond, func() error {
		if syscall.Kill(group, 0) == nil {
			return errors.New("a program that the demo started did not end on SIGTERM")
		}
		return nil
	})
	if err != nil {
		_ = syscall.Kill(group, syscall.SIGKILL)
	}
	<-s.ended
	return errors.Join(err, os.RemoveAll(s.folder))
}
