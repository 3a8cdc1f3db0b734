package backend_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend"
	"vault-plugin-secrets-paxos/backend/limits"
)

// BenchmarkRoles works on mounts of many roles of 16 scopes each: how a request grows
// with the number of roles, in time and in memory. Storage is in memory, so that what
// is measured is the engine.
func BenchmarkRoles(b *testing.B) {
	for _, count := range []int{1_000, 10_000} {
		many := newManyRoles(b, count)
		page := map[string]any{"after": many.name(count / 2), "limit": 100}
		for _, request := range []struct {
			name      string
			operation logical.Operation
			path      func(i int) string
			data      map[string]any
		}{
			{"write by scopes", logical.UpdateOperation, many.path, map[string]any{"scopes": seedScopes}},
			{"write by set", logical.UpdateOperation, many.path,
				map[string]any{"scope_sets": "mint-redeem-convert", "scopes": ""}},
			{"write by operations", logical.UpdateOperation, many.path,
				map[string]any{"operations": seedOperations, "scopes": seedScopes, "scope_sets": ""}},
			{"read", logical.ReadOperation, many.path, nil},
			{"list a page of 100", logical.ListOperation, func(int) string { return "roles/" }, page},
			{"list all", logical.ListOperation, func(int) string { return "roles/" }, nil},
			{"write of a set", logical.UpdateOperation, func(int) string {
				return "scope-sets/s"
			}, map[string]any{"scopes": seedScopes}},
		} {
			b.Run(fmt.Sprintf("%s/%d", request.name, count), func(b *testing.B) {
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					many.send(request.operation, request.path(i%count), request.data)
				}
			})
		}
	}
}

// manyRoles is a mount of many roles, in this process.
type manyRoles struct {
	b       *testing.B
	engine  logical.Backend
	storage logical.Storage
}

// newManyRoles writes that many roles of 16 scopes.
func newManyRoles(b *testing.B, count int) *manyRoles {
	b.Helper()
	many := &manyRoles{b: b, storage: &logical.InmemStorage{}}
	var err error
	many.engine, err = backend.NewFactory(backend.Options{Limits: limits.New(limits.DefaultBudget)})(
		b.Context(), &logical.BackendConfig{
			Logger: hclog.NewNullLogger(), StorageView: many.storage, BackendUUID: "benchmark",
			Config: map[string]string{},
			System: &logical.StaticSystemView{
				DefaultLeaseTTLVal: time.Hour, MaxLeaseTTLVal: 24 * time.Hour,
				ReplicationStateVal: consts.ReplicationPerformanceDisabled | consts.ReplicationDRDisabled,
			},
		})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { many.engine.Cleanup(context.Background()) })
	for i := range count {
		many.send(logical.CreateOperation, many.path(i), map[string]any{"scopes": seedScopes})
	}
	return many
}

func (m *manyRoles) name(i int) string { return fmt.Sprintf("role-%05d", i) }
func (m *manyRoles) path(i int) string { return "roles/" + m.name(i) }

// send makes a request that has to succeed.
func (m *manyRoles) send(operation logical.Operation, path string, data map[string]any) {
	m.b.Helper()
	resp, err := m.engine.HandleRequest(m.b.Context(),
		&logical.Request{Operation: operation, Path: path, Data: data, Storage: m.storage})
	if err != nil || resp.IsError() {
		m.b.Fatalf("%s %s: response %v, error %v", operation, path, resp, err)
	}
}
