package stack

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// InstallTools makes the commands of the server usable from a shell: it puts vault (on OpenBao, bao too)
// and the programs of this module with these names into the directory bin, and the root token into the
// file root-token.
func (s *Stack) InstallTools(ctx context.Context, programs ...string) error {
	tools := filepath.Join(s.Directory, "bin")
	if err := os.MkdirAll(tools, 0o700); err != nil {
		return err
	}
	binary, err := filepath.Abs(s.binary)
	if err != nil {
		return err
	}
	for _, name := range slices.Compact([]string{"vault", s.Product.Command()}) {
		if err := os.Symlink(binary, filepath.Join(tools, name)); err != nil {
			return fmt.Errorf("linking %s: %w", name, err)
		}
	}
	for _, name := range programs {
		if _, err := Build(ctx, tools, name); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(s.Directory, "root-token"), []byte(s.RootToken), 0o600)
}

// Shell prepares lines as a person types them into a shell. The shell is killed when the context ends.
func Shell(ctx context.Context, lines string) *exec.Cmd {
	command := exec.CommandContext(ctx, "sh", "-c", lines)
	command.Env = environment()
	return command
}
