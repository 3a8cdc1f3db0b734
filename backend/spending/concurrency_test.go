package spending_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vault-plugin-secrets-paxos/backend/spending"
)

// callers has 64 of them ask for a payment each, and returns who got it.
func callers(ctx context.Context, t *testing.T, l *spending.Ledger) map[int]bool {
	t.Helper()
	var mu sync.Mutex
	signed := map[int]bool{}
	var group sync.WaitGroup
	for i := range 64 {
		group.Go(func() {
			signer := fmt.Sprint("signer", i%2)
			err := l.Spend(ctx, payment(t, signer, fmt.Sprint(i), "10"), daily(t, "1000", "200"))
			var exceeded *spending.Exceeded
			var unknown *spending.NotStored
			var unread *spending.NotLoaded
			switch {
			case err == nil:
				mu.Lock()
				signed[i] = true
				mu.Unlock()
			case !errors.As(err, &exceeded) && !errors.As(err, &unknown) && !errors.As(err, &unread):
				t.Errorf("caller %d has %v", i, err)
			}
		})
	}
	group.Wait()
	return signed
}

// TestTheLastTen has 64 callers with two signers ask at once, where the mount's limit leaves 10
// payments. They share writes, so that this takes no longer than a few of them.
func TestTheLastTen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, c := newDisk(), newClock()
		l := open(d, c)
		spend(t, l, payment(t, "a", "before", "100"), spending.Limits{})
		d.before = func(string) error {
			time.Sleep(10 * time.Millisecond)
			return nil
		}
		start, writes := time.Now(), d.writes
		signed := callers(t.Context(), t, l)
		if len(signed) != 10 || used(t, l, spending.Mount) != "200" {
			t.Errorf("%d were signed", len(signed))
		}
		if took := time.Since(start); took > 20*time.Millisecond || d.writes-writes > 2 {
			t.Errorf("it took %s and %d writes", took, d.writes-writes)
		}
		if again := callers(t.Context(), t, l); len(again) != 10 {
			t.Errorf("%d were signed again", len(again))
		}
	})
}

// TestTheLastTenThroughFailovers ends the process in the middle, three times: at most 10 are signed,
// and exactly 10 once everybody has repeated the request.
func TestTheLastTenThroughFailovers(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			d, c := newDisk(), newClock()
			spend(t, open(d, c), payment(t, "a", "before", "100"), spending.Limits{})
			signed := map[int]bool{}
			for node := range 4 {
				m := &machine{disk: d, power: random.IntN(4), after: random.IntN(2) == 0, latency: time.Millisecond}
				if node == 3 {
					m.power = 1000
				}
				l := spending.New(spending.Options{Records: m, Now: c.Now})
				for i := range callers(t.Context(), t, l) {
					signed[i] = true
				}
				if len(signed) > 10 {
					t.Fatalf("seed %d: %d were signed", seed, len(signed))
				}
			}
			if len(signed) != 10 || used(t, open(d, c), spending.Mount) != "200" {
				t.Errorf("seed %d: %d were signed in the end", seed, len(signed))
			}
		})
	}
}

// A machine works on the disk until its power ends, after so many writes.
type machine struct {
	*disk
	latency time.Duration

	mu    sync.Mutex
	power int
	after bool // the last write takes effect
}

func (m *machine) PutPage(ctx context.Context, page spending.Page) error {
	time.Sleep(m.latency)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.power--
	if m.power > 0 || m.power == 0 && m.after {
		if err := m.disk.PutPage(ctx, page); err != nil {
			return err
		}
	}
	if m.power > 0 {
		return nil
	}
	return errNoPower
}

func (m *machine) Page(ctx context.Context, id string) (spending.Page, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.power <= 0 {
		return spending.Page{}, false, errNoPower
	}
	return m.disk.Page(ctx, id)
}

// BenchmarkSixteenCallers signs with a storage that takes a millisecond.
func BenchmarkSixteenCallers(b *testing.B) {
	d, c := newDisk(), newClock()
	l := open(d, c)
	d.before = func(string) error {
		time.Sleep(time.Millisecond)
		return nil
	}
	b.SetParallelism(8) // for each processor
	var mu sync.Mutex
	var count int
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			mu.Lock()
			count++
			ref := fmt.Sprint(count)
			mu.Unlock()
			spend(b, l, payment(b, "a", ref, "1"), daily(b, "1000000", "1000000"))
			c.move(10 * time.Second)
		}
	})
	b.ReportMetric(float64(d.writes)/float64(b.N), "writes/op")
}
