package broker_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/limits"
	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// neighbor is another mount of the harness's process, on a storage of its own.
func (h *harness) neighbor(name string, ledger *storage) *harness {
	other := &harness{t: h.t, paxos: h.paxos, connection: h.connection, client: h.client, storage: ledger,
		clock: h.clock, log: h.log, limits: h.limits}
	other.generation.Store(1)
	other.Broker = broker.New(broker.Options{
		Ledger: ledger, Mount: name, Limits: h.limits,
		Revokers: func(context.Context, broker.Row) ([]*paxos.Client, error) { return []*paxos.Client{h.client}, nil },
		CallRate: func(context.Context) int { return limits.DefaultCallRate },
		Closing:  func() bool { return false },
		Wait: func(ctx context.Context, d time.Duration) error {
			h.clock.reach(h.clock.Now().Add(d))
			return ctx.Err()
		},
		Logger: hclog.New(&hclog.LoggerOptions{Output: h.log, Level: hclog.Trace}), Now: h.clock.Now,
	})
	if err := other.Start(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
	return other
}

// drain asks for a token of each of so many roles, and says how many there were.
func (h *harness) drain(roles int) (served int) {
	for i := range roles {
		if _, err := h.Issue(h.t.Context(), h.request(unleased, role(fmt.Sprint("role-", i)))); err == nil {
			served++
		}
	}
	return served
}

// usage is what the harness's process says of its budget.
func (h *harness) usage() (used int, known bool) {
	used, _, known = h.limits.Budget(h.paxos.TokenURL()).Usage(h.clock.Now())
	return used, known
}

// noLimit is a Paxos that bans no address: the test itself counts.
func noLimit(o *paxostest.Options) { o.TokenLimit = -1 }

// TestRestartsDoNotRefillTheBudget has requests that succeed, that fail with 503 and that get no
// answer, with a new process after every tenth: no window holds more than one budget, and nothing
// is left on record in the end.
func TestRestartsDoNotRefillTheBudget(t *testing.T) {
	t.Parallel()
	h := newHarness(t, noLimit)
	for i := range 600 {
		if i%10 == 0 {
			h.restart()
		}
		switch i % 3 {
		case 1:
			h.paxos.FailNext(paxostest.TokenEndpoint, paxostest.Fault{Status: 503})
		case 2:
			h.paxos.FailNext(paxostest.TokenEndpoint, paxostest.Fault{Drop: true})
		}
		if issued, err := h.Issue(t.Context(), h.request(own)); err == nil {
			h.release(issued)
		}
		h.clock.advance(time.Second)
	}
	if most := h.paxos.MostTokenRequestsInWindow(); most != limits.DefaultBudget/2 {
		t.Errorf("%d requests in a window, want %d", most, limits.DefaultBudget/2)
	}
	if calls := h.mints(); h.storage.logged != calls {
		t.Errorf("%d writes for %d token requests", h.storage.logged, calls)
	}
	h.clock.advance(window)
	h.sweep() // ends what the pace left
	h.sweep()
	if len(h.storage.requests) != 0 || len(h.storage.rows) != 0 {
		t.Errorf("%d requests and %d rows are left on record", len(h.storage.requests), len(h.storage.rows))
	}
}

// TestTwoMountsAndARestart has two mounts spend the whole budget, half of it on requests that fail.
// The process ends. Whichever mount comes first in the next one sends nothing until the other is
// there too; then both go by what was sent.
func TestTwoMountsAndARestart(t *testing.T) {
	t.Parallel()
	for name, firstIsOurs := range map[string]bool{"the older mount first": true, "the younger mount first": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t, noLimit)
			h.issue(role("long ago")) // alone, which it is not any more soon
			h.clock.advance(10 * time.Minute)
			h.sweep()
			other := h.neighbor("other", newStorage())
			for range 110 {
				h.paxos.FailNext(paxostest.TokenEndpoint, paxostest.Fault{Status: 503})
			}
			spent := other.drain(130) + h.drain(160)
			if calls := h.paxos.MostTokenRequestsInWindow(); calls != limits.DefaultBudget {
				t.Fatalf("%d requests in a window (%d served) before the restart", calls, spent)
			}
			ours, theirs := h.storage, other.storage
			h.limits = limits.New(limits.DefaultBudget)
			var late *harness
			if firstIsOurs {
				late = h.neighbor("mount", ours)
			} else {
				late = h.neighbor("other", theirs)
			}
			before := h.mints()
			_, err := late.Issue(t.Context(), late.request(role("new")))
			throttled := wantThrottled(t, err)
			if !strings.Contains(err.Error(), "just started") || throttled.RetryAfter > 66*time.Second {
				t.Errorf("refused with %q", err)
			}
			if used, known := h.usage(); used != limits.DefaultBudget || known {
				t.Errorf("%d are said to be used, known: %v", used, known)
			}
			var second *harness
			if firstIsOurs {
				second = h.neighbor("other", theirs)
			} else {
				second = h.neighbor("mount", ours)
			}
			second.sweep() // loads it
			if used, known := h.usage(); used != limits.DefaultBudget || !known {
				t.Errorf("with both there %d are said to be used, known: %v", used, known)
			}
			late.drain(160)
			second.drain(160)
			if h.mints() != before {
				t.Errorf("%d requests were sent while the budget was spent", h.mints()-before)
			}
			h.clock.advance(window)
			if late.drain(160) == 0 {
				t.Error("a window later there is no room")
			}
			if most := h.paxos.MostTokenRequestsInWindow(); most > limits.DefaultBudget {
				t.Errorf("%d requests in a window", most)
			}
		})
	}
}

