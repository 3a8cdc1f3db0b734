package broker_test

import (
	"testing"
	"time"

	"vault-plugin-secrets-paxos/backend/broker"
)

// TestLastReleaseEndsAtOnce checks a shared token that is not kept: it is valid while a reader
// holds it.
func TestLastReleaseEndsAtOnce(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	first, second := h.issue(idle(0)), h.issue(idle(0))
	if first.Fingerprint != second.Fingerprint || first.Issue == second.Issue {
		t.Fatalf("they hold %q and %q as %d and %d", first.Fingerprint, second.Fingerprint, first.Issue, second.Issue)
	}
	h.release(first)
	h.release(first) // Vault may end a lease twice: it counts once
	h.sweep()
	h.wantAlive(first, true)
	h.release(second)
	h.wantAlive(first, false)
	if h.storage.size() != 0 {
		t.Error("it is still on record")
	}
	for range 2 {
		h.release(first)
		h.release(second)
	}
	h.wantCounts(1, 1, 0)
	if again := h.issue(idle(0)); again.Fingerprint == first.Fingerprint {
		t.Error("it was served again")
	}
}

// TestIdleTokenIsSwept checks that a token is kept for its idle time after the last lease, and no
// longer.
func TestIdleTokenIsSwept(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	issued := h.issue()
	h.release(issued)
	h.clock.advance(5*time.Minute - 1)
	h.sweep()
	h.wantAlive(issued, true)
	h.release(issued) // again: the clock does not start again
	h.clock.advance(1)
	h.wantAlive(issued, true)
	h.sweep()
	h.wantAlive(issued, false)
	if h.storage.size() != 0 {
		t.Error("it is still on record")
	}
	h.wantCounts(1, 1, 0)
}

// TestReaderKeepsIdleToken checks that a reader in the idle time stops the clock.
func TestReaderKeepsIdleToken(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	first := h.issue()
	h.release(first)
	h.clock.advance(4 * time.Minute)
	second := h.issue()
	if second.Fingerprint != first.Fingerprint {
		t.Fatal("it was not served in its idle time")
	}
	h.clock.advance(10 * time.Minute)
	h.sweep()
	h.wantAlive(second, true)
	h.release(second)
	h.clock.advance(5*time.Minute - 1)
	h.sweep()
	h.wantAlive(second, true)
	h.clock.advance(1)
	h.sweep()
	h.wantAlive(second, false)
	h.wantCounts(1, 1, 0)
}

// TestUncountedTokenLivesOut checks every way to lose count of a token's holders: from then on it
// is not ended before it expires, since somebody may hold it.
func TestUncountedTokenLivesOut(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(h *harness, issued broker.Issued){
		"a restart": func(h *harness, issued broker.Issued) {
			h.restart()
			h.release(issued)
		},
		"a restart, a reader and its release": func(h *harness, issued broker.Issued) {
			h.restart()
			h.release(h.issue(idle(0)))
			h.release(issued)
		},
		"a reset": func(h *harness, issued broker.Issued) {
			h.Reset()
			h.release(issued)
		},
		"a hold of another process": func(h *harness, issued broker.Issued) {
			h.release(broker.Issued{Fingerprint: issued.Fingerprint, Issue: 4711})
			h.release(issued)
		},
		"a lease without a name": func(h *harness, issued broker.Issued) {
			h.release(broker.Issued{Fingerprint: issued.Fingerprint, Issue: broker.UnknownIssue})
			h.release(issued)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			issued := h.issue(idle(0))
			lose(h, issued)
			h.clock.advance(10 * time.Minute)
			h.sweep()
			h.wantAlive(issued, true)
			h.wantCounts(1, 0, 1)
			h.clock.until(issued.ExpiresAt)
			h.sweep()
			if h.storage.size() != 0 {
				t.Error("it is still on record after its expiry")
			}
			if h.revocations() != 0 {
				t.Errorf("%d revocations of an expired token", h.revocations())
			}
		})
	}
}

// TestUnleasedTokenIsNotCounted checks that a token without leases is valid until it expires,
// whatever is swept.
func TestUnleasedTokenIsNotCounted(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	issued := h.issue(unleased, idle(0))
	h.clock.advance(30 * time.Minute)
	h.sweep()
	h.wantAlive(issued, true)
	if issued.Issue != 0 {
		t.Error("it has a hold")
	}
}

// TestSupersededTokenIsKeptForItsHolders checks that a token whose successor is served ends with
// its own last holder.
func TestSupersededTokenIsKeptForItsHolders(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	old := h.issue(idle(0))
	h.clock.until(old.ExpiresAt.Add(-time.Minute))
	fresh := h.issue(idle(0))
	if fresh.Fingerprint == old.Fingerprint {
		t.Fatal("it was not superseded")
	}
	h.sweep()
	h.wantAlive(old, true)
	h.release(old)
	h.wantAlive(old, false)
	h.wantAlive(fresh, true)
	h.release(fresh)
	h.wantCounts(2, 2, 0)
}

// TestSupersededTokenThatNobodyHolds checks that one whose holders had left before is ended after
// its idle time.
func TestSupersededTokenThatNobodyHolds(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	old := h.issue()
	h.clock.until(old.ExpiresAt.Add(-4*time.Minute - 50*time.Second))
	h.release(old)
	fresh := h.issue()
	h.clock.advance(4 * time.Minute)
	h.sweep()
	h.wantAlive(old, true)
	h.wantAlive(fresh, true)
	h.clock.advance(50 * time.Second)
	h.sweep() // it expired meanwhile by our count, though not yet by Paxos's
	if _, ok := h.storage.row(old.Fingerprint); ok {
		t.Error("it is still on record")
	}
	h.wantAlive(fresh, true)
}

// TestRefreshedTokenThatNobodyReads checks that a token minted ahead for readers who never came is
// ended like any other without holders.
func TestRefreshedTokenThatNobodyReads(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	old := h.issue()
	h.clock.until(old.RefreshAt)
	last := h.issue() // starts the refresh
	h.log.await(t, "token minted")
	h.log.await(t, "token minted") // from here on it may be served, and its idle time begin, at any moment
	h.release(old)
	h.release(last)
	h.wantCounts(2, 0, 2)
	for range 8 { // its own life is longer
		settle()
		h.clock.advance(5 * time.Minute)
		h.sweep()
	}
	h.wantCounts(2, 2, 0)
}

// TestExpiredTokensCostNothing checks that Paxos is not asked to end what has ended.
func TestExpiredTokensCostNothing(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	shared, lonely, forgotten := h.issue(idle(0)), h.issue(own), h.issue(role("other"))
	h.clock.until(shared.ExpiresAt)
	calls := h.paxos.TotalCalls()
	h.release(shared)
	h.release(lonely)
	if _, ok := h.storage.row(forgotten.Fingerprint); !ok || h.storage.size() != 1 {
		t.Errorf("%d rows, want that of the unreleased token", h.storage.size())
	}
	if live, err := h.Live(t.Context()); err != nil || len(live) != 0 {
		t.Errorf("%d live rows, %v", len(live), err)
	}
	h.sweep()
	if h.storage.size() != 0 {
		t.Errorf("%d rows are left", h.storage.size())
	}
	if got := h.paxos.TotalCalls() - calls; got != 0 {
		t.Errorf("%d calls", got)
	}
}
