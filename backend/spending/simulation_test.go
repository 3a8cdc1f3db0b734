package spending_test

import (
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/backend/spending"
)

// A simulation is some days of a mount, with everything that can go wrong. It has its own account of
// what was signed, by the true time, and of what is stored.
type simulation struct {
	t      *testing.T
	seed   uint64
	random *rand.Rand
	mu     sync.Mutex // for faults of reads, which are many at once

	disk   *disk
	ledger *spending.Ledger
	clock  *clock    // which may be set back
	true   time.Time // which nobody sees
	latest time.Time // that the ledger has seen, or found stored

	limits  map[string]int64 // by signer; of the mount too
	signers []string
	made    []spending.Payment
	amounts map[spending.Hash]int64
	signed  map[spending.Hash]signature // the last one of each
	counts  map[string]int              // of what happened
}

// A signature is when a payment was signed last, and who it counts for.
type signature struct {
	signer string
	at     time.Time
}

// newSimulation begins with an empty storage.
func newSimulation(t *testing.T, seed uint64) *simulation {
	s := &simulation{t: t, seed: seed, random: rand.New(rand.NewPCG(seed, 7)), disk: newDisk(), clock: newClock(),
		limits: map[string]int64{}, amounts: map[spending.Hash]int64{}, signed: map[spending.Hash]signature{},
		counts: map[string]int{}}
	s.true = s.clock.Now()
	s.limits[spending.Mount] = 30 + s.random.Int64N(300)
	s.signers = []string{"", ""}
	for i := range s.signers {
		s.makeSigner(i)
	}
	faults := s.random.IntN(3) * 4 // in a hundred; none in a third of the runs
	s.disk.before = func(string) error { return s.fault(faults) }
	s.disk.after = func(operation string) error {
		if operation == "read" { // it has no effect; and pages are read in any order
			return nil
		}
		return s.fault(faults)
	}
	s.restart()
	return s
}

// fault fails some operations.
func (s *simulation) fault(percent int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.random.IntN(100) < percent {
		s.counts["fault"]++
		return errDisk
	}
	return nil
}

// makeSigner deletes a signer and makes it again: it has another ID.
func (s *simulation) makeSigner(i int) {
	s.signers[i] = fmt.Sprintf("%d-%d", i, s.random.Int64())
	s.limits[s.signers[i]] = 10 + s.random.Int64N(200)
}

// restart begins with a new process.
func (s *simulation) restart() {
	s.ledger = spending.New(spending.Options{Records: s.disk, Now: s.clock.Now})
	s.latest = time.Time{}
}

// now is what the ledger must take for now, once it has read storage.
func (s *simulation) now() time.Time {
	now := s.clock.Now()
	if s.latest.After(now) {
		now = s.latest
	}
	for _, row := range s.disk.rows() {
		if row.At.After(now) {
			now = row.At
		}
	}
	return now
}

// saw notes what the ledger took for now, unless it could not read storage.
func (s *simulation) saw(now time.Time, err error) {
	var unread *spending.NotLoaded
	if !errors.As(err, &unread) {
		s.latest = now
	}
}

// pick draws a payment: a new one, one of before, or one with a ref_id of before.
func (s *simulation) pick() spending.Payment {
	signer := s.signers[s.random.IntN(len(s.signers))]
	amount := 1 + s.random.Int64N(40)
	ref := fmt.Sprint("ref", len(s.made))
	if len(s.made) > 0 {
		switch s.random.IntN(5) {
		case 0, 1:
			p := s.made[max(0, len(s.made)-1-s.random.IntN(30))]
			p.Signer = signer
			return p
		case 2:
			ref = fmt.Sprint("ref", s.random.IntN(len(s.made)))
		}
	}
	p := payment(s.t, signer, ref, fmt.Sprint(amount))
	s.made = append(s.made, p)
	s.amounts[p.Key] = amount
	return p
}