// TestAMountThatSentNothingKnowsTheOthers has a mount without any request come first after a restart.
func TestAMountThatSentNothingKnowsTheOthers(t *testing.T) {
	t.Parallel()
	h := newHarness(t, noLimit)
	h.drain(100)
	silent := newStorage()
	h.neighbor("silent", silent)
	h.drain(240)
	h.limits = limits.New(limits.DefaultBudget)
	first := h.neighbor("silent", silent)
	if served := first.drain(240); served != 0 {
		t.Errorf("%d tokens while it is not known what the other mount sent", served)
	}
	h.clock.advance(window) // the other mount was disabled: it never comes
	if served := first.drain(10); served != 10 {
		t.Errorf("a window after the start %d tokens, want 10", served)
	}
	first.sweep()
	h.limits = limits.New(limits.DefaultBudget)
	if again := h.neighbor("silent", silent); again.drain(20) != 10 { // ten are cached
		if used, known := h.usage(); used != 20 || !known {
			t.Errorf("a mount that is alone does not go on with its own log: %d used, known: %v", used, known)
		}
	}
}

// TestAFirstMountIsNotHeldUp checks that a mount without any record, and one that was alone, go on
// at once.
func TestAFirstMountIsNotHeldUp(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	if used, known := h.usage(); used != 0 || !known {
		t.Errorf("%d used, known: %v", used, known)
	}
	h.issue()
	h.restart()
	h.issue(role("another"))
	if used, known := h.usage(); used != 2 || !known {
		t.Errorf("after a restart %d used, known: %v", used, known)
	}
}

// TestNothingIsSentThatIsNotOnRecord checks that a write that fails sends nothing and takes nothing
// of the budget, and so for the record of the others: the mounts that are there must know of one
// that is new before it spends.
func TestNothingIsSentThatIsNotOnRecord(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.issue()
	other := h.neighbor("other", newStorage())
	h.storage.set(func(s *storage) { s.failLog = errStorage })
	for who, mount := range map[string]*harness{"whose storage fails": h, "whose neighbor's storage fails": other} {
		if _, err := mount.Issue(t.Context(), mount.request(role("new"))); !errors.Is(err, errStorage) {
			t.Errorf("the mount %s got %v", who, err)
		}
	}
	if used, _ := h.usage(); h.mints() != 1 || used != 1 {
		t.Errorf("%d requests sent, %d counted, want 1", h.mints(), used)
	}
	h.storage.set(func(s *storage) { s.failLog = nil })
	other.issue(role("new"))
	if _, ok := h.storage.others["other"]; !ok {
		t.Error("the new mount spent before the other had it on record")
	}
}

