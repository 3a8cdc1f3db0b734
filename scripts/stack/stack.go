package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// Options configure a Stack.
type Options struct {
	Vault    string // the path of the vault binary
	Plugin   string // the path of the plugin's binary, which is called PluginName; empty: it is built
	LogLevel string // of the server and its plugins
	InMemory bool   // storage is in memory, not in files, so that a restart loses all data
}

// A Stack is a Vault server and the plugin's binary, in a directory that is removed with it.
type Stack struct {
	*Vault
	Directory string
	Plugin    string // the path of the plugin's binary, in the plugin directory of the server
}

// Start starts a server, initialises it and unseals it. It registers and enables nothing.
func Start(ctx context.Context, options Options) (*Stack, error) {
	directory, err := os.MkdirTemp("", "vault-paxos-")
	if err != nil {
		return nil, fmt.Errorf("making a directory: %w", err)
	}
	s := &Stack{Directory: directory, Plugin: options.Plugin}
	if s.Plugin == "" {
		s.Plugin, err = Build(ctx, filepath.Join(directory, "plugins"), PluginName)
	}
	if err == nil {
		s.Vault, err = startVault(ctx, &Vault{
			binary: options.Vault, directory: directory, plugins: filepath.Dir(s.Plugin),
			logLevel: options.LogLevel, inMemory: options.InMemory,
		})
	}
	if err != nil {
		_ = os.RemoveAll(directory) // the first error is the one to report
		return nil, err
	}
	return s, nil
}

// Close stops the server and removes the directory. The plugins must end with the server: a plugin that
// does not is killed, and is an error.
func (s *Stack) Close() error {
	plugins, err := s.PluginPIDs()
	s.Stop()
	err = errors.Join(err, awaitEnds(plugins), os.RemoveAll(s.Directory))
	if err != nil {
		return fmt.Errorf("cleaning up: %w", err)
	}
	return nil
}

// awaitEnds waits until the processes have ended. A process that does not end is killed, and is an
// error.
func awaitEnds(pids []int) error {
	ctx, cancel := context.WithTimeout(context.Background(), gracePeriod)
	defer cancel()
	var all error
	for _, pid := range pids {
		err := Await(ctx, briefly, func() error { return Ended(pid) })
		if err != nil {
			all = errors.Join(all, err, syscall.Kill(pid, syscall.SIGKILL))
		}
	}
	return all
}
