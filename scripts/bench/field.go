package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"

	"github.com/hashicorp/vault/api"

	"vault-plugin-secrets-paxos/backend/paxostest"
	"vault-plugin-secrets-paxos/scripts/stack"
)

// nothing is the name of the plugin that does nothing, and the path of its mount.
const nothing = "nothing"

// A field is a Vault with both plugins, and a stand-in Paxos, which is asked for one token per path and
// has nothing more to do. Storage is in memory: for either plugin a lease costs two writes, which on a
// slow disk would take longer than all that is to be compared.
type field struct {
	*stack.Stack
	paxos  *paxostest.Server
	client *api.Client
}

// newField starts Vault and the stand-in, and mounts both plugins.
func newField(ctx context.Context, vault string) (*field, error) {
	server, err := stack.Start(ctx, stack.Options{Vault: vault, LogLevel: "warn", InMemory: true})
	if err != nil {
		return nil, err
	}
	f := &field{Stack: server}
	for _, step := range []func(context.Context) error{f.connect, f.mountEngine, f.configure, f.mountNothing} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, f.close())
		}
	}
	return f, nil
}

// close stops everything.
func (f *field) close() error {
	if f.paxos != nil {
		f.paxos.Close()
	}
	return f.Close()
}

// connect starts the stand-in Paxos and makes a client of Vault.
func (f *field) connect(context.Context) (err error) {
	if f.paxos, err = paxostest.Start(paxostest.Options{}); err != nil {
		return err
	}
	f.client, err = f.Client(f.RootToken)
	return err
}

// mountEngine enables the engine at paxos/.
func (f *field) mountEngine(ctx context.Context) error {
	if err := f.Register(ctx, f.Plugin); err != nil {
		return err
	}
	return f.Mount(ctx, "paxos")
}

// configure gives the engine a client and a role called app.
func (f *field) configure(ctx context.Context) error {
	const scope = "funding:read_profile"
	credential, secret, err := f.paxos.CreateCredential(paxostest.Credential{Scopes: []string{scope}})
	if err != nil {
		return err
	}
	for _, write := range []struct {
		path string
		data map[string]any
	}{
		{"config/connection", map[string]any{"token_url": f.paxos.TokenURL(), "revoke_url": f.paxos.RevokeURL(),
			"api_url": f.paxos.APIURL()}},
		{"config", map[string]any{"environment": "custom", "client_id": credential.ClientID, "client_secret": secret}},
		{"roles/app", map[string]any{"scopes": scope}},
	} {
		if _, err := f.client.Logical().WriteWithContext(ctx, "paxos/"+write.path, write.data); err != nil {
			return fmt.Errorf("configuring the engine: %w", err)
		}
	}
	return nil
}

// mountNothing builds the plugin that does nothing, in the same way as the engine, and enables it.
func (f *field) mountNothing(ctx context.Context) error {
	binary := filepath.Join(filepath.Dir(f.Plugin), nothing)
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", binary,
		"vault-plugin-secrets-paxos/scripts/bench/"+nothing)
	build.Env = append(build.Environ(), "CGO_ENABLED=0")
	if said, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("building %s: %w\n%s", nothing, err, said)
	}
	sum, err := stack.Checksum(binary)
	if err != nil {
		return err
	}
	sys := f.client.Sys()
	if err := sys.RegisterPluginWithContext(ctx, &api.RegisterPluginInput{
		Name: nothing, Type: api.PluginTypeSecrets, Command: nothing, SHA256: sum,
	}); err != nil {
		return fmt.Errorf("registering %s: %w", nothing, err)
	}
	if err := sys.MountWithContext(ctx, nothing, &api.MountInput{Type: nothing}); err != nil {
		return fmt.Errorf("enabling %s: %w", nothing, err)
	}
	return nil
}

// pairs returns the paths to compare.
func (f *field) pairs() []pair {
	var pairs []pair
	for _, kind := range []struct {
		name   string
		leased bool
	}{{"token/", false}, {"creds/", true}} {
		pairs = append(pairs, pair{
			name:    kind.name,
			ours:    side{field: f, path: "paxos/" + kind.name + "app", leased: kind.leased},
			nothing: side{field: f, path: nothing + "/" + kind.name + "app", leased: kind.leased},
		})
	}
	return pairs
}
