package main

import (
	"context"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/plugin"

	"vault-plugin-secrets-paxos/backend"
	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// BenchmarkHit reads a token that is in memory, directly from the engine, and through gRPC as Vault
// does, with both ends in this process. The number of allocations is exact, even on a machine where
// times vary.
func BenchmarkHit(b *testing.B) {
	hclog.SetDefault(hclog.NewNullLogger()) // for the logs of go-plugin
	factory := backend.NewFactory(backend.Options{Limits: broker.NewLimits(broker.DefaultBudget)})
	conf := &logical.BackendConfig{
		Logger: hclog.NewNullLogger(), StorageView: &logical.InmemStorage{}, BackendUUID: "bench",
		Config: map[string]string{},
		System: &logical.StaticSystemView{
			DefaultLeaseTTLVal: time.Hour, MaxLeaseTTLVal: 24 * time.Hour,
			ReplicationStateVal: consts.ReplicationPerformanceDisabled | consts.ReplicationDRDisabled,
		},
	}
	direct, err := factory(b.Context(), conf)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { direct.Cleanup(context.Background()) })
	configure(b, direct, conf.StorageView)
	remote := through(b, factory, conf)
	for _, path := range []string{"token/app", "creds/app"} {
		b.Run(path, func(b *testing.B) { hit(b, direct, conf.StorageView, path) })
		b.Run("gRPC/"+path, func(b *testing.B) { hit(b, remote, conf.StorageView, path) })
	}
}

// hit reads the path repeatedly.
func hit(b *testing.B, engine logical.Backend, storage logical.Storage, path string) {
	b.ReportAllocs()
	for b.Loop() {
		send(b, engine, &logical.Request{Operation: logical.ReadOperation, Path: path, Storage: storage})
	}
}

// through returns the engine at the other end of a gRPC connection.
func through(b *testing.B, factory logical.Factory, conf *logical.BackendConfig) logical.Backend {
	b.Helper()
	client, _ := goplugin.TestPluginGRPCConn(b, false, map[string]goplugin.Plugin{
		plugin.BackendPluginName: &plugin.GRPCBackendPlugin{Factory: factory, Logger: conf.Logger},
	})
	b.Cleanup(func() { _ = client.Close() })
	dispensed, err := client.Dispense(plugin.BackendPluginName)
	if err != nil {
		b.Fatal(err)
	}
	engine := dispensed.(logical.Backend)
	if err := engine.Setup(b.Context(), conf); err != nil {
		b.Fatal(err)
	}
	return engine
}

// configure configures the engine with a client of a stand-in Paxos and a role called app.
func configure(b *testing.B, engine logical.Backend, storage logical.Storage) {
	b.Helper()
	const scope = "funding:read_profile"
	paxos, err := paxostest.Start(paxostest.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(paxos.Close)
	credential, secret, err := paxos.CreateCredential(paxostest.Credential{Scopes: []string{scope}})
	if err != nil {
		b.Fatal(err)
	}
	for _, write := range []*logical.Request{
		{Path: "config/connection", Data: map[string]any{"token_url": paxos.TokenURL(),
			"revoke_url": paxos.RevokeURL(), "api_url": paxos.APIURL()}},
		{Path: "config", Data: map[string]any{"environment": "custom", "client_id": credential.ClientID,
			"client_secret": secret}},
		{Path: "roles/app", Data: map[string]any{"scopes": scope}},
	} {
		write.Operation, write.Storage = logical.UpdateOperation, storage
		send(b, engine, write)
	}
}

// send sends a request to the engine, and fails the benchmark if it fails.
func send(b *testing.B, engine logical.Backend, request *logical.Request) {
	response, err := engine.HandleRequest(b.Context(), request)
	if err != nil || response.IsError() {
		b.Fatalf("%s: response %v, error %v", request.Path, response, err)
	}
}
