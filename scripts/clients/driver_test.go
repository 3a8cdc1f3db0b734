package clients

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// A driver is a client in another language: a program in the directory drivers, which uses a library of
// Vault. Each line that it reads is a call, and each line that it writes is the outcome, both as JSON.
type driver struct {
	calls    *json.Encoder
	outcomes *json.Decoder
}

// An outcome is what a driver writes.
type outcome struct {
	Answer *answer `json:"answer"`
	Error  string  `json:"error"` // as the library gives it to an application
}

// newDriver starts the interpreter with a driver.
func newDriver(m *mount, interpreter, name string, environment ...string) client {
	file, err := filepath.Abs(filepath.Join("drivers", name))
	if err != nil {
		m.Fatal(err)
	}
	command := exec.Command(interpreter, file)
	command.Dir, command.Stderr = m.TempDir(), os.Stderr
	command.Env = append([]string{"PATH=" + os.Getenv("PATH"), "VAULT_ADDR=" + m.server.Address}, environment...)
	in, err := command.StdinPipe()
	if err != nil {
		m.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		m.Fatal(err)
	}
	m.Cleanup(func() { stopDriver(m, command, in) })
	return &driver{json.NewEncoder(in), json.NewDecoder(out)}
}

// stopDriver closes the input of the driver, which then ends.
func stopDriver(m *mount, command *exec.Cmd, in io.Closer) {
	kill := time.AfterFunc(patience, func() { _ = command.Process.Kill() })
	defer kill.Stop()
	if err := errors.Join(in.Close(), command.Wait()); err != nil {
		m.Errorf("%s: %v", filepath.Base(command.Path), err)
	}
}

// call makes the driver call the method.
func (d *driver) call(method string, arguments map[string]any) (answer, error) {
	if err := d.calls.Encode(map[string]any{"method": method, "arguments": arguments}); err != nil {
		return answer{}, fmt.Errorf("calling the driver: %w", err)
	}
	var said outcome
	if err := d.outcomes.Decode(&said); err != nil {
		return answer{}, fmt.Errorf("reading from the driver: %w", err)
	}
	if said.Answer == nil {
		return answer{}, errors.New(said.Error)
	}
	return *said.Answer, nil
}

func (d *driver) Login(_ context.Context, roleID, secretID string) error {
	_, err := d.call("login", map[string]any{"role_id": roleID, "secret_id": secretID})
	return err
}

func (d *driver) Read(_ context.Context, path string) (answer, error) {
	return d.call("read", map[string]any{"path": path})
}

func (d *driver) Write(_ context.Context, path string, data map[string]any) (answer, error) {
	return d.call("write", map[string]any{"path": path, "data": data})
}

func (d *driver) Renew(_ context.Context, lease string, increment time.Duration) (time.Duration, error) {
	renewed, err := d.call("renew", map[string]any{"lease_id": lease, "increment": int(increment.Seconds())})
	return time.Duration(renewed.LeaseDuration) * time.Second, err
}

func (d *driver) Revoke(_ context.Context, lease string) error {
	_, err := d.call("revoke", map[string]any{"lease_id": lease})
	return err
}

func (d *driver) Logout(context.Context) error {
	_, err := d.call("logout", nil)
	return err
}
