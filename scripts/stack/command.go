package stack

import (
	"context"
	"io"
	"os/exec"
)

// Command prepares a Vault command as a person with this token would type it. The command is killed
// when the context ends.
func (v *Vault) Command(ctx context.Context, token string, input io.Reader, arguments ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, v.binary, arguments...)
	command.Dir, command.Stdin = v.directory, input
	command.Env = v.environment("VAULT_ADDR="+v.Address, "VAULT_TOKEN="+token)
	return command
}

// Launch starts a Vault command that does not end by itself, such as an agent. Its output goes to the
// writer.
func (v *Vault) Launch(output io.Writer, arguments ...string) (*Process, error) {
	command := exec.Command(v.binary, arguments...)
	command.Dir, command.Stdout, command.Stderr = v.directory, output, output
	command.Env = v.environment("VAULT_ADDR=" + v.Address)
	return launch(command)
}
