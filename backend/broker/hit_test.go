package broker_test

import (
	"sync"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/backend/paxostest"
)

// TestHitAsksNobody counts what a hit costs: nothing, in storage, at Paxos and in permission, also
// while all three are down.
func TestHitAsksNobody(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	first := h.issue()
	operations, calls, authorized := h.storage.operations(), h.paxos.TotalCalls(), h.authorized.Load()
	h.storage.set(func(s *storage) { s.failLoad, s.failPut, s.failDel = errStorage, errStorage, errStorage })
	h.down(paxostest.TokenEndpoint, paxostest.Revoke)
	var readers sync.WaitGroup
	for range 100 {
		readers.Go(func() {
			if issued, err := h.Issue(t.Context(), h.request()); err != nil || issued.Fingerprint != first.Fingerprint {
				t.Errorf("got %q, %v", issued.Fingerprint, err)
			}
		})
	}
	readers.Wait()
	if got := h.storage.operations() - operations; got != 0 {
		t.Errorf("%d ledger operations", got)
	}
	if got := h.paxos.TotalCalls() - calls; got != 0 {
		t.Errorf("%d calls", got)
	}
	if got := h.authorized.Load() - authorized; got != 0 {
		t.Errorf("Authorize was called %d times", got)
	}
}

// TestIssued checks what a reader is told.
func TestIssued(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	start := h.clock.Now()
	issued := h.issue()
	if want := start.Add(3599*time.Second - 30*time.Second); !issued.ExpiresAt.Equal(want) ||
		!issued.MintedAt.Equal(start) {
		t.Errorf("from %s to %s, want until %s", issued.MintedAt, issued.ExpiresAt, want)
	}
	if issued.ClientID != h.client.ID() || issued.Generation != 1 || len(issued.Scopes) != 1 ||
		issued.Scopes[0] != reads {
		t.Errorf("got %+v", issued)
	}
	if !issued.NextRead.Equal(issued.RefreshAt) || issued.Stale != nil || issued.Issue == 0 {
		t.Errorf("next read %s, refresh %s, stale %v, issue %d", issued.NextRead, issued.RefreshAt, issued.Stale,
			issued.Issue)
	}
	row, ok := h.storage.row(issued.Fingerprint)
	if !ok || row.Token != issued.AccessToken.Reveal() || !row.ExpiresAt.Equal(issued.ExpiresAt) ||
		!row.EndingSince.IsZero() {
		t.Errorf("on record is %v", ok)
	}
}

// TestLifetimeIsCountedFromBeforeTheRequest lets a minute pass while Paxos works.
func TestLifetimeIsCountedFromBeforeTheRequest(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	start := h.clock.Now()
	h.paxos.FailNext(paxostest.TokenEndpoint,
		paxostest.Fault{Rewrite: func(map[string]any) { h.clock.advance(time.Minute) }})
	if issued := h.issue(); !issued.ExpiresAt.Equal(start.Add(3569 * time.Second)) {
		t.Errorf("it is valid until %s", issued.ExpiresAt)
	}
}

// TestRestartServesFromTheLedger checks that a restart costs no mint, and that what is to end is
// not served again.
func TestRestartServesFromTheLedger(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	shared := h.issue()
	h.clock.advance(time.Second) // the others are newer
	lonely, ending := h.issue(own), h.issue(role("other"), idle(0))
	h.down(paxostest.Revoke)
	h.release(ending)
	h.paxos.Heal()
	h.restart()
	if again := h.issue(); again.AccessToken.Reveal() != shared.AccessToken.Reveal() {
		t.Error("another token was served")
	}
	if again := h.issue(own); again.Fingerprint == lonely.Fingerprint {
		t.Error("another's own token was served")
	}
	if again := h.issue(role("other")); again.Fingerprint == ending.Fingerprint {
		t.Error("a token that is to end was served")
	}
	h.wantCounts(5, 1, 5)
}

// TestNewestTokenIsServedAfterARestart checks which of two tokens of a key is served.
func TestNewestTokenIsServedAfterARestart(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	old := h.issue()
	h.clock.advance(55 * time.Minute)
	young := h.issue()
	for range 10 { // the ledger comes in any order
		h.restart()
		if again := h.issue(); again.Fingerprint != young.Fingerprint || old.Fingerprint == young.Fingerprint {
			t.Errorf("got %q after %q and %q", again.Fingerprint, old.Fingerprint, young.Fingerprint)
		}
	}
}
