package broker_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/limits"
)

// fill puts own tokens on record that Paxos has never heard of; revoking one is a call like any other.
func (h *harness) fill(count int) (fingerprints []string) {
	for i := range count {
		token := fmt.Sprintf("token-%d", i)
		row := broker.Row{
			Fingerprint: broker.Fingerprint(token), Token: token, Own: true, ClientID: h.client.ID(), Generation: 1,
			MintedAt: h.clock.Now().Add(-10 * time.Minute), ExpiresAt: h.clock.Now().Add(time.Hour),
		}
		h.storage.set(func(s *storage) { s.rows[row.Fingerprint] = row })
		fingerprints = append(fingerprints, row.Fingerprint)
	}
	return fingerprints
}

// TestReleasesArePaced ends 500 leases at once, as Vault does when a mount's leases are revoked.
// All succeed; Paxos sees what its pace admits, and the queue is worked off at that pace without
// waiting for periodic work.
func TestReleasesArePaced(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	start := h.clock.Now()
	var releases sync.WaitGroup
	for _, fingerprint := range h.fill(500) {
		releases.Go(func() {
			if err := h.Release(t.Context(), fingerprint, 1); err != nil {
				t.Error(err)
			}
		})
	}
	releases.Wait()
	for deadline := time.Now().Add(patience); h.storage.size() > 0; settle() {
		if time.Now().After(deadline) {
			t.Fatalf("%d tokens are on record, and nobody ends them", h.storage.size())
		}
	}
	if h.revocations() != 500 {
		t.Errorf("%d revocations of 500 tokens", h.revocations())
	}
	if took, least := h.clock.Now().Sub(start), 500*time.Second/limits.DefaultCallRate-time.Second; took < least {
		t.Errorf("it took %s, which is faster than %d calls a second", took, limits.DefaultCallRate)
	}
}

// TestClosingWaitsForItsTurn ends more leases than go out at once on a mount that is being
// disabled, one after the other as Vault does then: the first error would stop it.
func TestClosingWaitsForItsTurn(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.closing.Store(true)
	for _, fingerprint := range h.fill(50) {
		if err := h.Release(t.Context(), fingerprint, 1); err != nil {
			t.Fatal(err)
		}
	}
	if h.revocations() != 50 || h.storage.size() != 0 {
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
