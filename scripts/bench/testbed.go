package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/hashicorp/vault/api"

	"vault-plugin-secrets-paxos/backend/paxostest"
	"vault-plugin-secrets-paxos/scripts/stack"
)

// ours is the path of the mount of the engine. baseline is the name of the plugin that it is compared
// with, and the path of its mount.
const (
	ours     = "paxos"
	baseline = "baseline"
)

// A testbed is a Vault with both plugins, and a stand-in Paxos, which is asked for one token per
// path and has nothing more to do. Storage is in memory by default: for either plugin a lease costs two
// writes, which on a slow disk would take longer than all that is to be compared.
type testbed struct {
	*stack.Stack
	stop     func() error // of Vault
	paxos    *paxostest.Server
	client   *api.Client
	root     paxostest.Credential // of the engine's mount
	baseline string               // the binary of another build of the engine; empty: the plugin that does nothing
}

// newTestbed starts Vault and the stand-in, and mounts both plugins.
func newTestbed(ctx context.Context, vault string, o options) (*testbed, error) {
	t := &testbed{baseline: o.baseline}
	if err := t.start(ctx, stack.Options{Vault: vault, LogLevel: "warn", InMemory: o.storage == inMemory},
		o.storage); err != nil {
		return nil, err
	}
	for _, step := range []func(context.Context) error{t.connect, t.mountEngine, t.mountBaseline} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, t.close())
		}
	}
	return t, nil
}

// start starts Vault.
func (t *testbed) start(ctx context.Context, options stack.Options, storage string) (err error) {
	if storage == byRaft {
		cluster, err := stack.StartCluster(ctx, options, 1)
		if err != nil {
			return err
		}
		t.Stack, t.stop = cluster.Nodes[0], cluster.Close
		return nil
	}
	if t.Stack, err = stack.Start(ctx, options); err != nil {
		return err
	}
	t.stop = t.Stack.Close
	return nil
}

// close stops everything.
func (t *testbed) close() error {
	if t.paxos != nil {
		t.paxos.Close()
	}
	return t.stop()
}

// connect starts the stand-in Paxos and makes a client of Vault.
func (t *testbed) connect(context.Context) (err error) {
	if t.paxos, err = paxostest.Start(paxostest.Options{}); err != nil {
		return err
	}
	t.client, err = t.Client(t.RootToken)
	return err
}

// mountEngine enables the engine and configures it.
func (t *testbed) mountEngine(ctx context.Context) error {
	if err := t.Register(ctx, t.Plugin); err != nil {
		return err
	}
	if err := t.Mount(ctx, ours); err != nil {
		return err
	}
	return t.configure(ctx, ours)
}

// configure gives a mount of the engine a client and a role called app.
func (t *testbed) configure(ctx context.Context, mount string) error {
	const scope = "funding:read_profile"
	credential, secret, err := t.paxos.CreateCredential(paxostest.Credential{Scopes: []string{scope}})
	if err != nil {
		return err
	}
	if mount == ours {
		t.root = credential
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
		if _, err := t.client.Logical().WriteWithContext(ctx, mount+"/"+write.path, write.data); err != nil {
			return fmt.Errorf("configuring %s: %w", mount, err)
		}
	}
	return nil
}

// mountBaseline enables the baseline, and configures it where it is another build of the engine.
func (t *testbed) mountBaseline(ctx context.Context) error {
	binary := filepath.Join(filepath.Dir(t.Plugin), baseline)
	provide := buildNothing
	if t.baseline != "" {
		provide = t.copyBaseline
	}
	if err := provide(ctx, binary); err != nil {
		return err
	}
	sum, err := stack.Checksum(binary)
	if err != nil {
		return err
	}
	sys := t.client.Sys()
	if err := sys.RegisterPluginWithContext(ctx, &api.RegisterPluginInput{
		Name: baseline, Type: api.PluginTypeSecrets, Command: baseline, SHA256: sum,
	}); err != nil {
		return fmt.Errorf("registering the baseline: %w", err)
	}
	if err := sys.MountWithContext(ctx, baseline, &api.MountInput{Type: baseline}); err != nil {
		return fmt.Errorf("enabling the baseline: %w", err)
	}
	if t.baseline == "" {
		return nil
	}
	return t.configure(ctx, baseline)
}

// buildNothing builds the plugin that does nothing, in the same way as the engine.
func buildNothing(ctx context.Context, binary string) error {
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", binary,
		"vault-plugin-secrets-paxos/scripts/bench/nothing")
	build.Env = append(build.Environ(), "CGO_ENABLED=0")
	if said, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("building the plugin that does nothing: %w\n%s", err, said)
	}
	return nil
}

// copyBaseline copies the other build of the engine to where Vault finds its plugins.
func (t *testbed) copyBaseline(_ context.Context, binary string) error {
	program, err := os.ReadFile(t.baseline)
	if err != nil {
		return fmt.Errorf("reading the baseline: %w", err)
	}
	return os.WriteFile(binary, program, 0o755)
}

// pairs returns the paths to compare.
func (t *testbed) pairs() []pair {
	var pairs []pair
	for _, kind := range []struct {
		name   string
		leased bool
	}{{"token/", false}, {"creds/", true}} {
		pairs = append(pairs, pair{
			name:     kind.name,
			ours:     t.reads(ours, kind.name, kind.leased),
			baseline: t.reads(baseline, kind.name, kind.leased),
		})
	}
	return pairs
}

// reads returns the side that reads tokens of the role app.
func (t *testbed) reads(mount, kind string, leased bool) side {
	return side{testbed: t, path: mount + "/" + kind + "app", leased: leased, answer: "access_token"}
}
