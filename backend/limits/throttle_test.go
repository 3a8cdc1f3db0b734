package limits_test

import (
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/backend/limits"
	"vault-plugin-secrets-paxos/backend/paxos"
)

// banning is what a call gets that is throttled for so long.
func banning(after time.Duration) error {
	return &paxos.Error{Doing: "testing", Status: http.StatusTooManyRequests, RetryAfter: after}
}

// TestSecondBanDoesNotShortenTheFirst checks two calls that met the same ban.
func TestSecondBanDoesNotShortenTheFirst(t *testing.T) {
	t.Parallel()
	throttle, now := limits.New(10).Throttle("route"), start
	throttle.LeaveToken(now, banning(10*time.Minute))
	throttle.LeaveToken(now, banning(time.Minute))
	if got := wantThrottled(t, throttle.CheckToken(now)).RetryAfter; got != 10*time.Minute {
		t.Errorf("told to come back in %s", got)
	}
	throttle.LeaveToken(now.Add(time.Minute), banning(0))
	throttle.LeaveToken(now.Add(8*time.Minute), banning(0))
	if got := wantThrottled(t, throttle.CheckToken(now)).RetryAfter; got != 13*time.Minute {
		t.Errorf("after a later ban told to come back in %s", got)
	}
}

// TestOneProbe checks that after a ban one request finds out whether it is over before others
// follow, and that a probe that gets no answer finds out nothing.
func TestOneProbe(t *testing.T) {
	t.Parallel()
	throttle, now := limits.New(10).Throttle("route"), start
	throttle.LeaveToken(now, banning(time.Minute))
	now = now.Add(time.Minute)
	for _, outcome := range []error{&paxos.Error{Doing: "testing"}, banning(2 * time.Minute), nil} {
		if err := throttle.EnterToken(now); err != nil {
			t.Fatalf("the probe is refused: %v", err)
		}
		if got := wantThrottled(t, throttle.EnterToken(now)).RetryAfter; got != 2*time.Second {
			t.Errorf("during the probe told to come back in %s", got)
		}
		if throttle.LeaveToken(now, outcome) {
			now = now.Add(2 * time.Minute)
		}
	}
	for range 3 {
		if err := throttle.EnterToken(now); err != nil {
			t.Errorf("after the ban: %v", err)
		}
	}
}

// TestPaceProperty makes calls as fast as the pace allows, with waits of random lengths between,
// and checks that no second ever holds more than the ceiling, that the pace begins at 5 and
// doubles, and that it begins again after a 429.
func TestPaceProperty(t *testing.T) {
	t.Parallel()
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, seed))
		ceiling := 1 + random.IntN(50)
		throttle, now := limits.New(1).Throttle("route"), start
		var made []time.Time
		for call := range 1000 {
			wait, err := throttle.EnterCall(now, ceiling)
			if err != nil {
				t.Fatal(err)
			}
			if wait > 0 {
				now = now.Add(wait)
				if again, err := throttle.EnterCall(now, ceiling); again != 0 || err != nil {
					t.Fatalf("seed %d: after the wait told: %s, %v", seed, again, err)
				}
			}
			throttle.LeaveCall(now, nil)
			made = append(made, now)
			inSecond := 0
			for i := len(made) - 1; i >= 0 && now.Sub(made[i]) < time.Second; i-- {
				inSecond++
			}
			if most := min(ceiling, 5<<min(call/5, 10)); inSecond > most {
				t.Fatalf("seed %d: call %d is the %dth of its second, with a ceiling of %d", seed, call, inSecond,
					ceiling)
			}
			if random.IntN(20) == 0 {
				now = now.Add(time.Duration(random.Int64N(int64(3 * time.Second))))
			}
		}
		throttle.LeaveCall(now, banning(time.Second))
		now = now.Add(time.Second)
		first := 0
		for {
			wait, err := throttle.EnterCall(now, ceiling)
			if err != nil {
				t.Fatal(err)
			}
			if wait > 0 {
				break
			}
			if first++; first == 1 {
				throttle.LeaveCall(now, nil) // the probe
			}
		}
		if first != min(5, ceiling) {
			t.Fatalf("seed %d: %d calls at once after a ban", seed, first)
		}
	}
}
