package limits_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/backend/limits"
)

// A simulation is a process with honest roles and callers that abuse theirs, on a clock of its own.
// It mints by the budget alone, so that an hour takes milliseconds.
type simulation struct {
	t      *testing.T
	apart  bool // the abusers have mounts of their own
	seed   uint64
	random *rand.Rand
	limit  int
	budget *limits.Budget
	now    time.Time
	start  time.Time
	minted []time.Time                      // by everybody, in order
	log    map[string][]limits.TokenRequest // of each mount
	counts map[string]int                   // mints of each role
}

// An honest role reads now and then, and its token is refreshed ahead, as the broker does it.
type honest struct {
	limits.Charge
	every   time.Duration // between reads
	next    time.Time
	expires time.Time // of its token
}

// mint books a request and makes it.
func (s *simulation) mint(charge limits.Charge) bool {
	booked, err := s.budget.Reserve(s.now, charge)
	if err != nil {
		return false
	}
	s.minted = append(s.minted, booked.At)
	s.log[charge.Mount] = append(s.log[charge.Mount], booked)
	s.counts[charge.Role]++
	return true
}

// newSimulation draws a process.
func newSimulation(t *testing.T, seed uint64) *simulation {
	random := rand.New(rand.NewPCG(seed, 7))
	limit := 60 + random.IntN(241)
	return &simulation{
		t: t, apart: seed%2 == 0, seed: seed, random: random, limit: limit, now: start, start: start,
		budget: limits.New(limit).Budget(""), counts: map[string]int{}, log: map[string][]limits.TokenRequest{},
	}
}

// mountOf is an honest role's mount: one of three, or the one that it shares with the abusers.
func (s *simulation) mountOf(role int) string {
	if s.apart {
		return fmt.Sprint("mount-", role%3)
	}
	return "mount"
}

// tokenLife is shorter than Paxos's, so that more happens in less time.
const tokenLife = 12 * time.Minute

// honestRoles draws as many as the reserve of a quarter can keep going even if all come at once.
func (s *simulation) honestRoles() []*honest {
	roles := make([]*honest, 1+s.random.IntN(s.limit/4-2))
	for i := range roles {
		roles[i] = &honest{
			Charge: limits.Charge{Mount: s.mountOf(i), Role: fmt.Sprint("honest-", i), Kind: limits.Shared,
				Allowance: limits.Allowance{Role: 12}},
			every: time.Second + time.Duration(s.random.Int64N(int64(4*time.Minute))),
			next:  s.start.Add(time.Duration(s.random.Int64N(int64(tokenLife)))),
		}
	}
	return roles
}

// abusers draws callers who mint as often as they are let: subsets of scopes, tokens of their own,
// tokens that they end at once.
func (s *simulation) abusers(most int) []limits.Charge {
	callers := make([]limits.Charge, 1+s.random.IntN(most))
	for i := range callers {
		kind := []limits.Kind{limits.Narrowed, limits.Own, limits.Shared}[s.random.IntN(3)]
		limit := 12
		if kind == limits.Own {
			limit = 60
		}
		callers[i] = limits.Charge{Mount: "mount", Role: fmt.Sprint("abuser-", i), Kind: kind,
			Allowance: limits.Allowance{Role: limit}}
		if s.apart {
			callers[i].Mount = fmt.Sprint("abusers-", s.random.IntN(2))
		}
		if s.apart && s.random.IntN(4) == 0 {
			callers[i].Allowance.Mount = 1 + s.random.IntN(s.limit)
			callers[i].Mount = "small"
		}
	}
	return callers
}

// serve lets an honest role read: it must never be left without a token.
func (s *simulation) serve(role *honest) {
	if s.now.Before(role.next) {
		return
	}
	role.next = s.now.Add(role.every)
	left := role.expires.Sub(s.now)
	charge := role.Charge
	if left > 0 { // it has one: due or not
		if left > tokenLife/4 {
			return
		}
		charge.Kind = limits.Upkeep
	}
	if s.mint(charge) {
		role.expires = s.now.Add(tokenLife)
		return
	}
	if left <= 0 {
		s.t.Fatalf("seed %d, after %s: %s was refused and has no token", s.seed, s.now.Sub(s.start), role.Role)
	}
}

