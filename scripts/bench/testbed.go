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

// A testbed is a Vault with both plugins, and a stand-in Paxos, which is asked for one token per
// path and has nothing more to do. Storage is in memory: for either plugin a lease costs two
// writes, which on a slow disk would take longer than all that is to be compared.
type testbed struct {
	*stack.Stack
	paxos  *paxostest.Server
	client *api.Client
}

// newTestbed starts Vault and the stand-in, and mounts both plugins.
func newTestbed(ctx context.Context, vault string) (*testbed, error) {
	server, err := stack.Start(ctx, stack.Options{Vault: vault, LogLevel: "warn", InMemory: true})
	if err != nil {
		return nil, err
	}
	t := &testbed{Stack: server}
	for _, step := range []func(context.Context) error{t.connect, t.mountEngine, t.configure, t.mountNothing} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, t.close())
		}
	}
	return t, nil
}

// close stops everything.
func (t *testbed) close() error {
	if t.paxos != nil {
		t.paxos.Close()
	}
	return t.Close()
}

// connect starts the stand-in Paxos and makes a client of Vault.
func (t *testbed) connect(context.Context) (err error) {
	if t.paxos, err = paxostest.Start(paxostest.Options{}); err != nil {
		return err
	}
	t.client, err = t.Client(t.RootToken)
	return err
}

// mountEngine enables the engine at paxos/.
func (t *testbed) mountEngine(ctx context.Context) error {
	if err := t.Register(ctx, t.Plugin); err != nil {
		return err
	}
	return t.Mount(ctx, "paxos")
}

// configure gives the engine a client and a role called app.
func (t *testbed) configure(ctx context.Context) error {
	const scope = "funding:read_profile"
	credential, secret, err := t.paxos.CreateCredential(paxostest.Credential{Scopes: []string{scope}})
	if err != nil {
		return err
	}
	for _, write := range []struct {
		path string
		data map[string]any
	}{
		{"config/connection", map[string]any{"token_url": t.paxos.TokenURL(), "revoke_url": t.paxos.RevokeURL(),
			"api_url": t.paxos.APIURL()}},
		{"config", map[string]any{"environment": "custom", "client_id": credential.ClientID, "client_secret": secret}},
		{"roles/app", map[string]any{"scopes": scope}},
	} {
		if _, err := t.client.Logical().WriteWithContext(ctx, "paxos/"+write.path, write.data); err != nil {
			return fmt.Errorf("configuring the engine: %w", err)
		}
	}
	return nil
}

// mountNothing builds the plugin that does nothing, in the same way as the engine, and enables it.
func (t *testbed) mountNothing(ctx context.Context) error {
	binary := filepath.Join(filepath.Dir(t.Plugin), nothing)
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
	sys := t.client.Sys()
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
func (t *testbed) pairs() []pair {
	var pairs []pair
	for _, kind := range []struct {
		name   string
		leased bool
	}{{"token/", false}, {"creds/", true}} {
		pairs = append(pairs, pair{
			name:    kind.name,
			ours:    side{testbed: t, path: "paxos/" + kind.name + "app", leased: kind.leased},
			nothing: side{testbed: t, path: nothing + "/" + kind.name + "app", leased: kind.leased},
		})
	}
	return pairs
}
