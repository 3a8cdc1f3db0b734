package usage

import (
	"fmt"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"
)

func TestNotingAHitAllocatesNothing(t *testing.T) { // alone: it counts everybody's allocations
	var u Memory
	now := time.Unix(1, 0)
	if got := testing.AllocsPerRun(100, func() { u.Note("mint", "client", now) }); got != 0 {
		t.Errorf("noting a hit allocates %v times", got)
	}
}

func BenchmarkNotingAHit(b *testing.B) {
	var u Memory
	now := time.Unix(1, 0)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			u.Note("mint", "client", now)
		}
	})
}

func TestUsageOfManyRolesStaysBelowTheLimitOfAnEntry(t *testing.T) {
	t.Parallel()
	const roles, limit = 10000, 512 << 10 // Consul's; integrated storage takes twice that
	var u Memory
	for i := range roles {
		u.Note(fmt.Sprintf("%0128d", i), "client", time.Unix(1_800_000_000, 0))
	}
	s := &logical.InmemStorage{}
	if err := u.Flush(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	keys, err := logical.CollectKeys(t.Context(), s)
	if err != nil || len(keys) != roleEntries+1 {
		t.Fatalf("there are %d entries, %v", len(keys), err)
	}
	for _, key := range keys {
		if entry, err := s.Get(t.Context(), key); err != nil || len(entry.Value) > limit {
			t.Errorf("%s has %d bytes, %v", key, len(entry.Value), err)
		}
	}
}
