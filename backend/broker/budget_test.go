package broker_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// wantThrottled returns the refusal that err must be.
func wantThrottled(t *testing.T, err error) *broker.Throttled {
	t.Helper()
	var throttled *broker.Throttled
	if !errors.As(err, &throttled) {
		t.Fatalf("got %v, want a Throttled", err)
	}
	return throttled
}

// TestBudgetProperty takes calls at random times and checks that no window ever holds more than the limit, that none
// is refused while there is room, and that the time to come back is exact.
func TestBudgetProperty(t *testing.T) {
	t.Parallel()
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, seed))
		limit := 1 + random.IntN(40)
		budget := broker.NewBudgets(limit).For("token endpoint")
		now := newClock().Now()
		var taken []time.Time
		for range 2000 {
			switch random.IntN(4) {
			case 0: // several in one moment
			case 1:
				now = now.Add(time.Duration(random.Int64N(int64(time.Second))))
			case 2:
				now = now.Add(time.Duration(random.Int64N(int64(20 * time.Second))))
			case 3:
				now = now.Add(time.Duration(random.Int64N(int64(broker.Window / time.Duration(limit) * 2))))
			}
			taken = slices.DeleteFunc(taken, func(at time.Time) bool { return now.Sub(at) >= broker.Window })
			err := budget.Take(now)
			if (err == nil) != (len(taken) < limit) {
				t.Fatalf("seed %d: %d calls of %d in the window, and the next: %v", seed, len(taken), limit, err)
			}
			if err == nil {
				taken = append(taken, now)
			} else {
				now = comeBack(t, budget, now, wantThrottled(t, err).RetryAfter)
				taken = append(slices.DeleteFunc(taken, func(at time.Time) bool { return now.Sub(at) >= broker.Window }), now)
			}
			if used, of, _ := budget.Usage(now); used != len(taken) || of != limit {
				t.Fatalf("seed %d: %d of %d are used, want %d of %d", seed, used, of, len(taken), limit)
			}
		}
	}
}

// comeBack checks that the call is refused until just before the time told and admitted then.
func comeBack(t *testing.T, budget *broker.Budget, now time.Time, after time.Duration) time.Time {
	t.Helper()
	if after <= 0 || after > broker.Window {
		t.Fatalf("told to come back in %s", after)
	}
	if budget.Take(now.Add(after-1)) == nil {
		t.Fatal("admitted before the time told")
	}
	if err := budget.Take(now.Add(after)); err != nil {
		t.Fatalf("refused at the time told: %v", err)
	}
	return now.Add(after)
}

// TestBudgets checks that token endpoints do not share, and that callers of one do.
func TestBudgets(t *testing.T) {
	t.Parallel()
	budgets, now := broker.NewBudgets(1), newClock().Now()
	if err := budgets.For("a").Take(now); err != nil {
		t.Fatal(err)
	}
	wantThrottled(t, budgets.For("a").Take(now))
	if err := budgets.For("b").Take(now); err != nil {
		t.Errorf("the other endpoint's budget: %v", err)
	}
}

// TestSpentBudget checks that Paxos is not asked beyond it, that cached tokens go on, and that it comes back.
func TestSpentBudget(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.limit = 3
	h.restart()
	shared := h.issue()
	h.clock.advance(time.Minute)
	h.issue(own)
	h.issue(own)
	for _, edit := range []func(*broker.Request){own, role("other"), unleased} {
		_, err := h.Issue(t.Context(), h.request(edit))
		if got := wantThrottled(t, err).RetryAfter; got != 4*time.Minute {
			t.Errorf("told to come back in %s", got)
		}
	}
	if again := h.issue(); again.Fingerprint != shared.Fingerprint {
		t.Error("the cached token is not served")
	}
	if h.mints() != 3 {
		t.Errorf("%d mints, want 3", h.mints())
	}
	h.clock.advance(4 * time.Minute)
	h.issue(own)
	_, err := h.Issue(t.Context(), h.request(own))
	wantThrottled(t, err)
	if h.mints() != 4 {
		t.Errorf("%d mints, want 4", h.mints())
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
	if used, _, _ := h.budgets.For(h.paxos.TokenURL()).Usage(h.clock.Now()); used != 5 {
		t.Errorf("%d calls are counted, want 5", used)
	}
	_, err := h.Issue(t.Context(), h.request(role("f")))
	if got := wantThrottled(t, err).RetryAfter; got != time.Minute {
		t.Errorf("told to come back in %s", got)
	}
	h.clock.advance(time.Minute)
	h.issue(role("f"))
	h.restart()
	h.clock.advance(time.Hour)
	h.issue(role("g"))
	if used, _, _ := h.budgets.For(h.paxos.TokenURL()).Usage(h.clock.Now()); used != 1 {
		t.Errorf("an hour later %d calls are counted, want 1", used)
	}
	if h.mints() != 7 {
		t.Errorf("%d mints, want 7", h.mints())
	}
}

// TestStormStaysBelowTheLimit has readers of own tokens come twice a second for twelve minutes and a half: Paxos must
// not ban us.
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
	if most := h.paxos.MostCallsInWindow(); most != broker.DefaultBudget {
		t.Errorf("at most %d calls in a window, want %d", most, broker.DefaultBudget)
	}
	if served != 3*broker.DefaultBudget || h.paxos.Calls(paxostest.TokenEndpoint) != served {
		t.Errorf("%d were served with %d calls, want %d in 12½ minutes", served, h.mints(), 3*broker.DefaultBudget)
	}
}
