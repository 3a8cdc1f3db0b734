package backend_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend"
	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/limits"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// BenchmarkSign signs the same withdrawals again and again, without a daily limit and with one. Storage
// is in memory, so that what is measured is the engine.
func BenchmarkSign(b *testing.B) {
	engine, storage := newSigningEngine(b)
	for _, signer := range []string{"free", "daily"} {
		b.Run(signer, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				resp, err := engine.HandleRequest(context.Background(), &logical.Request{
					Operation: logical.UpdateOperation, Path: "sign/" + signer, Storage: storage, MountPoint: "paxos/",
					Data: map[string]any{"method": "POST", "path": withdrawals,
						"body": withdrawal(fmt.Sprint("ref-", i%1000), "1")}})
				if err != nil || resp.IsError() {
					b.Fatal(resp, err)
				}
			}
		})
	}
}

// newSigningEngine returns an engine in this process with a signer that has a daily limit, and one
// that has none.
func newSigningEngine(b *testing.B) (logical.Backend, logical.Storage) {
	b.Helper()
	paxos, err := paxostest.Start(paxostest.Options{TokenLimit: -1})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(paxos.Close)
	root, secret, err := paxos.CreateCredential(paxostest.Credential{Scopes: backendtest.RootScopes})
	if err != nil {
		b.Fatal(err)
	}
	storage := &logical.InmemStorage{}
	engine, err := backend.NewFactory(backend.Options{Limits: limits.New(limits.DefaultBudget)})(context.Background(),
		&logical.BackendConfig{Logger: hclog.NewNullLogger(), System: backendtest.NewSystem(), StorageView: storage,
			BackendUUID: "sign", Config: map[string]string{}})
	if err == nil {
		err = engine.Initialize(context.Background(), &logical.InitializationRequest{Storage: storage})
	}
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { engine.Cleanup(context.Background()) })
	signer := func(daily map[string]any) map[string]any {
		return map[string]any{"key": "payments", "operations": "CreateCryptoWithdrawal", "sources": "*",
			"destinations": "*", "limits": map[string]any{"USDC": "100"}, "daily_limits": daily}
	}
	for _, write := range []struct {
		path string
		data map[string]any
	}{
		{"config/connection", map[string]any{"token_url": paxos.TokenURL(), "revoke_url": paxos.RevokeURL(),
			"api_url": paxos.APIURL()}},
		{"config", map[string]any{"environment": "custom", "client_id": root.ClientID, "client_secret": secret}},
		{"keys/payments", nil},
		{"keys/payments/kid", map[string]any{"kid": "kid-1"}},
		{"signers/free", signer(map[string]any{})},
		{"signers/daily", signer(map[string]any{"USDC": "100000000"})},
	} {
		resp, err := engine.HandleRequest(context.Background(), &logical.Request{Operation: logical.UpdateOperation,
			Path: write.path, Storage: storage, MountPoint: "paxos/", Data: write.data})
		if err != nil || resp.IsError() {
			b.Fatalf("%s: %v, %v", write.path, resp, err)
		}
	}
	return engine, storage
}
