package clients

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// A program is a running example. What it writes is kept.
type program struct {
	*mount
	command *exec.Cmd
	ended   chan error

	mu     sync.Mutex
	output bytes.Buffer
}

// Write keeps what the program writes.
func (p *program) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.Write(text)
}

// text returns what the program has written.
func (p *program) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.String()
}

// lines returns how many of the program's lines are of a success.
func (p *program) lines() int { return strings.Count(p.text(), success) }

// launch starts a command in a directory, with this environment and PATH.
func (m *mount) launch(directory string, environment []string, command ...string) *program {
	m.Helper()
	p := &program{mount: m, command: exec.Command(command[0], command[1:]...), ended: make(chan error, 1)}
	p.command.Dir, p.command.Stdout, p.command.Stderr = directory, p, p
	p.command.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + directory}, environment...)
	if err := p.command.Start(); err != nil {
		m.Fatal(err)
	}
	go func() { p.ended <- p.command.Wait() }()
	m.Cleanup(func() {
		_ = p.command.Process.Kill() // it fails if the program has ended
		if m.Failed() {
			m.Logf("%s wrote:\n%s", command[0], p.text())
		}
	})
	return p
}

// awaitEnd waits until the program has ended, and returns how.
func (p *program) awaitEnd() error {
	p.Helper()
	select {
	case err := <-p.ended:
		return err
	case <-time.After(patience):
		p.Fatal("the program does not end")
		return nil
	}
}

// stop ends the program as a service manager does. It must end with success.
func (p *program) stop() {
	p.Helper()
	if err := errors.Join(p.command.Process.Signal(syscall.SIGTERM), p.awaitEnd()); err != nil {
		p.Errorf("after SIGTERM: %v", err)
	}
}

// awaitSuccess waits until the program has succeeded this number of times more.
func (p *program) awaitSuccess(count int) {
	p.Helper()
	before := p.lines()
	await(p.T, func() error {
		if got := p.lines(); got < before+count {
			return fmt.Errorf("%d successes more, want %d", got-before, count)
		}
		return nil
	})
}

// expectNoSecret checks that the program wrote no secret of the mount.
func (p *program) expectNoSecret() {
	p.Helper()
	p.mount.mu.Lock()
	defer p.mount.mu.Unlock()
	for _, secret := range p.secrets {
		if strings.Contains(p.text(), secret) {
			p.Errorf("the program wrote a secret that begins with %.4q", secret)
		}
	}
}
