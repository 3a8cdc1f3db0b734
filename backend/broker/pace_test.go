package broker_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/backend/broker"
)

// pace is how many revocations go out at once, and then per second.
const pace = 40

// fill puts own tokens on record that Paxos has never heard of; revoking one is a call like any other.
func (h *harness) fill(count int) (fingerprints []string) {
	for i := range count {
		token := fmt.Sprintf("token-%d", i)
		row := broker.Row{
			Fingerprint: broker.Fingerprint(token), Token: token, Own: true, ClientID: h.client.ID(), Generation: 1,
			MintedAt: h.clock.Now(), ExpiresAt: h.clock.Now().Add(time.Hour),
		}
		h.storage.set(func(s *storage) { s.rows[row.Fingerprint] = row })
		fingerprints = append(fingerprints, row.Fingerprint)
	}
	return fingerprints
}

// TestReleasesArePaced ends 500 leases at once, as Vault does when a mount's leases are revoked. All succeed; Paxos
// sees the burst and what the time admits, and the rest is on the queue.
func TestReleasesArePaced(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	fingerprints := h.fill(500)
	var releases sync.WaitGroup
	start := time.Now() // the pace is kept by the real clock
	for _, fingerprint := range fingerprints {
		releases.Go(func() {
			if err := h.Release(t.Context(), fingerprint, 1); err != nil {
				t.Error(err)
			}
		})
	}
	releases.Wait()
	most := pace + int(time.Since(start).Seconds()*pace) + 1
	if calls := h.revocations(); calls < pace || calls > most {
		t.Errorf("%d revocations, want from %d to %d", calls, pace, most)
	}
	if size, queued := h.storage.size(), h.storage.queued(); size != queued || queued != 500-h.revocations() {
		t.Errorf("%d on record, %d of them on the queue, after %d revocations", size, queued, h.revocations())
	}

	calls := h.revocations()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := h.Sweep(ctx); err != nil { // works off what fits into its time
		t.Error(err)
	}
	most = pace + int(time.Since(start).Seconds()*pace) + 1
	if done := h.revocations(); done <= calls || done > most {
		t.Errorf("%d revocations after a sweep, had %d and may have %d", done, calls, most)
	}
	if queued := h.storage.queued(); queued != 500-h.revocations() {
		t.Errorf("%d on the queue after %d revocations", queued, h.revocations())
	}
}

// TestClosingWaitsForItsTurn ends more leases than the burst on a mount that is being disabled, one after the other as
// Vault does then: the first error would stop it.
func TestClosingWaitsForItsTurn(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.closing.Store(true)
	for _, fingerprint := range h.fill(pace + 10) {
		if err := h.Release(t.Context(), fingerprint, 1); err != nil {
			t.Fatal(err)
		}
	}
	if h.revocations() != pace+10 || h.storage.size() != 0 {
		t.Errorf("%d revocations, %d on record", h.revocations(), h.storage.size())
	}
}

// TestSweepStopsWithItsContext checks that a sweep without time leaves the queue as it is.
func TestSweepStopsWithItsContext(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.fill(3)
	h.storage.set(func(s *storage) {
		for fingerprint, row := range s.rows {
			row.EndingSince = h.clock.Now()
			s.rows[fingerprint] = row
		}
	})
	if _, err := h.Live(t.Context()); err != nil { // reads the ledger
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.Sweep(ctx); err != nil {
		t.Error(err)
	}
	if h.revocations() != 0 || h.storage.queued() != 3 {
		t.Errorf("%d revocations, %d on the queue", h.revocations(), h.storage.queued())
	}
	h.sweep()
	if h.revocations() != 3 || h.storage.queued() != 0 {
		t.Errorf("%d revocations, %d on the queue", h.revocations(), h.storage.queued())
	}
}
