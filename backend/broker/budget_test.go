package broker_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// window is how long a request counts: Paxos's window, and what two requests may come closer
// together on their way.
const window = broker.Window + 2*time.Second

// wantThrottled returns the refusal that err must be.
func wantThrottled(t *testing.T, err error) *broker.Throttled {
	t.Helper()
	var throttled *broker.Throttled
	if !errors.As(err, &throttled) {
		t.Fatalf("got %v, want a Throttled", err)
	}
	return throttled
}

// charge is a request of a role for a kind of token, with room in the role's own limit.
func charge(role string, kind broker.Kind) broker.Charge {
	return broker.Charge{Mount: "mount", Role: role, Kind: kind}
}

// take books a request and says whether there was room.
func take(t *testing.T, budget *broker.Budget, now time.Time, charge broker.Charge) bool {
	t.Helper()
	booked, err := budget.Reserve(now, charge)
	if err != nil {
		wantThrottled(t, err)
		return false
	}
	at := booked.At
	if at.Before(now) || at.Sub(now) > 2*time.Second {
		t.Fatalf("booked for %s from now", at.Sub(now))
	}
	return true
}

// takeAll books requests until there is no room, and says how many there were.
func takeAll(t *testing.T, budget *broker.Budget, now time.Time, charge broker.Charge) int {
	t.Helper()
	for taken := range 1000 {
		if !take(t, budget, now, charge) {
			return taken
		}
	}
	t.Fatal("there is no end")
	return 0
}

// TestBudgetProperty books at random times and checks that no window ever holds more than the
// limit, that nothing is refused while there is room, and that the time to come back is exact.
func TestBudgetProperty(t *testing.T) {
	t.Parallel()
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, seed))
		limit := 1 + random.IntN(40)
		budget := broker.NewLimits(limit).Budget("token endpoint")
		now := newClock().Now()
		var taken []time.Time
		for range 1000 {
			switch random.IntN(4) {
			case 0: // several in one moment
			case 1:
				now = now.Add(time.Duration(random.Int64N(int64(time.Second))))
			case 2:
				now = now.Add(time.Duration(random.Int64N(int64(20 * time.Second))))
			case 3:
				now = now.Add(time.Duration(random.Int64N(int64(broker.Window / time.Duration(limit) * 2))))
			}
			booked, err := budget.Reserve(now, charge("role", broker.Upkeep))
			if err != nil {
				after := wantThrottled(t, err).RetryAfter
				if after <= 2*time.Second || after > window {
					t.Fatalf("seed %d: told to come back in %s", seed, after)
				}
				if _, err = budget.Reserve(now.Add(after-2*time.Second-1), charge("role", broker.Upkeep)); err == nil {
					t.Fatalf("seed %d: admitted before the time told", seed)
				}
				now = now.Add(after)
				if booked, err = budget.Reserve(now, charge("role", broker.Upkeep)); err != nil ||
					!booked.At.Equal(now) {
					t.Fatalf("seed %d: at the time told: %s later, %v", seed, booked.At.Sub(now), err)
				}
			}
			at := booked.At
			taken = append(taken, at)
			inWindow := 0
			for _, other := range slices.Backward(taken) {
				if at.Sub(other) >= broker.Window {
					break
				}
				inWindow++
			}
			if inWindow > limit {
				t.Fatalf("seed %d: %d requests in a window, of %d", seed, inWindow, limit)
			}
			if room := len(taken) < limit ||
				at.Sub(taken[len(taken)-limit]) > window; room && at.After(now) &&
				at.After(taken[max(0, len(taken)-2)]) {
				t.Fatalf("seed %d: waits although there is room", seed)
			}
		}
	}
}

// TestEndpointsDoNotShare checks that each token endpoint has a budget of its own.
func TestEndpointsDoNotShare(t *testing.T) {
	t.Parallel()
	limits, now := broker.NewLimits(1), newClock().Now()
	if !take(t, limits.Budget("a"), now, charge("role", broker.Upkeep)) ||
		take(t, limits.Budget("a"), now, charge("role", broker.Upkeep)) {
		t.Error("a budget of one does not admit exactly one")
	}
	if !take(t, limits.Budget("b"), now, charge("role", broker.Upkeep)) {
		t.Error("the other endpoint's budget is spent")
	}
}

// TestKindsOfRequests checks how much of the budget each kind may use up, alone and after the others.
func TestKindsOfRequests(t *testing.T) {
	t.Parallel()
	now := newClock().Now()
	for kind, want := range map[broker.Kind]int{broker.Upkeep: 240, broker.Shared: 180, broker.Narrowed: 120,
		broker.Own: 120} {
		if got := takeAll(t, broker.NewLimits(240).Budget(""), now, charge("role", kind)); got != want {
			t.Errorf("kind %d: %d requests, want %d", kind, got, want)
		}
	}
	budget := broker.NewLimits(240).Budget("")
	own := takeAll(t, budget, now, charge("unique", broker.Own))
	narrowed := takeAll(t, budget, now, charge("narrowed", broker.Narrowed))
	shared := takeAll(t, budget, now, charge("shared", broker.Shared))
	first := 0
	for _, role := range []string{"a", "b", "c"} { // the first token of each, whatever its kind
		if take(t, budget, now, charge(role, broker.Own)) {
			first++
		}
	}
	upkeep := takeAll(t, budget, now, charge("shared", broker.Upkeep))
	if got, want := [5]int{own, narrowed, shared, first, upkeep}, [5]int{120, 1, 59, 3, 57}; got != want {
		t.Errorf("own, narrowed, shared, first, upkeep: %v, want %v", got, want)
	}
}

