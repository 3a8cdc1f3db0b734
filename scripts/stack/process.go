package stack

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// gracePeriod is how long a process that was asked to end is given to do so.
const gracePeriod = 10 * time.Second

// briefly is the interval at which processes of this machine are asked how they are.
const briefly = 50 * time.Millisecond

// A Process is a program running in the background. It is not in our process group:
// Ctrl-C reaches us alone, and we end it in order.
type Process struct {
	command *exec.Cmd
	ended   chan struct{} // closed when the process has been waited for
	err     error         // how it ended; read after ended
}

// launch starts the command. Its output goes where the command says.
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

// PID is the process's number.
func (p *Process) PID() int { return p.command.Process.Pid }

// Ended is closed when the process is no more.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// Kill ends the process with SIGKILL, which it cannot notice, and waits for its end.
func (p *Process) Kill() {
	_ = p.command.Process.Kill() // it has ended already
	<-p.ended
}

// Stop asks the process to end and waits; one that takes too long is killed.
func (p *Process) Stop() {
	_ = p.command.Process.Signal(syscall.SIGTERM) // it has ended already
	select {
	case <-p.ended:
	case <-time.After(gracePeriod):
		p.Kill()
	}
}

// Await asks at each interval until the condition returns no error, and returns its
// last error if the context ends before.
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

// create opens a file for a process's output; only the user may read it.
func create(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
}
