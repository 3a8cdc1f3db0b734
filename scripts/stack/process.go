package stack

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// gracePeriod is how long a process may take to end after SIGTERM.
const gracePeriod = 10 * time.Second

// briefly is the interval of checks on processes of this machine.
const briefly = 50 * time.Millisecond

// A Process is a program that runs in the background. It is not in the process group of this
// process, so Ctrl-C does not reach it, and this process can stop it in the right order.
type Process struct {
	command *exec.Cmd
	ended   chan struct{} // closed when the process has ended
	err     error         // how it ended; set before ended is closed
}

// launch starts the command.
func launch(command *exec.Cmd) (*Process, error) {
	command.SysProcAttr = attributes()
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", command.Path, err)
	}
	p := &Process{command: command, ended: make(chan struct{})}
	go func() {
		p.err = command.Wait()
		close(p.ended)
	}()
	return p, nil
}

// PID returns the process id.
func (p *Process) PID() int { return p.command.Process.Pid }

// Ended returns a channel that is closed when the process has ended.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// Kill sends SIGKILL to the process and waits until it has ended.
func (p *Process) Kill() {
	_ = p.command.Process.Kill() // it fails only if the process has ended
	<-p.ended
}

// Stop sends SIGTERM to the process and waits until it has ended. It kills a process that takes longer
// than gracePeriod.
func (p *Process) Stop() {
	_ = p.command.Process.Signal(syscall.SIGTERM) // it fails only if the process has ended
	select {
	case <-p.ended:
	case <-time.After(gracePeriod):
		p.Kill()
	}
}

// Await calls the condition at each interval until it returns nil. If the context ends before, Await
// returns the last error of the condition.
func Await(ctx context.Context, interval time.Duration, condition func() error) error {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		err := condition()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		case <-ticker.C:
		}
	}
}

// create opens a file for the output of a process. Only the user may read it.
func create(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
}