// TestAllowances checks the limits of a role and of a mount, and what they say.
func TestAllowances(t *testing.T) {
	t.Parallel()
	now := newClock().Now()
	limited := func(kind broker.Kind, allowance broker.Allowance) broker.Charge {
		return broker.Charge{Mount: "mount", Role: "mint-role", Kind: kind, Allowance: allowance}
	}
	for _, test := range []struct {
		charge broker.Charge
		want   int
		reason string
	}{
		{limited(broker.Shared, broker.Allowance{Role: 12}), 12,
			`Role "mint-role" used all 12 of its token requests per 5 minutes (mint_limit=12). Retry in 5m3s, or ask your Vault operators to raise mint_limit.`},
		{limited(broker.Own, broker.Allowance{Role: 12}), 12, `Role "mint-role" used all 12`},
		{limited(broker.Narrowed, broker.Allowance{Role: 12}), 6,
			`Role "mint-role" used all 6 of its narrowed-token requests (half of mint_limit=12). Retry in 5m3s`},
		{limited(broker.Upkeep, broker.Allowance{Mount: 8}), 8,
			"This mount used up its token_budget of 8 token requests per 5 minutes. Retry in 5m3s."},
		{limited(broker.Shared, broker.Allowance{Mount: 8}), 6, "This mount used up its token_budget of 8"},
		{limited(broker.Own, broker.Allowance{Mount: 8}), 4, "This mount used up its token_budget of 8"},
		{broker.Charge{Mount: "mount", Role: "config/", Kind: broker.Upkeep, Allowance: broker.Allowance{Role: 3}},
			3, "This mount has verified secrets of its root client with 3 token requests in 5 minutes"},
	} {
		budget := broker.NewLimits(240).Budget("")
		if got := takeAll(t, budget, now, test.charge); got != test.want {
			t.Errorf("%+v: %d requests, want %d", test.charge, got, test.want)
		}
		_, err := budget.Reserve(now, test.charge)
		if !strings.Contains(err.Error(), test.reason) {
			t.Errorf("%+v: %v, want %q", test.charge, err, test.reason)
		}
		other := broker.Charge{Mount: "other", Role: "mint-role", Kind: broker.Upkeep, Allowance: test.charge.Allowance}
		if !take(t, budget, now, other) {
			t.Errorf("%+v: the other mount's role of that name has nothing left", test.charge)
		}
	}
}

// TestFairness checks that a role that has had less comes first once it was refused, for as long as
// it is waited for.
func TestFairness(t *testing.T) {
	t.Parallel()
	now := newClock().Now()
	budget := broker.NewLimits(8).Budget("")
	for i := range 4 {
		if !take(t, budget, now.Add(time.Duration(i)*10*time.Second), charge("greedy", broker.Own)) {
			t.Fatal("refused")
		}
	}
	take(t, budget, now.Add(30*time.Second), charge("modest", broker.Own)) // its first: from the reserve
	later := now.Add(40 * time.Second)
	takeAll(t, budget, later, charge("greedy", broker.Own))
	_, err := budget.Reserve(later, charge("modest", broker.Own))
	back := later.Add(wantThrottled(t, err).RetryAfter)
	for at := later; at.Before(back.Add(8 * time.Second)); at = at.Add(time.Second) { // then there is room for two
		if take(t, budget, at, charge("greedy", broker.Own)) {
			t.Fatalf("the greedy role got the turn %s before the other was to come back", back.Sub(at))
		}
	}
	back = back.Add(7 * time.Second)
	if !take(t, budget, back, charge("modest", broker.Own)) {
		t.Error("the turn was not kept")
	}
	takeAll(t, budget, back, charge("modest", broker.Own))
	_, err = budget.Reserve(back, charge("modest", broker.Own))
	missed := back.Add(wantThrottled(t, err).RetryAfter)
	if got := takeAll(t, budget, missed.Add(15*time.Minute+1), charge("greedy", broker.Own)); got != 4 {
		t.Errorf("a claim that nobody comes back for leaves others %d requests, want all 4", got)
	}
}

// TestClockSetBack checks that requests made in what is now the future neither vanish nor block for
// longer than they would have.
func TestClockSetBack(t *testing.T) {
	t.Parallel()
	now := newClock().Now()
	budget := broker.NewLimits(3).Budget("")
	takeAll(t, budget, now, charge("role", broker.Upkeep))
	back := now.Add(-24 * time.Hour)
	if take(t, budget, back, charge("role", broker.Upkeep)) {
		t.Error("the clock went back, and the requests are forgotten")
	}
	if !take(t, budget, back.Add(window), charge("role", broker.Upkeep)) {
		t.Error("the clock went back, and there is no room a window later")
	}
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
	most := h.paxos.MostCallsInWindow()
	if want := broker.DefaultBudget / 2; most != want {
		t.Errorf("at most %d calls in a window, want %d", most, want)
	}
	if served < 2*most || h.paxos.Calls(paxostest.TokenEndpoint) != served {
		t.Errorf("%d were served with %d calls in 12½ minutes", served, h.mints())
	}
}
