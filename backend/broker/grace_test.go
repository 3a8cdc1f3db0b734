package broker_test

import (
	"context"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// all selects every token.
func all(broker.Row) bool { return true }

// endAfter ends every token after a grace and fails the test if that fails.
func (h *harness) endAfter(grace time.Duration) broker.Ending {
	h.t.Helper()
	ending, err := h.EndAfter(h.t.Context(), grace, all)
	if err != nil {
		h.t.Fatalf("ending after %s: %v", grace, err)
	}
	return ending
}

// wantTimers waits until so many timers wait for the clock.
func (h *harness) wantTimers(want int64) {
	h.t.Helper()
	h.eventually(func() bool { return h.clock.sleepers.Load() == want }, "the timers")
}

// eventually waits for what the broker does in the background.
func (h *harness) eventually(happened func() bool, what string) {
	h.t.Helper()
	for deadline := time.Now().Add(patience); !happened(); settle() {
		if time.Now().After(deadline) {
			h.t.Fatalf("waited too long for %s; the log is:\n%s", what, h.log)
		}
	}
}

// wantDead waits until the token has ended at Paxos and is on record no more.
func (h *harness) wantDead(issued broker.Issued) {
	h.t.Helper()
	h.eventually(func() bool { return !h.paxos.Alive(issued.AccessToken.Reveal()) }, "the end of a token at Paxos")
}

// TestGrace checks that a token is handed out no longer at once, works to the last moment of its
// grace, and is revoked by a timer then.
func TestGrace(t *testing.T) {
	t.Parallel()
	for kind, edit := range map[string]func(*broker.Request){"leased": func(*broker.Request) {},
		"unleased": unleased, "own": own} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			old := h.issue(edit)
			at := h.clock.Now().Add(10 * time.Minute)
			if got, want := h.endAfter(10*time.Minute), (broker.Ending{Waiting: 1, At: at}); got != want {
				t.Fatalf("the ending is %+v, want %+v", got, want)
			}
			if row, ok := h.storage.row(old.Fingerprint); !ok || !row.EndingSince.Equal(at) {
				t.Errorf("on record: %v, ending since %s, want %s", ok, row.EndingSince, at)
			}
			fresh := h.issue(edit)
			if fresh.Fingerprint == old.Fingerprint {
				t.Error("it is handed out in its grace")
			}
			queue, err := h.Queue(t.Context())
			if err != nil || len(queue) != 1 || !queue[0].Waits || queue[0].Attempts != 0 {
				t.Errorf("the queue is %+v, %v", queue, err)
			}
			h.wantTimers(1)
			h.clock.until(at.Add(-1))
			h.sweep()
			h.wantAlive(old, true)
			h.clock.advance(1)
			h.wantDead(old)
			h.wantTimers(0)
			h.sweep() // it waits for the one of the timer
			if _, ok := h.storage.row(old.Fingerprint); ok {
				t.Error("it is still on record")
			}
			h.wantAlive(fresh, true)
			h.wantCounts(2, 1, 1)
		})
	}
}

// TestGraceOutlivesTheProcess checks that a new process leaves the token its grace, hands it out no
// more, and ends it with the first sweep after that.
func TestGraceOutlivesTheProcess(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	old := h.issue()
	h.endAfter(10 * time.Minute)
	h.wantTimers(1)
	h.restart()
	h.wantTimers(0)
	if fresh := h.issue(); fresh.Fingerprint == old.Fingerprint {
		t.Error("the next process hands it out")
	}
	h.clock.advance(10*time.Minute - 1)
	h.sweep()
	h.wantAlive(old, true)
	h.clock.advance(1)
	h.sweep()
	h.wantAlive(old, false)
}

// TestGraceIsCutShort checks that any end without a grace ends the token at once, and that this is
// on record.
func TestGraceIsCutShort(t *testing.T) {
	t.Parallel()
	ends := map[string]func(*harness, broker.Issued){
		"by an end without one": func(h *harness, _ broker.Issued) {
			if ended, pending, err := h.End(h.t.Context(), all); ended != 1 || pending != 0 || err != nil {
				h.t.Errorf("%d ended, %d pending, %v", ended, pending, err)
			}
		},
		"by a grace of nothing": func(h *harness, _ broker.Issued) { h.endAfter(0) },
		"by its lease":          func(h *harness, issued broker.Issued) { h.release(issued) },
	}
	for kind, edit := range map[string]func(*broker.Request){"shared": func(*broker.Request) {}, "own": own} {
		for how, end := range ends {
			t.Run(kind+" "+how, func(t *testing.T) {
				t.Parallel()
				h := newHarness(t)
				issued := h.issue(edit)
				h.endAfter(20 * time.Minute)
				end(h, issued)
				h.wantAlive(issued, false)
				if _, ok := h.storage.row(issued.Fingerprint); ok {
					t.Error("it is still on record")
				}
			})
		}
	}
}

