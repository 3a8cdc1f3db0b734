package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"vault-plugin-secrets-paxos/scripts/docs/page"
	"vault-plugin-secrets-paxos/scripts/stack"
)

// Settings are the flags of the program.
type settings struct {
	update bool
	limit  time.Duration
}

// play runs the page on a server of its own.
func (t *tools) play(ctx context.Context, p *page.Page, s settings) (played *scenario, err error) {
	played = &scenario{Page: p, settings: s, updates: map[*page.Block]string{}}
	if !p.Runs() {
		return played, nil
	}
	directory, err := os.MkdirTemp(t.directory, "page-")
	if err != nil {
		return played, err
	}
	server, err := t.serve(ctx, directory)
	if err != nil {
		return played, err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	if err := t.open(played, server, directory); err != nil {
		return played, err
	}
	defer played.shell.close()
	if err := played.setUp(ctx, t); err != nil {
		return played, err
	}
	return played, errors.Join(played.blocks(ctx), played.late())
}

// open starts the shell of the page. It works in an empty directory, and its home is another one.
func (t *tools) open(played *scenario, server *stack.Stack, directory string) error {
	sandbox, err := freeAddress()
	if err != nil {
		return err
	}
	played.names = newTranslation(server.Address)
	played.names.add("127.0.0.1:8300", sandbox)
	steps, home, work := filepath.Join(directory, "steps"), filepath.Join(directory, "home"),
		filepath.Join(directory, "work")
	for _, folder := range []string{steps, home, work} {
		if err := os.Mkdir(folder, 0o700); err != nil {
			return err
		}
	}
	if isExample(played.Path) {
		if err := os.Symlink(filepath.Join(t.repository, "docs"), filepath.Join(work, "docs")); err != nil {
			return err
		}
	}
	played.shell = shell{folder: steps, limit: played.settings.limit}
	return played.shell.start(work, append(t.variables(server, home), "docs_sandbox_address="+sandbox))
}

// serve starts a server with the plugin registered, in the directory.
func (t *tools) serve(ctx context.Context, directory string) (*stack.Stack, error) {
	plugin := filepath.Join(directory, "plugins", stack.PluginName)
	if err := os.Mkdir(filepath.Dir(plugin), 0o700); err != nil {
		return nil, err
	}
	if err := os.Link(t.plugin(), plugin); err != nil {
		return nil, err
	}
	server, err := stack.Start(ctx, stack.Options{Vault: t.vault, Plugin: plugin, LogLevel: "info", InMemory: true})
	if err != nil {
		return nil, err
	}
	if err := server.Register(ctx, plugin); err != nil {
		return nil, errors.Join(err, server.Close())
	}
	return server, nil
}

// variables returns the environment of a page.
func (t *tools) variables(server *stack.Stack, home string) []string {
	return append([]string{
		"VAULT_ADDR=" + server.Address, "VAULT_TOKEN=" + server.RootToken,
		"HOME=" + home, "PATH=" + t.path(),
		"LC_ALL=C.UTF-8", "TZ=UTC",
		"docs_vault=" + t.vault, "docs_bin=" + t.bin(), "docs_repository=" + t.repository, "docs_plugin=" + server.Plugin,
		"docs_server_log=" + server.LogPath(), "docs_unseal_key=" + server.UnsealKey(),
	}, t.caches...)
}
