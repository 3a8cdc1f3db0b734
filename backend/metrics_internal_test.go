package backend

import (
	"testing"

	"vault-plugin-secrets-paxos/backend/broker"
)

func TestCountingAHitAllocatesNothing(t *testing.T) { // alone: it counts everybody's allocations
	m, hit := newMetrics(), wanted{name: "mint", role: role{ID: "id"}}
	if got := testing.AllocsPerRun(100, func() { m.read(hit, broker.Issued{}, nil) }); got != 0 {
		t.Errorf("counting a hit allocates %v times", got)
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
	m, hit := newMetrics(), wanted{name: "mint", role: role{ID: "id"}}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			m.read(hit, broker.Issued{}, nil)
		}
	})
}
