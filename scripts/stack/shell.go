package stack

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// rootTokenFile is where InstallTools writes the root token, in the directory of the server.
const rootTokenFile = "root-token"

// InstallTools makes the commands of the server usable from a shell: it puts vault (on OpenBao, bao too)
// and the programs of this module with these names into the directory bin, and the root token into a
// file. It returns the line that a person types first.
func (s *Stack) InstallTools(ctx context.Context, programs ...string) (line string, err error) {
	tools := filepath.Join(s.Directory, "bin")
	if err := os.MkdirAll(tools, 0o700); err != nil {
		return "", err
	}
	binary, err := filepath.Abs(s.binary)
	if err != nil {
		return "", err
	}
	for _, name := range slices.Compact([]string{"vault", s.Product.Command()}) {
		if err := os.Symlink(binary, filepath.Join(tools, name)); err != nil {
			return "", fmt.Errorf("linking %s: %w", name, err)
		}
	}
	for _, name := range programs {
		if _, err := Build(ctx, tools, name); err != nil {
			return "", err
		}
	}
	if err := os.WriteFile(filepath.Join(s.Directory, rootTokenFile), []byte(s.RootToken), 0o600); err != nil {
		return "", err
	}
	return fmt.Sprintf("cd %s && export PATH=$PWD/bin:$PATH VAULT_ADDR=%s VAULT_TOKEN=$(cat %s)", s.Directory,
		s.Address, rootTokenFile), nil
}

// Shell prepares lines as a person types them into a shell. The shell is killed when the context ends.
func Shell(ctx context.Context, lines string) *exec.Cmd {
	command := exec.CommandContext(ctx, "sh", "-c", lines)
	command.Env = environment()
	return command
}

// LaunchShell starts lines that end with a program which does not end by itself. The shell must become
// that program (exec), so that Stop reaches it. Its output goes to a file.
func LaunchShell(lines, output string) (*Process, error) {
	out, err := create(output)
	if err != nil {
		return nil, err
	}
	defer func() { _ = out.Close() }() // the process has its own copy of the file descriptor
	command := Shell(context.Background(), lines)
	command.Stdout, command.Stderr = out, out
	return launch(command)
}
