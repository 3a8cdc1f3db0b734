package spending_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"vault-plugin-secrets-paxos/backend/spending"
)

// failing fails one kind of operation.
func failing(kind string) func(string) error {
	return func(operation string) error {
		if operation == kind {
			return errDisk
		}
		return nil
	}
}

// wantNotStored is for payments that must not be signed because their write has failed.
func wantNotStored(t *testing.T, l *spending.Ledger, p spending.Payment) {
	t.Helper()
	err := l.Spend(t.Context(), p, spending.Limits{})
	var unknown *spending.NotStored
	if !errors.As(err, &unknown) || !errors.Is(err, errDisk) {
		t.Fatalf("the payment has %v", err)
	}
}

// TestAWriteThatFails has a write fail before and after its effect. Storage is asked before anything
// else, and what it says counts.
func TestAWriteThatFails(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		after bool // its effect
		used  string
		// When a payment ends whose repetition an hour later has failed, and what is used before
		// and after.
		ends         time.Duration
		before, gone string
	}{
		"before its effect": {false, "3", spending.Window, "17", "10"},
		"after its effect":  {true, "7", spending.Window + time.Hour, "3", "0"},
	} {
		d, c := newDisk(), newClock()
		l := open(d, c)
		spend(t, l, payment(t, "a", "1", "3"), spending.Limits{})
		fail := func(kind string) {
			d.before, d.after = nil, nil
			if test.after {
				d.after = failing(kind)
			} else {
				d.before = failing(kind)
			}
		}
		fail("write")
		wantNotStored(t, l, payment(t, "a", "2", "4"))
		fail("read")
		for _, p := range []spending.Payment{payment(t, "a", "2", "4"), payment(t, "b", "3", "1")} {
			err := l.Spend(t.Context(), p, spending.Limits{})
			var unknown *spending.NotLoaded
			if !errors.As(err, &unknown) || !errors.Is(err, errDisk) {
				t.Errorf("%s: while it is unknown, a payment has %v", name, err)
			}
		}
		d.before, d.after = nil, nil
		if got := used(t, l, "a"); got != test.used {
			t.Errorf("%s: %s are used, want %s", name, got, test.used)
		}
		if got := used(t, open(d, c), "a"); got != test.used {
			t.Errorf("%s: a new process has %s used, want %s", name, got, test.used)
		}
		spend(t, l, payment(t, "a", "2", "4"), daily(t, "7", "7")) // repeated
		if got := used(t, l, spending.Mount); got != "7" {
			t.Errorf("%s: when it was repeated, %s are used", name, got)
		}

		c.move(30 * time.Minute)
		spend(t, l, payment(t, "a", "between", "10"), spending.Limits{})
		c.move(30 * time.Minute)
		fail("write")
		wantNotStored(t, l, payment(t, "a", "1", "3"))
		d.before, d.after = nil, nil
		if got := used(t, l, "a"); got != "17" {
			t.Errorf("%s: when a repetition has failed, %s are used", name, got)
		}
		c.move(test.ends - time.Hour - 1)
		before := used(t, l, "a")
		c.move(1)
		after := wantExceeded(t, l, payment(t, "a", "5", "1"), daily(t, "0", "")).Used.String()
		if before != test.before || after != test.gone {
			t.Errorf("%s: at the end of the payment that was repeated, %s and then %s are used", name, before, after)
		}
	}
}

// TestALateWriteReplacesNothing has a write take effect long after it has failed.
func TestALateWriteReplacesNothing(t *testing.T) {
	t.Parallel()
	d, c := newDisk(), newClock()
	l := open(d, c)
	spend(t, l, payment(t, "a", "1", "1"), spending.Limits{})
	late := &lateWrite{disk: d}
	l.Records = late
	wantNotStored(t, l, payment(t, "a", "2", "2"))
	l.Records = d
	spend(t, l, payment(t, "a", "3", "4"), daily(t, "5", ""))
	spend(t, l, payment(t, "a", "1", "1"), daily(t, "5", ""))
	if err := d.PutPage(t.Context(), late.page); err != nil {
		t.Fatal(err)
	}
	if got := used(t, open(d, c), "a"); got != "7" {
		t.Errorf("a new process has %s used", got)
	}
}

// A lateWrite reports failure for a page that will be written later.
type lateWrite struct {
	*disk
	page spending.Page
}

func (w *lateWrite) PutPage(_ context.Context, page spending.Page) error {
	w.page = page
	return errDisk
}

// TestANodeThatLostItsPlace has a write under way while another node takes over. The write takes
// effect after the next node has signed: nothing of that is lost. The ledger that was reset does not
// have its payment signed.
func TestANodeThatLostItsPlace(t *testing.T) {
	t.Parallel()
	for name, reset := range map[string]bool{"another process takes over": false, "the ledger is reset": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d, c := newDisk(), newClock()
				old := open(d, c)
				spend(t, old, payment(t, "a", "1", "1"), spending.Limits{})
				var slow atomic.Bool
				slow.Store(true)
				proceed := make(chan struct{})
				d.before = func(operation string) error {
					if operation == "write" && slow.CompareAndSwap(true, false) {
						<-proceed
					}
					return nil
				}
				ended := make(chan error)
				go func() { ended <- old.Spend(t.Context(), payment(t, "a", "2", "2"), daily(t, "7", "")) }()
				synctest.Wait()
				next := open(d, c)
				if reset {
					old.Reset()
					next = old
				}
				spend(t, next, payment(t, "a", "3", "4"), daily(t, "5", ""))
				spend(t, next, payment(t, "a", "1", "1"), daily(t, "5", ""))
				close(proceed)
				err := <-ended
				var unknown *spending.NotStored
				if reset && !errors.As(err, &unknown) {
					t.Errorf("the write that was under way has %v", err)
				}
				if got := used(t, open(d, c), "a"); got != "7" {
					t.Errorf("a new process has %s used", got)
				}
			})
		})
	}
}