// TestGraceIsCutShortOnRecord checks that an end without a grace that Paxos cannot take survives
// the process: the grace is over for the next reader.
func TestGraceIsCutShortOnRecord(t *testing.T) {
	t.Parallel()
	for kind, edit := range map[string]func(*broker.Request){"shared": func(*broker.Request) {}, "own": own} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			issued := h.issue(edit)
			h.endAfter(20 * time.Minute)
			h.down(paxostest.Revoke)
			if _, pending, err := h.End(t.Context(), all); pending != 1 || err != nil {
				t.Fatalf("%d pending, %v", pending, err)
			}
			h.paxos.Heal()
			h.restart()
			h.sweep()
			h.wantAlive(issued, false)
		})
	}
}

// TestGraceIsNotProlonged checks that the earlier of two graces counts, whichever was asked for first.
func TestGraceIsNotProlonged(t *testing.T) {
	t.Parallel()
	for name, graces := range map[string][2]time.Duration{
		"a longer one after it":  {2 * time.Minute, 20 * time.Minute},
		"a shorter one after it": {20 * time.Minute, 2 * time.Minute},
		"more than there may be": {24 * time.Hour, 2 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			issued := h.issue()
			end := h.clock.Now().Add(2 * time.Minute)
			h.endAfter(graces[0])
			if second := h.endAfter(graces[1]); second.Waiting != 1 || !second.At.Equal(end) {
				t.Errorf("the second ending is %+v, want one token at %s", second, end)
			}
			h.wantTimers(1)
			h.clock.until(end)
			h.wantDead(issued)
		})
	}
}

// TestGracesHaveOneTimer checks that one timer ends each of several tokens at its own time,
// whatever the order in which their graces began, and that there is none after the last.
func TestGracesHaveOneTimer(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	start := h.clock.Now()
	tokens := map[time.Duration]broker.Issued{}
	for _, minutes := range []int{10, 5, 15, 5} {
		issued := h.issue(own)
		grace := time.Duration(minutes) * time.Minute
		if _, err := h.EndAfter(t.Context(), grace, func(row broker.Row) bool {
			return row.Fingerprint == issued.Fingerprint
		}); err != nil {
			t.Fatal(err)
		}
		tokens[grace] = issued
	}
	for _, minutes := range []int{5, 10, 15} {
		h.wantTimers(1)
		grace := time.Duration(minutes) * time.Minute
		h.clock.until(start.Add(grace - time.Minute))
		h.wantAlive(tokens[grace], true)
		h.clock.advance(time.Minute)
		h.wantDead(tokens[grace])
	}
	h.wantTimers(0)
}

// TestGraceIsBounded checks that none is longer than the longest, and that a clock that was set
// back prolongs none.
func TestGraceIsBounded(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	issued := h.issue()
	if ending := h.endAfter(24 * time.Hour); !ending.At.Equal(h.clock.Now().Add(broker.MaximumGrace)) {
		t.Errorf("the grace ends at %s", ending.At)
	}
	h.wantTimers(1)
	h.clock.advance(-time.Minute)
	h.sweep()
	h.wantAlive(issued, false)
}

// TestGraceWithoutStorage checks that a grace that cannot be recorded is reported, and that a
// process that comes next ends the token at once, as one that its role does not grant any more.
func TestGraceWithoutStorage(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	issued := h.issue()
	h.storage.set(func(s *storage) { s.failPut = errStorage })
	if _, err := h.EndAfter(t.Context(), 10*time.Minute, all); err == nil {
		t.Error("the failure is not reported")
	}
	h.storage.set(func(s *storage) { s.failPut = nil })
	h.restart()
	h.Granted = func(context.Context, broker.Row) (bool, error) { return false, nil }
	h.sweep()
	h.wantAlive(issued, false)
}

// TestGraceIsSparedBySweeps checks that a sweep that finds a token ungranted before the grace has
// been noted leaves it to the one who notes it, and takes it once no one is about to.
func TestGraceIsSparedBySweeps(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	issued := h.issue()
	h.Granted = func(context.Context, broker.Row) (bool, error) { return false, nil }
	done := h.Spare("role")
	h.sweep()
	h.wantAlive(issued, true)
	h.endAfter(10 * time.Minute)
	done()
	h.sweep()
	h.wantAlive(issued, true)
	other := h.issue()
	h.sweep()
	h.wantAlive(other, false)
	h.wantAlive(issued, true)
}

// TestGraceEndsWithTheLastLease checks that a shared token that no reader holds any more is not kept
// for its grace, nor for its idle time.
func TestGraceEndsWithTheLastLease(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	first, second := h.issue(), h.issue()
	h.endAfter(20 * time.Minute)
	h.release(first)
	h.wantAlive(first, true)
	h.release(second)
	h.wantAlive(first, false)
}

// TestGraceIsCutShortWhenStorageIsBack checks that an end without a grace that could not be
// recorded is recorded with the next try, so that no later process leaves the token its grace.
func TestGraceIsCutShortWhenStorageIsBack(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.issue()
	h.endAfter(20 * time.Minute)
	h.storage.set(func(s *storage) { s.failPut = errStorage })
	if _, _, err := h.End(t.Context(), all); err == nil {
		t.Error("the failure is not reported")
	}
	h.storage.set(func(s *storage) { s.failPut = nil })
	h.down(paxostest.Revoke)
	h.sweep()
	h.paxos.Heal()
	h.restart()
	h.sweep()
	if live := h.paxos.LiveTokens(); len(live) != 0 {
		t.Errorf("%d tokens are alive in their grace", len(live))
	}
}
