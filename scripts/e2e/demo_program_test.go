package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/scripts/stack"
)

// demoPatience is how long the demo may take. It allows for slow machines that run other tests too.
const demoPatience = 4 * time.Minute

// demoBinary builds the demo once.
var demoBinary = sync.OnceValues(func() (string, error) {
	binary, err := filepath.Abs("../../bin/demo") // as make demo does; Git ignores it
	if err != nil {
		return "", err
	}
	said, err := exec.Command("go", "build", "-o", binary, "vault-plugin-secrets-paxos/scripts/demo").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building the demo: %w\n%s", err, said)
	}
	return binary, nil
})

// A demo is a demo that was started as a program.
type demo struct {
	command *exec.Cmd
	output  *outputBuffer // of the program, errors included
	home    string        // where it makes its temporary directories; every process that it starts has this in TMPDIR
	ended   chan struct{}
}

// startDemo starts the demo with more variables in its environment.
func startDemo(arguments, variables []string) (*demo, error) {
	binary, err := demoBinary()
	if err != nil {
		return nil, err
	}
	home, err := os.MkdirTemp("", "demo-") // not TempDir of the test: paths of sockets must be short
	if err != nil {
		return nil, err
	}
	d := &demo{exec.Command(binary, arguments...), &outputBuffer{}, home, make(chan struct{})}
	d.command.Stdout, d.command.Stderr = d.output, d.output
	d.command.Env = append(append(os.Environ(), "TMPDIR="+home), variables...)
	d.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := d.command.Start(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(home))
	}
	go func() {
		_ = d.command.Wait() // its exit code is asked for later
		close(d.ended)
	}()
	return d, nil
}

// wait waits until the demo has ended, and returns its exit code.
func (d *demo) wait() (int, error) {
	select {
	case <-d.ended:
		return d.command.ProcessState.ExitCode(), nil
	case <-time.After(demoPatience):
		_ = d.command.Process.Kill()
		return 0, fmt.Errorf("it did not end within %s; it has printed:\n%s", demoPatience, d.output)
	}
}

// says waits until the demo has printed the text.
func (d *demo) says(t *testing.T, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), demoPatience)
	defer cancel()
	err := stack.Await(ctx, 20*time.Millisecond, func() error {
		select {
		case <-d.ended:
			cancel()
		default:
		}
		if !strings.Contains(d.output.String(), text) {
			return fmt.Errorf("the demo has not printed %q", text)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("%v; it has printed:\n%s", err, d.output)
	}
}

// interrupt sends SIGINT to the demo only, as `make` does not pass it on, and returns the exit code.
func (d *demo) interrupt(t *testing.T) int {
	t.Helper()
	if err := d.command.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	code, err := d.wait()
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// leftovers returns what is left after the demo has ended: processes that it has started, and files in its
// directory. It removes the files.
func (d *demo) leftovers() (left []string) {
	listing, err := exec.Command("ps", "axeww", "-o", "pid=,command=").Output() // e: with the environment
	if err != nil {
		left = append(left, err.Error())
	}
	for line := range strings.Lines(string(listing)) {
		if strings.Contains(line, "="+d.home) {
			left = append(left, "a process: "+line[:min(80, len(line))])
		}
	}
	files, err := filepath.Glob(filepath.Join(d.home, "*"))
	if err := errors.Join(err, os.RemoveAll(d.home)); err != nil {
		left = append(left, err.Error())
	}
	return append(left, files...)
}

// An outputBuffer is what a program has printed up to now.
type outputBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write adds to the text.
func (b *outputBuffer) Write(text []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(text)
}

// String returns the text.
func (b *outputBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
