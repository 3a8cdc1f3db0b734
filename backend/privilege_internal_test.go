package backend

import (
	"fmt"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/catalog"
)

// BenchmarkLeastPrivilege reads the report of a mount whose roles have 16 scopes each,
// so that every role is a finding.
func BenchmarkLeastPrivilege(b *testing.B) {
	for _, count := range []int{1000, 10000} {
		b.Run(fmt.Sprint(count, " roles"), func(b *testing.B) {
			conf := &logical.BackendConfig{StorageView: &logical.InmemStorage{}, System: logical.TestSystemView()}
			made, err := NewFactory(Options{Limits: broker.NewLimits(1)})(b.Context(), conf)
			if err != nil {
				b.Fatal(err)
			}
			scopes := newGuardrails().issuable()
			for i := range count {
				r := newRole()
				r.CreatedAt = time.Now()
				for j := range 16 {
					r.ResolvedScopes = append(r.ResolvedScopes, scopes[(i+4*j)%len(scopes)])
				}
				if err := store(b.Context(), conf.StorageView, fmt.Sprintf("%sapplication-%05d", rolesPrefix, i), r); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportAllocs()
			for b.Loop() {
				resp, err := made.HandleRequest(b.Context(), &logical.Request{
					Operation: logical.ReadOperation, Path: "report/least-privilege", MountPoint: "paxos/", Storage: conf.StorageView,
				})
				if err != nil || resp.IsError() || len(resp.Data["findings"].([]any)) < count || len(resp.Data["scopes"].([]any)) > len(catalog.Scopes()) {
					b.Fatal(err, resp)
				}
			}
		})
	}
}
