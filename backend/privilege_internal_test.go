package backend

import (
	"fmt"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/store"
)

// BenchmarkLeastPrivilege reads the report of a mount whose roles have 16 scopes each,
// so that every role is a finding.
func BenchmarkLeastPrivilege(b *testing.B) {
	var unknown []string
	for i := range 64 {
		unknown = append(unknown, fmt.Sprintf("transfer:read_transfer_of_kind_%d", i))
	}
	for _, count := range []int{1000, 10000} {
		b.Run(fmt.Sprint(count, " roles"), func(b *testing.B) { benchmarkReport(b, count, newGuardrails().issuable()) })
		b.Run(fmt.Sprint(count, " roles of unknown scopes"), func(b *testing.B) { benchmarkReport(b, count, unknown) })
	}
}

// benchmarkReport reads the report of so many roles, which share these scopes.
func benchmarkReport(b *testing.B, count int, scopes []string) {
	conf := &logical.BackendConfig{StorageView: &logical.InmemStorage{}, System: logical.TestSystemView()}
	made, err := NewFactory(Options{Limits: broker.NewLimits(1)})(b.Context(), conf)
	if err != nil {
		b.Fatal(err)
	}
	for i := range count {
		r := newRole()
		r.CreatedAt = time.Now()
		for j := range 16 {
			r.ResolvedScopes = append(r.ResolvedScopes, scopes[(i+4*j)%len(scopes)])
		}
		if err := store.Put(b.Context(), conf.StorageView, fmt.Sprintf("%sapplication-%05d", rolesPrefix, i),
			r); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		resp, err := made.HandleRequest(b.Context(), &logical.Request{
			Operation: logical.ReadOperation, Path: "report/least-privilege", MountPoint: "paxos/",
			Storage: conf.StorageView,
		})
		if err != nil || resp.IsError() || len(resp.Data["findings"].([]any)) < count {
			b.Fatal(err, resp)
		}
	}
}
