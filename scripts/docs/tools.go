package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"vault-plugin-secrets-paxos/scripts/stack"
)

// release is the version that the programs report while pages are run. Pages show it.
const release = "v0.1.0"

// Tools are the programs that pages use, built once.
type tools struct {
	directory  string
	repository string // the path of the repository
	vault      string
	caches     []string // variables for pages that build something with Go
}

// install builds the programs and finds a Vault.
func install(ctx context.Context) (t *tools, err error) {
	t = &tools{vault: os.Getenv("VAULT_BIN")}
	if t.repository, err = os.Getwd(); err != nil {
		return nil, err
	}
	if t.vault == "" {
		said, err := exec.CommandContext(ctx, filepath.Join("scripts", "vault", "build.sh")).Output()
		if err != nil {
			return nil, fmt.Errorf("building Vault: %w", err)
		}
		t.vault = string(bytes.TrimSpace(said))
	}
	if t.vault, err = filepath.Abs(t.vault); err != nil {
		return nil, err
	}
	if t.directory, err = os.MkdirTemp("", "paxos-docs-"); err != nil {
		return nil, err
	}
	if err := t.build(ctx); err != nil {
		t.remove()
		return nil, err
	}
	return t, nil
}

// build builds the programs.
func (t *tools) build(ctx context.Context) error {
	for _, name := range []string{stack.SandboxName, stack.ProxyName, stack.ReportName, stack.PluginName} {
		folder := t.bin()
		if name == stack.PluginName {
			folder = t.directory
		}
		if _, err := stack.BuildRelease(ctx, folder, name, release); err != nil {
			return err
		}
	}
	said, err := exec.CommandContext(ctx, "go", "env", "GOCACHE", "GOMODCACHE").Output()
	if err != nil {
		return fmt.Errorf("asking Go for its caches: %w", err)
	}
	folders := strings.Fields(string(said))
	if len(folders) != 2 {
		return fmt.Errorf("go names the caches %q", said)
	}
	t.caches = []string{"GOCACHE=" + folders[0], "GOMODCACHE=" + folders[1]}
	return nil
}

// bin returns the folder of the programs that pages use by name.
func (t *tools) bin() string { return filepath.Join(t.directory, "bin") }

// plugin returns the path of the plugin.
func (t *tools) plugin() string { return filepath.Join(t.directory, stack.PluginName) }

// library returns the folder of the scripts of pages.
func (t *tools) library() string { return filepath.Join(t.repository, "scripts", "docs", "pages") }

// path returns the PATH of a page.
func (t *tools) path() string {
	folders := []string{filepath.Join(t.library(), "bin"), t.bin(), os.Getenv("PATH")}
	return strings.Join(folders, string(os.PathListSeparator))
}

// freeAddress returns an address of this machine on which nothing listens.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}

// remove removes the programs.
func (t *tools) remove() { _ = os.RemoveAll(t.directory) }