// restart begins with a new process, which reads what was written down of each request that counts.
func (s *simulation) restart() {
	s.budget = limits.New(s.limit).Budget("")
	for range 2 { // once more must change nothing
		for mount, log := range s.log {
			s.budget.Recall(s.now, mount,
				slices.DeleteFunc(log, func(r limits.TokenRequest) bool { return s.now.Sub(r.At) >= window }))
		}
	}
}

// wantWithinBudget checks that no window held more than the limit.
func (s *simulation) wantWithinBudget() {
	s.t.Helper()
	for first, last := 0, 0; last < len(s.minted); last++ {
		for s.minted[last].Sub(s.minted[first]) >= limits.Window {
			first++
		}
		if last-first+1 > s.limit {
			s.t.Fatalf("seed %d: %d requests in a window, of %d", s.seed, last-first+1, s.limit)
		}
	}
}

// TestNobodyStarves runs mixes of callers for the lifetimes of two tokens each, with a restart: no
// window holds more than the budget, and whatever the abusers do, every honest role gets its token.
func TestNobodyStarves(t *testing.T) {
	t.Parallel()
	const mixes, lanes = 800, 4
	for lane := range uint64(lanes) {
		t.Run(fmt.Sprint("lane ", lane), func(t *testing.T) {
			t.Parallel()
			for seed := lane; seed < mixes; seed += lanes {
				runMix(t, seed)
			}
		})
	}
}

// runMix runs one of them.
func runMix(t *testing.T, seed uint64) {
	s := newSimulation(t, seed)
	roles := s.honestRoles()
	callers := s.abusers(min(s.limit/4-len(roles), 20)) // they have a first token too
	back := make([]time.Time, len(callers))
	restart := s.start.Add(time.Duration(s.random.Int64N(int64(2 * tokenLife))))
	for step := time.Duration(5+
		s.random.IntN(16)) * time.Second; s.now.Before(s.start.Add(2 * tokenLife)); s.now = s.now.Add(step) {
		if s.now.After(restart) {
			restart = s.now.Add(time.Hour)
			s.restart()
		}
		for i, caller := range callers {
			if (s.now.Before(back[i]) && s.random.IntN(10) > 0) || s.mint(caller) {
				continue
			}
			back[i] = s.now.Add(time.Duration(s.random.Int64N(int64(time.Minute)))) // mostly they stop for a while
		}
		for _, role := range roles {
			s.serve(role)
		}
	}
	s.wantWithinBudget()
}

// TestEqualsShareEqually has roles of one kind ask at very different paces, each for more than
// there is: over two hours each gets at least half of its share.
func TestEqualsShareEqually(t *testing.T) {
	t.Parallel()
	for seed := range uint64(10) {
		s := newSimulation(t, seed)
		kind := []limits.Kind{limits.Own, limits.Narrowed, limits.Shared}[s.random.IntN(3)]
		pool := s.limit / 2
		if kind == limits.Shared {
			pool = s.limit - s.limit/4
		}
		count := 2 + s.random.IntN(8)
		paces := make([]time.Duration, count)
		for i := range paces {
			paces[i] = []time.Duration{time.Second, 3 * time.Second, 10 * time.Second}[s.random.IntN(3)]
		}
		const hours = 2
		for s.now.Before(s.start.Add(hours * time.Hour)) {
			for i, pace := range paces {
				if s.now.Sub(s.start)%pace == 0 {
					s.mint(limits.Charge{Mount: "mount", Role: fmt.Sprint(i), Kind: kind})
				}
			}
			s.now = s.now.Add(time.Second)
		}
		s.wantWithinBudget()
		for i, pace := range paces {
			share := 12 * hours * min(pool/count, int(limits.Window/pace))
			if got := s.counts[fmt.Sprint(i)]; got < share/2 {
				t.Errorf("seed %d: role %d of %d, which asks every %s, got %d of its share of %d", seed, i, count,
					pace, got, share)
			}
		}
	}
}