// TestARequestWhoseRecordFailsIsNotSent has a mount alone in its process, so that the record of the
// request itself is what fails.
func TestARequestWhoseRecordFailsIsNotSent(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.issue()
	h.storage.set(func(s *storage) { s.failLog = errStorage })
	if _, err := h.Issue(t.Context(), h.request(role("new"))); !errors.Is(err, errStorage) {
		t.Errorf("got %v", err)
	}
	if used, _ := h.usage(); h.mints() != 1 || used != 1 {
		t.Errorf("%d requests sent, %d counted, want 1", h.mints(), used)
	}
	h.storage.set(func(s *storage) { s.failLog = nil })
	h.issue(role("new"))
}

// TestAnEarlierVersionsLedger starts on what a version without a log of requests left: a token of a
// minute ago, and what it kept of one that had ended. What else was sent is unknown for a window;
// the cached token is served meanwhile.
func TestAnEarlierVersionsLedger(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	issued := h.issue()
	h.storage.set(func(s *storage) {
		clear(s.requests)
		s.rows["ended"] = broker.Row{Fingerprint: "ended", RoleName: "role", MintedAt: h.clock.Now(),
			ExpiresAt: h.clock.Now().Add(time.Hour)}
	})
	h.clock.advance(time.Minute)
	h.restart()
	if again := h.issue(); again.Fingerprint != issued.Fingerprint {
		t.Error("the cached token is not served")
	}
	_, err := h.Issue(t.Context(), h.request(role("other")))
	wantThrottled(t, err)
	if live, err := h.Live(t.Context()); err != nil || len(live) != 1 {
		t.Errorf("%d live tokens, %v", len(live), err)
	}
	h.sweep()
	if h.storage.size() != 1 {
		t.Errorf("%d rows, want one", h.storage.size())
	}
	h.clock.advance(window)
	h.issue(role("other"))
	h.wantCounts(2, 0, 2)
}

// TestClockSetBackAfterRequests checks that requests on record in what is now the future, and a
// mount that is waited for, hold the mount up for a window and no longer.
func TestClockSetBackAfterRequests(t *testing.T) {
	t.Parallel()
	h := newHarness(t, noLimit)
	h.neighbor("other", newStorage())
	h.drain(240)
	h.clock.advance(-24 * time.Hour)
	h.restart()
	if served := h.drain(10); served != 0 {
		t.Errorf("%d tokens although it is not known what the other mount sent", served)
	}
	h.clock.advance(window)
	if served := h.drain(10); served != 10 {
		t.Errorf("%d tokens a window later, want 10", served)
	}
	h.clock.advance(window)
	h.sweep()
	if left := len(h.storage.requests); left != 0 {
		t.Errorf("%d requests are left on record", left)
	}
}

// TestResetIsAnotherProcessesWork checks that what another node sent while this one stood by counts.
func TestResetIsAnotherProcessesWork(t *testing.T) {
	t.Parallel()
	h := newHarness(t, noLimit)
	h.issue(role("before"))
	active := &harness{t: t, paxos: h.paxos, connection: h.connection, client: h.client, storage: h.storage,
		clock: h.clock, log: h.log, limit: limits.DefaultBudget}
	active.generation.Store(1)
	active.restart()
	active.drain(239)
	active.Close()
	h.Reset()
	if served := h.drain(239); served != 239 { // all are on record
		t.Errorf("%d of the other node's tokens are served", served)
	}
	before := h.mints()
	if _, err := h.Issue(t.Context(), h.request(role("one more"))); err == nil || h.mints() != before {
		t.Error("what the other node sent does not count")
	}
	if used, known := h.usage(); used != 180 && used != 240 || !known {
		t.Errorf("%d used, known: %v", used, known)
	}
}

// TestSlowStorageDelaysRequests checks that a request is counted from when it is sent, however long
// its record took.
func TestSlowStorageDelaysRequests(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	slow := 1
	h.storage.set(func(s *storage) {
		s.onLog = func() {
			if slow > 0 {
				slow--
				h.clock.advance(20 * time.Second)
			}
		}
	})
	issued := h.issue()
	if !issued.MintedAt.Equal(h.clock.Now()) {
		t.Errorf("counted from %s before it was sent", h.clock.Now().Sub(issued.MintedAt))
	}
	for _, r := range h.storage.requests {
		if !r.At.Equal(h.clock.Now()) {
			t.Errorf("recorded with a time %s before it was sent", h.clock.Now().Sub(r.At))
		}
	}
	slow = 100
	_, err := h.Issue(t.Context(), h.request(role("other")))
	wantThrottled(t, err)
	h.clock.until(issued.MintedAt.Add(window - 1))
	if used, _ := h.usage(); h.mints() != 1 || used != 1 {
		t.Errorf("%d sent, %d counted a window after it was sent, want 1", h.mints(), used)
	}
}