// TestASweepTakesNothing sweeps while a payment moves to another page, and while the page that is
// deleted has room for a new payment. Then the process ends.
func TestASweepTakesNothing(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		slow  string // what is under way while the other operation is done
		moves time.Duration
		ref   string
		want  string // what a new process has
	}{
		"a payment moves to another page":       {"write", time.Hour, "1", "1"},
		"a payment is made during the deletion": {"delete", spending.Window, "2", "1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d, c := newDisk(), newClock()
				l := open(d, c)
				spend(t, l, payment(t, "a", "1", "1"), spending.Limits{})
				c.move(test.moves)
				if test.slow == "write" {
					l = open(d, c) // which writes to another page
				}
				proceed := make(chan error)
				d.before = func(operation string) error {
					if operation == test.slow {
						return <-proceed
					}
					return nil
				}
				spent, swept := make(chan error, 1), make(chan error, 1)
				work := func() { spent <- l.Spend(t.Context(), payment(t, "a", test.ref, "1"), spending.Limits{}) }
				clean := func() { swept <- l.Sweep(t.Context()) }
				if test.slow == "write" {
					go work()
					synctest.Wait()
					clean()
					proceed <- errNoPower
				} else {
					go clean()
					synctest.Wait()
					work()
					proceed <- nil
				}
				synctest.Wait()
				if err := <-swept; err != nil {
					t.Error(err)
				}
				if err := <-spent; (err == nil) != (test.slow == "delete") {
					t.Errorf("the payment has %v", err)
				}
				if got := used(t, open(d, c), "a"); got != test.want {
					t.Errorf("a new process has %s used", got)
				}
			})
		})
	}
}

// TestNothingIsSignedWithoutAllPages has a page that cannot be read, and a list that fails.
func TestNothingIsSignedWithoutAllPages(t *testing.T) {
	t.Parallel()
	d, c := newDisk(), newClock()
	spend(t, open(d, c), payment(t, "a", "1", "1"), spending.Limits{})
	d.pages["damaged"] = []byte("{")
	writes := d.writes
	l := open(d, c)
	for range 2 {
		var unknown *spending.NotLoaded
		if err := l.Spend(t.Context(), payment(t, "a", "2", "1"), spending.Limits{}); !errors.As(err, &unknown) {
			t.Errorf("Spend has %v", err)
		}
		if err := l.Load(t.Context()); !errors.As(err, &unknown) {
			t.Errorf("Load has %v", err)
		}
		if err := l.Sweep(t.Context()); !errors.As(err, &unknown) {
			t.Errorf("Sweep has %v", err)
		}
	}
	delete(d.pages, "damaged")
	d.before = failing("list")
	if err := l.Load(t.Context()); !errors.Is(err, errDisk) {
		t.Errorf("Load has %v", err)
	}
	d.before = nil
	if err := l.Load(t.Context()); err != nil || d.writes != writes {
		t.Errorf("Load has %v after %d writes", err, d.writes-writes)
	}
}

// TestCallersWhoGoAway cancels a caller who waits for a write that another one has under way. What he
// asked for is stored with the next write, or not at all, and is not signed.
func TestCallersWhoGoAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, c := newDisk(), newClock()
		l := open(d, c)
		if err := l.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		d.before = func(string) error {
			time.Sleep(time.Second)
			return nil
		}
		ctx, cancel := context.WithCancel(t.Context())
		first := make(chan error)
		go func() { first <- l.Spend(ctx, payment(t, "a", "1", "1"), spending.Limits{}) }()
		synctest.Wait()
		second := make(chan error)
		go func() { second <- l.Spend(ctx, payment(t, "a", "2", "2"), spending.Limits{}) }()
		synctest.Wait()
		cancel()
		if err := <-second; !errors.Is(err, context.Canceled) {
			t.Errorf("who went away has %v", err)
		}
		if err := <-first; err != nil { // the one who writes does it to the end
			t.Errorf("who wrote has %v", err)
		}
		if err := l.Spend(ctx, payment(t, "a", "3", "4"), spending.Limits{}); !errors.Is(err, context.Canceled) {
			t.Errorf("who was away from the start has %v", err)
		}
		wantExceeded(t, l, payment(t, "a", "3", "4"), daily(t, "6", ""))
		spend(t, l, payment(t, "a", "3", "4"), daily(t, "7", ""))
		if got := used(t, open(d, c), "a"); got != "7" {
			t.Errorf("a new process has %s used", got)
		}
	})
}

// TestOneLoadForAll has many callers wait for the same load, the first of whom goes away.
func TestOneLoadForAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, c := newDisk(), newClock()
		d.before = func(string) error {
			time.Sleep(time.Second)
			return nil
		}
		l := open(d, c)
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		var group sync.WaitGroup
		for range 2 { // one of them waits for the other
			group.Go(func() {
				if err := l.Load(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
					t.Error(err)
				}
			})
		}
		for i := range 16 {
			group.Go(func() { spend(t, l, payment(t, "a", fmt.Sprint(i), "1"), daily(t, "16", "")) })
		}
		group.Wait()
		if d.lists != 1 || d.writes > 2 {
			t.Errorf("there were %s", d.operations())
		}
	})
}
