package backend

import (
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/broker"
)

func TestCountingAHitAllocatesNothing(t *testing.T) { // alone: it counts everybody's allocations
	m, hit := newMetrics(), tokenRequest{name: "mint", role: role{ID: "id"}}
	if got := testing.AllocsPerRun(100, func() { m.read(hit, broker.Issued{}, nil) }); got != 0 {
		t.Errorf("counting a hit allocates %v times", got)
	}
}

func TestADeletedRoleIsForgottenEvenIfNobodyReadsTheMetrics(t *testing.T) {
	t.Parallel()
	conf := &logical.BackendConfig{StorageView: &logical.InmemStorage{}, System: logical.TestSystemView()}
	made, err := NewFactory(Options{Limits: broker.NewLimits(1)})(t.Context(), conf)
	if err != nil {
		t.Fatal(err)
	}
	b := made.(*backend)
	do := func(operation logical.Operation, path string, data map[string]any) {
		if _, err := b.HandleRequest(t.Context(),
			&logical.Request{Operation: operation, Path: path, Data: data, Storage: conf.StorageView}); err != nil {
			t.Fatal(err)
		}
	}
	do(logical.CreateOperation, "roles/mint", map[string]any{"scopes": "funding:read_profile"})
	do(logical.ReadOperation, "creds/mint", nil) // refused: the mount is not configured
	if len(b.metrics.roles) != 1 {
		t.Errorf("counted are the roles %v", b.metrics.roles)
	}
	do(logical.DeleteOperation, "roles/mint", nil)
	if len(b.metrics.roles) != 0 {
		t.Errorf("after the role's end there are %v", b.metrics.roles)
	}
}

func BenchmarkGuardrailsOfAHit(b *testing.B) {
	b.ReportAllocs()
	limits := newGuardrails()
	scopes := limits.issuable()[:16]
	for b.Loop() {
		if limits.check(scopes) != nil {
			b.Fatal("refused")
		}
	}
}

func BenchmarkCountingAHit(b *testing.B) {
	m, hit := newMetrics(), tokenRequest{name: "mint", role: role{ID: "id"}}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			m.read(hit, broker.Issued{}, nil)
		}
	})
}