// TestUnreadableRecords damages one row and one request: all else goes on, the token is named, and
// each counts as a request of unknown time.
func TestUnreadableRecords(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	kept, damaged := h.issue(), h.issue(role("damaged"))
	h.storage.set(func(s *storage) {
		s.damaged[damaged.Fingerprint] = true
		for id, r := range s.requests {
			s.damaged[id] = r.Role == "damaged"
		}
	})
	h.restart()
	if again := h.issue(); again.Fingerprint != kept.Fingerprint {
		t.Error("a readable token is not served")
	}
	h.release(kept)
	h.sweep()
	h.sweep()
	if names, err := h.Unreadable(t.Context()); err != nil ||
		fmt.Sprint(names) != fmt.Sprint([]string{damaged.Fingerprint}) {
		t.Errorf("unreadable: %v, %v", names, err)
	}
	if lines := strings.Count(h.log.String(), damaged.Fingerprint+" error="); lines != 1 {
		t.Errorf("logged %d times:\n%s", lines, h.log)
	}
	if used, known := h.usage(); used != 3 || !known { // the readable request, the damaged one, the damaged row
		t.Errorf("%d used, known: %v", used, known)
	}
	if ended, pending, err := h.End(t.Context(), func(broker.Row) bool { return true }); ended != 1 ||
		pending != 0 || err != nil {
		t.Errorf("%d ended, %d pending, %v", ended, pending, err)
	}
	if found, err := h.Forget(t.Context(), damaged.Fingerprint); !found || err != nil {
		t.Errorf("found %v, %v", found, err)
	}
	if names, _ := h.Unreadable(t.Context()); len(names) != 0 || h.storage.size() != 0 {
		t.Errorf("%v unreadable, %d rows", names, h.storage.size())
	}
}

// TestMountsOfOtherEndpointsAreNotWaitedFor has two mounts of two Paxoses in a process that ends.
// Each goes on at once; a third, of the first one's Paxos, waits for that one alone.
func TestMountsOfOtherEndpointsAreNotWaitedFor(t *testing.T) {
	t.Parallel()
	h, elsewhere := newHarness(t), newHarness(t)
	elsewhere.clock = h.clock
	abroad := newStorage()
	third := newStorage()
	neighbor := func() *harness {
		elsewhere.limits = h.limits
		return elsewhere.neighbor("elsewhere", abroad)
	}
	h.issue()
	h.neighbor("third", third).issue(role("of the third"))
	neighbor().issue()
	h.sweep()
	h.restart()
	if err := h.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err := h.Issue(t.Context(), h.request(role("new")))
	wantThrottled(t, err) // it waits for the third
	neighbor().issue(role("new"))
	h.neighbor("third", third).sweep()
	h.issue(role("new"))
	if len(h.storage.others) != 2 ||
		fmt.Sprint(h.storage.others["third"].Endpoints) == fmt.Sprint(h.storage.others["elsewhere"].Endpoints) {
		t.Errorf("on record are %v", h.storage.others)
	}
}

// TestNothingIsKeptForAMountThatLeft has another mount ask once and leave: then this one has the
// whole budget for its first tokens.
func TestNothingIsKeptForAMountThatLeft(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		leaves bool
		served int
	}{"it stays": {false, 13}, "it leaves": {true, 15}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t, noLimit)
			h.limit = 16
			h.restart()
			other := h.neighbor("other", newStorage())
			other.issue()
			if test.leaves {
				other.Close()
			} else {
				t.Cleanup(other.Close)
			}
			if served := h.drain(20); served != test.served {
				t.Errorf("%d roles got their first token, want %d", served, test.served)
			}
		})
	}
}
