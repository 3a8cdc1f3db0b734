package backend

import (
	"testing"
	"time"
)

func TestNotingAHitAllocatesNothing(t *testing.T) { // alone: it counts everybody's allocations
	var u usage
	now := time.Unix(1, 0)
	if got := testing.AllocsPerRun(100, func() { u.note("mint", "client", now) }); got != 0 {
		t.Errorf("noting a hit allocates %v times", got)
	}
}

func BenchmarkNotingAHit(b *testing.B) {
	var u usage
	now := time.Unix(1, 0)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			u.note("mint", "client", now)
		}
	})
}
