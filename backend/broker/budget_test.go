package broker_test

import (
	"errors"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/limits"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// window is how long a request counts: Paxos's window, and what two requests may come closer
// together on their way.
const window = limits.Window + 2*time.Second

// wantThrottled returns the refusal that err must be.
func wantThrottled(t *testing.T, err error) *limits.Throttled {
	t.Helper()
	var throttled *limits.Throttled
	if !errors.As(err, &throttled) {
		t.Fatalf("got %v, want a Throttled", err)
	}
	return throttled
}

// TestSpentBudget checks that Paxos is not asked beyond it, that cached tokens go on, and that it
// comes back.
func TestSpentBudget(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.limit = 3
	h.restart()
	shared := h.issue()
	h.clock.advance(time.Minute)
	h.issue(role("a"))
	h.issue(role("b"))
	for _, edit := range []func(*broker.Request){own, role("other"), unleased} {
		_, err := h.Issue(t.Context(), h.request(edit))
		if got := wantThrottled(t, err).RetryAfter; got != window-time.Minute {
			t.Errorf("told to come back in %s", got)
		}
	}
	if again := h.issue(); again.Fingerprint != shared.Fingerprint {
		t.Error("the cached token is not served")
	}
	if h.mints() != 3 {
		t.Errorf("%d mints, want 3", h.mints())
	}
	h.clock.advance(window - time.Minute)
	h.issue(role("other"))
	_, err := h.Issue(t.Context(), h.request(role("c")))
	wantThrottled(t, err)
	if h.mints() != 4 {
		t.Errorf("%d mints, want 4", h.mints())
	}
}

// TestShortWaitsAreWaited checks that a mint for which there is room within 2 s is made then, not
// refused.
func TestShortWaitsAreWaited(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.limit = 1
	h.restart()
	h.issue(role("a"))
	room := h.clock.Now().Add(window)
	h.clock.until(room.Add(-2*time.Second - 1))
	_, err := h.Issue(t.Context(), h.request(role("b")))
	wantThrottled(t, err)
	h.clock.until(room.Add(-2 * time.Second))
	if issued := h.issue(role("b")); !issued.MintedAt.Equal(room) || h.mints() != 2 {
		t.Errorf("minted at %s with %d requests, want at %s", issued.MintedAt, h.mints(), room)
	}
}

// TestBudgetAfterRestart checks that what the ledger knows of earlier mints counts, once each.
func TestBudgetAfterRestart(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.limit = 5
	h.restart()
	for _, id := range []string{"a", "b", "c", "d"} {
		h.issue(role(id))
		h.clock.advance(time.Minute)
	}
	for range 3 {
		h.restart()
		h.issue(role("a")) // a hit
	}
	h.issue(role("e"))
	if used, _, _ := h.limits.Budget(h.paxos.TokenURL()).Usage(h.clock.Now()); used != 5 {
		t.Errorf("%d calls are counted, want 5", used)
	}
	_, err := h.Issue(t.Context(), h.request(role("f")))
	if got := wantThrottled(t, err).RetryAfter; got != window-4*time.Minute {
		t.Errorf("told to come back in %s", got)
	}
	h.clock.advance(window - 4*time.Minute)
	h.issue(role("f"))
	h.restart()
	h.clock.advance(time.Hour)
	h.issue(role("g"))
	if used, _, _ := h.limits.Budget(h.paxos.TokenURL()).Usage(h.clock.Now()); used != 1 {
		t.Errorf("an hour later %d calls are counted, want 1", used)
	}
	if h.mints() != 7 {
		t.Errorf("%d mints, want 7", h.mints())
	}
}

// TestStormStaysBelowTheLimit has readers of own tokens come twice a second for twelve minutes and
// a half: Paxos must not ban us, and half of the budget stays for others.
func TestStormStaysBelowTheLimit(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	served := 0
	for range 1500 {
		if _, err := h.Issue(t.Context(), h.request(own)); err == nil {
			served++
		} else {
			wantThrottled(t, err)
		}
		h.clock.advance(500 * time.Millisecond)
	}
	most := h.paxos.MostTokenRequestsInWindow()
	if want := limits.DefaultBudget / 2; most != want {
		t.Errorf("at most %d calls in a window, want %d", most, want)
	}
	if served < 2*most || h.paxos.Calls(paxostest.TokenEndpoint) != served {
		t.Errorf("%d were served with %d calls in 12½ minutes", served, h.mints())
	}
}
