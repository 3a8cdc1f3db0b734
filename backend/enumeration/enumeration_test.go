package enumeration

import "testing"

// TestEveryStepOfEveryOperation runs every scenario once without a fault, which shows its steps,
// and then once for every way in which every step can go wrong. After each run the mount and the
// state of Paxos must satisfy all checks. See README.md.
func TestEveryStepOfEveryOperation(t *testing.T) {
	t.Parallel()
	all := scenarios()
	t.Run("declared", func(t *testing.T) { // of its own, so that the mounts that it tries end here
		all = append(all, declaredScenarios(t, scenarios())...)
	})
	for _, sc := range all {
		t.Run(sc.String(), func(t *testing.T) {
			t.Parallel()
			var clean baseline
			if !t.Run("nothing", func(t *testing.T) { clean = newRun(t, sc, fault{}, nil).play() }) {
				return
			}
			for _, f := range faults(clean.steps) {
				t.Run(f.String(), func(t *testing.T) { newRun(t, sc, f, &clean).play() })
			}
		})
	}
}

// TestALockdownOvertakesEveryStepOfARead locks the mount down before each step of each read.
// However far the read had got, no token that it requested may stay alive.
func TestALockdownOvertakesEveryStepOfARead(t *testing.T) {
	t.Parallel()
	for _, sc := range issuingScenarios() {
		t.Run(sc.String(), func(t *testing.T) {
			t.Parallel()
			clean := newRun(t, sc, fault{}, nil)
			count := map[dependency]int{}
			for _, s := range clean.observe(clean.request(clean.faultyMount), fault{}).steps {
				count[s.dependency]++
				f := fault{step: s, number: count[s.dependency], kind: overtaken}
				t.Run(f.String(), func(t *testing.T) { newRun(t, sc, f, &baseline{}).playWithLockdown() })
			}
		})
	}
}
