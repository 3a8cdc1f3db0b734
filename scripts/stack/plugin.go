package stack

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/hashicorp/vault/api"
)

// Checksum returns the SHA-256 of a file in hexadecimal, by which Vault identifies a plugin.
func Checksum(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }() // it was only read
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return "", fmt.Errorf("reading %s: %w", path, err)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// Register registers the plugin's binary, which must be in the plugin directory of the server. Vault
// takes the version that the plugin reports.
func (v *Vault) Register(ctx context.Context, binary string) error {
	sum, err := Checksum(binary)
	if err != nil {
		return err
	}
	client, err := v.Client(v.RootToken)
	if err != nil {
		return err
	}
	err = client.Sys().RegisterPluginWithContext(ctx, &api.RegisterPluginInput{
		Name: PluginName, Type: api.PluginTypeSecrets, Command: filepath.Base(binary), SHA256: sum,
	})
	if err != nil {
		return fmt.Errorf("registering the plugin: %w", err)
	}
	return nil
}

// Mount enables the plugin at the path.
func (v *Vault) Mount(ctx context.Context, path string) error {
	client, err := v.Client(v.RootToken)
	if err != nil {
		return err
	}
	if err := client.Sys().MountWithContext(ctx, path, &api.MountInput{Type: PluginName}); err != nil {
		return fmt.Errorf("enabling the plugin: %w", err)
	}
	return nil
}

// ReloadPlugin makes Vault restart the plugin for all its mounts.
func (v *Vault) ReloadPlugin(ctx context.Context) error {
	client, err := v.Client(v.RootToken)
	if err != nil {
		return err
	}
	if _, err := client.Sys().ReloadPluginWithContext(ctx, &api.ReloadPluginInput{Plugin: PluginName}); err != nil {
		return fmt.Errorf("reloading the plugin: %w", err)
	}
	return nil
}

// PluginPIDs returns the process ids of the plugin, in any version, that the server has started.
func (v *Vault) PluginPIDs() ([]int, error) {
	entries, err := table()
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, e := range entries {
		if e.parent == v.PID() && strings.HasPrefix(filepath.Base(e.program), PluginName) && !e.dead {
			pids = append(pids, e.pid)
		}
	}
	return pids, nil
}

// KillPlugin sends SIGKILL to the processes of the plugin and returns their ids.
func (v *Vault) KillPlugin() ([]int, error) {
	pids, err := v.PluginPIDs()
	if err != nil {
		return nil, err
	}
	for _, pid := range pids {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			return nil, fmt.Errorf("killing the plugin: %w", err)
		}
	}
	return pids, nil
}