// spend asks for a payment, and holds the answer against both accounts.
func (s *simulation) spend() {
	p := s.pick()
	limits := daily(s.t, fmt.Sprint(s.limits[p.Signer]), fmt.Sprint(s.limits[spending.Mount]))
	before := s.disk.rows()
	now := s.now()
	err := s.ledger.Spend(s.t.Context(), p, limits)
	s.saw(now, err)
	counting := func(key spending.Hash) bool {
		row, ok := before[key]
		return ok && now.Before(row.At.Add(spending.Window))
	}
	var exceeded *spending.Exceeded
	var reused *spending.RefReused
	switch {
	case err == nil:
		s.counts["signed"]++
		s.wantSigned(p, now, counting(p.Key))
	case errors.As(err, &exceeded):
		s.counts["exceeded"]++
		var stored int64
		for key, row := range before {
			if counting(key) && (exceeded.Signer == spending.Mount || row.Signer == exceeded.Signer) {
				stored += s.amounts[key]
			}
		}
		if counting(p.Key) || stored+s.amounts[p.Key] <= s.limits[exceeded.Signer] ||
			exceeded.Used.String() != fmt.Sprint(stored) {
			s.fail("refused with %v; %d are stored, the limit is %d", err, stored, s.limits[exceeded.Signer])
		}
	case errors.As(err, &reused):
		s.counts["reused"]++
		found := false
		for key, row := range before {
			found = found || counting(key) && row.Ref == p.Ref && key != p.Key
		}
		if !found || counting(p.Key) {
			s.fail("refused with %v", err)
		}
	case errors.Is(err, errDisk):
		s.counts["failed"]++
		if s.random.IntN(2) == 0 {
			s.restart()
		}
	default:
		s.fail("%v", err)
	}
}

// wantSigned checks what must hold when a signature leaves.
func (s *simulation) wantSigned(p spending.Payment, now time.Time, repeated bool) {
	row, ok := s.disk.rows()[p.Key]
	if !ok || !row.At.Equal(now) {
		s.fail("signed at %s, stored with %s", now, row.At)
	}
	last := s.signed[p.Key]
	if !repeated || last.signer == "" {
		last.signer = row.Signer
	}
	s.signed[p.Key] = signature{last.signer, s.true}
	sums := map[string]*big.Int{}
	for key, signature := range s.signed {
		if s.true.Sub(signature.at) >= spending.Window {
			continue
		}
		for _, signer := range []string{signature.signer, spending.Mount} {
			if sums[signer] == nil {
				sums[signer] = new(big.Int)
			}
			sums[signer].Add(sums[signer], big.NewInt(s.amounts[key]))
		}
	}
	for signer, sum := range sums {
		if sum.Cmp(big.NewInt(s.limits[signer])) > 0 {
			s.fail("%s of %d were signed for %q", sum, s.limits[signer], signer)
		}
	}
}

// fail ends the run.
func (s *simulation) fail(format string, arguments ...any) {
	s.t.Helper()
	s.t.Fatalf("seed %d, true time %s: %s", s.seed, s.true.Format(time.RFC3339), fmt.Sprintf(format, arguments...))
}

// step lets one thing happen.
func (s *simulation) step() {
	switch draw := s.random.IntN(100); {
	case draw < 70:
		s.spend()
	case draw < 80:
		passed := time.Duration(s.random.Int64N(int64(8 * time.Hour)))
		s.true = s.true.Add(passed)
		s.clock.move(passed)
	case draw < 82:
		s.clock.move(-time.Duration(s.random.Int64N(int64(2 * time.Hour))))
	case draw < 90:
		now := s.now()
		err := s.ledger.Sweep(s.t.Context())
		s.saw(now, err)
		if err != nil && !errors.Is(err, errDisk) {
			s.fail("%v", err)
		}
	case draw < 94:
		s.restart()
	case draw < 97:
		s.ledger.Reset()
		s.latest = time.Time{}
	case draw < 99:
		s.makeSigner(s.random.IntN(len(s.signers)))
	default: // a daily limit is lowered or raised for the next one
		s.limits[s.signers[0]] = max(s.limits[s.signers[0]], 10+s.random.Int64N(200))
	}
}

// TestNoLimitIsExceeded runs mounts whose storage fails before and after its effect, whose processes
// end at any time, and whose clocks are set back. In every window of the true time no more is signed
// than the limits allow, what is signed is stored, and nothing is refused without need.
func TestNoLimitIsExceeded(t *testing.T) {
	t.Parallel()
	const mounts, lanes, steps = 300, 4, 300
	total := map[string]int{}
	t.Run("lanes", func(t *testing.T) {
		results := make(chan map[string]int, mounts)
		for lane := range uint64(lanes) {
			t.Run(fmt.Sprint("lane ", lane), func(t *testing.T) {
				t.Parallel()
				for seed := lane; seed < mounts; seed += lanes {
					s := newSimulation(t, seed)
					for range steps {
						s.step()
					}
					if pages := len(s.disk.pages); pages > steps/3 {
						s.fail("%d pages are stored", pages)
					}
					results <- s.counts
				}
			})
		}
		t.Cleanup(func() {
			close(results)
			for counts := range results {
				for what, count := range counts {
					total[what] += count
				}
			}
		})
	})
	t.Log(total)
	for _, what := range []string{"signed", "exceeded", "reused", "failed"} {
		if total[what] < 1000 {
			t.Errorf("%s: only %d", what, total[what])
		}
	}
}
