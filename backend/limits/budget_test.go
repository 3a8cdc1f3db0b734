package limits_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/backend/limits"
)

// window is how long a request counts: Paxos's window, and what two requests may come closer
// together on their way.
const window = limits.Window + 2*time.Second

// start is when the time of a test begins.
var start = time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)

// wantThrottled returns the refusal that err must be.
func wantThrottled(t *testing.T, err error) *limits.Throttled {
	t.Helper()
	var throttled *limits.Throttled
	if !errors.As(err, &throttled) {
		t.Fatalf("got %v, want a Throttled", err)
	}
	return throttled
}

// charge is a request of a role for a kind of token, with room in the role's own limit.
func charge(role string, kind limits.Kind) limits.Charge {
	return limits.Charge{Mount: "mount", Role: role, Kind: kind}
}

// take books a request and says whether there was room.
func take(t *testing.T, budget *limits.Budget, now time.Time, charge limits.Charge) bool {
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
func takeAll(t *testing.T, budget *limits.Budget, now time.Time, charge limits.Charge) int {
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
		budget := limits.New(limit).Budget("token endpoint")
		now := start
		var taken []time.Time
		for range 1000 {
			switch random.IntN(4) {
			case 0: // several in one moment
			case 1:
				now = now.Add(time.Duration(random.Int64N(int64(time.Second))))
			case 2:
				now = now.Add(time.Duration(random.Int64N(int64(20 * time.Second))))
			case 3:
				now = now.Add(time.Duration(random.Int64N(int64(limits.Window / time.Duration(limit) * 2))))
			}
			booked, err := budget.Reserve(now, charge("role", limits.Upkeep))
			if err != nil {
				after := wantThrottled(t, err).RetryAfter
				if after <= 2*time.Second || after > window {
					t.Fatalf("seed %d: told to come back in %s", seed, after)
				}
				if _, err = budget.Reserve(now.Add(after-2*time.Second-1), charge("role", limits.Upkeep)); err == nil {
					t.Fatalf("seed %d: admitted before the time told", seed)
				}
				now = now.Add(after)
				if booked, err = budget.Reserve(now, charge("role", limits.Upkeep)); err != nil ||
					!booked.At.Equal(now) {
					t.Fatalf("seed %d: at the time told: %s later, %v", seed, booked.At.Sub(now), err)
				}
			}
			at := booked.At
			taken = append(taken, at)
			inWindow := 0
			for _, other := range slices.Backward(taken) {
				if at.Sub(other) >= limits.Window {
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
	process := limits.New(1)
	if !take(t, process.Budget("a"), start, charge("role", limits.Upkeep)) ||
		take(t, process.Budget("a"), start, charge("role", limits.Upkeep)) {
		t.Error("a budget of one does not admit exactly one")
	}
	if !take(t, process.Budget("b"), start, charge("role", limits.Upkeep)) {
		t.Error("the other endpoint's budget is spent")
	}
}

// TestKindsOfRequests checks how much of the budget each kind may use up, alone and after the others.
func TestKindsOfRequests(t *testing.T) {
	t.Parallel()
	now := start
	for kind, want := range map[limits.Kind]int{limits.Upkeep: 240, limits.Shared: 180, limits.Narrowed: 120,
		limits.Own: 120} {
		if got := takeAll(t, limits.New(240).Budget(""), now, charge("role", kind)); got != want {
			t.Errorf("kind %d: %d requests, want %d", kind, got, want)
		}
	}
	budget := limits.New(240).Budget("")
	own := takeAll(t, budget, now, charge("unique", limits.Own))
	narrowed := takeAll(t, budget, now, charge("narrowed", limits.Narrowed))
	shared := takeAll(t, budget, now, charge("shared", limits.Shared))
	first := 0
	for _, role := range []string{"a", "b", "c"} { // the first token of each, whatever its kind
		if take(t, budget, now, charge(role, limits.Own)) {
			first++
		}
	}
	upkeep := takeAll(t, budget, now, charge("shared", limits.Upkeep))
	if got, want := [5]int{own, narrowed, shared, first, upkeep}, [5]int{120, 1, 59, 3, 57}; got != want {
		t.Errorf("own, narrowed, shared, first, upkeep: %v, want %v", got, want)
	}
}

// TestAllowances checks the limits of a role and of a mount, and what they say.
func TestAllowances(t *testing.T) {
	t.Parallel()
	now := start
	limited := func(kind limits.Kind, allowance limits.Allowance) limits.Charge {
		return limits.Charge{Mount: "mount", Role: "mint-role", Kind: kind, Allowance: allowance}
	}
	for _, test := range []struct {
		charge limits.Charge
		want   int
		reason string
	}{
		{limited(limits.Shared, limits.Allowance{Role: 12}), 12,
			`Role "mint-role" used all 12 of its token requests per 5 minutes (mint_limit=12). Retry in 5m3s, or ask your Vault operators to raise mint_limit.`},
		{limited(limits.Own, limits.Allowance{Role: 12}), 12, `Role "mint-role" used all 12`},
		{limited(limits.Narrowed, limits.Allowance{Role: 12}), 6,
			`Role "mint-role" used all 6 of its narrowed-token requests (half of mint_limit=12). Retry in 5m3s`},
		{limited(limits.Upkeep, limits.Allowance{Mount: 8}), 8,
			"This mount reached its token_budget of 8 token requests per 5 minutes. Retry in 5m3s, or ask your Vault operators to raise token_budget."},
		{limited(limits.Shared, limits.Allowance{Mount: 8}), 6,
			"This mount reached its token_budget of 8 token requests per 5 minutes, of which 2 are reserved for " +
				"refreshes and first tokens of roles. Retry in"},
		{limited(limits.Own, limits.Allowance{Mount: 8}), 4,
			"This mount reached its token_budget of 8 token requests per 5 minutes, of which unique and narrowed " +
				"tokens may use half. Retry in"},
		{limits.Charge{Mount: "mount", Role: "config/", Exhausted: "This mount has asked %d times", Kind: limits.Upkeep,
			Allowance: limits.Allowance{Role: 3}}, 3, "This mount has asked 3 times. Retry in 5m3s."},
	} {
		budget := limits.New(240).Budget("")
		if got := takeAll(t, budget, now, test.charge); got != test.want {
			t.Errorf("%+v: %d requests, want %d", test.charge, got, test.want)
		}
		_, err := budget.Reserve(now, test.charge)
		if !strings.Contains(err.Error(), test.reason) {
			t.Errorf("%+v: %v, want %q", test.charge, err, test.reason)
		}
		other := limits.Charge{Mount: "other", Role: "mint-role", Kind: limits.Upkeep, Allowance: test.charge.Allowance}
		if !take(t, budget, now, other) {
			t.Errorf("%+v: the other mount's role of that name has nothing left", test.charge)
		}
	}
}

// TestFairness checks that a role that has had less comes first once it was refused, for as long as
// it is waited for.
func TestFairness(t *testing.T) {
	t.Parallel()
	now := start
	budget := limits.New(8).Budget("")
	for i := range 4 {
		if !take(t, budget, now.Add(time.Duration(i)*10*time.Second), charge("greedy", limits.Own)) {
			t.Fatal("refused")
		}
	}
	take(t, budget, now.Add(30*time.Second), charge("modest", limits.Own)) // its first: from the reserve
	later := now.Add(40 * time.Second)
	takeAll(t, budget, later, charge("greedy", limits.Own))
	_, err := budget.Reserve(later, charge("modest", limits.Own))
	back := later.Add(wantThrottled(t, err).RetryAfter)
	for at := later; at.Before(back.Add(8 * time.Second)); at = at.Add(time.Second) { // then there is room for two
		if take(t, budget, at, charge("greedy", limits.Own)) {
			t.Fatalf("the greedy role got the turn %s before the other was to come back", back.Sub(at))
		}
	}
	back = back.Add(7 * time.Second)
	if !take(t, budget, back, charge("modest", limits.Own)) {
		t.Error("the turn was not kept")
	}
	takeAll(t, budget, back, charge("modest", limits.Own))
	_, err = budget.Reserve(back, charge("modest", limits.Own))
	missed := back.Add(wantThrottled(t, err).RetryAfter)
	if got := takeAll(t, budget, missed.Add(15*time.Minute+1), charge("greedy", limits.Own)); got != 4 {
		t.Errorf("a claim that nobody comes back for leaves others %d requests, want all 4", got)
	}
}

// TestClockSetBack checks that requests made in what is now the future neither vanish nor block for
// longer than they would have.
func TestClockSetBack(t *testing.T) {
	t.Parallel()
	now := start
	budget := limits.New(3).Budget("")
	takeAll(t, budget, now, charge("role", limits.Upkeep))
	back := now.Add(-24 * time.Hour)
	if take(t, budget, back, charge("role", limits.Upkeep)) {
		t.Error("the clock went back, and the requests are forgotten")
	}
	if !take(t, budget, back.Add(window), charge("role", limits.Upkeep)) {
		t.Error("the clock went back, and there is no room a window later")
	}
}
