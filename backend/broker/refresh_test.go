package broker_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/limits"
	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// choosy makes a request that accepts nothing with less than half of its life left, so that a
// reader late in a token's life waits for the refresh that is under way.
func choosy(req *broker.Request) { req.MinimumLife = 24 * time.Hour }

// settle gives goroutines that should not exist the chance to show themselves: a refresh would ask
// for permission first.
func settle() {
	for range 200 {
		done := make(chan struct{})
		go close(done)
		<-done
		runtime.Gosched()
	}
}

// until moves the clock to a moment.
func (c *clock) until(moment time.Time) { c.advance(moment.Sub(c.Now())) }

// TestRefreshAhead checks that no reader waits for a refresh: its readers get the old token at once,
// the next the new one.
func TestRefreshAhead(t *testing.T) {
	t.Parallel()
	for kind, edit := range map[string]func(*broker.Request){"leased": func(*broker.Request) {}, "unleased": unleased} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			old := h.issue(edit)
			h.clock.until(old.RefreshAt.Add(-1))
			if early := h.issue(edit); !early.NextRead.Equal(old.RefreshAt) {
				t.Errorf("told to come back at %s, want %s", early.NextRead, old.RefreshAt)
			}
			settle()
			if got := h.authorized.Load(); got != 2 {
				t.Fatalf("Authorize was called %d times before the refresh was due, want 2", got)
			}

			arrived, proceed := h.holdMint()
			h.clock.until(old.RefreshAt)
			for range 20 { // they return although the refresh is held
				issued := h.issue(edit)
				if issued.Fingerprint != old.Fingerprint || issued.Stale != nil {
					t.Fatalf("got %q, stale: %v", issued.Fingerprint, issued.Stale)
				}
				if want := h.clock.Now().Add(5 * time.Second); !issued.NextRead.Equal(want) {
					t.Errorf("told to come back at %s, want %s", issued.NextRead, want)
				}
			}
			await(t, arrived, "the refresh")
			waiting := h.issueAside(t.Context(), h.request(edit, choosy))
			close(proceed)
			refreshed := await(t, waiting, "a reader of the new token")
			if refreshed.err != nil || refreshed.Fingerprint == old.Fingerprint {
				t.Fatalf("got %q, %v", refreshed.Fingerprint, refreshed.err)
			}
			if next := h.issue(edit); next.Fingerprint != refreshed.Fingerprint {
				t.Error("the next reader did not get the new token")
			}
			settle()
			h.wantCounts(2, 0, 2) // exactly one refresh, and the old one stays valid for those who have it
		})
	}
}

// TestRefreshBacksOff checks that a failing refresh is reported, and tried again after 5 s,
// doubling to 60 s.
func TestRefreshBacksOff(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	old := h.issue()
	h.paxos.FailAll(paxostest.TokenEndpoint, paxostest.Fault{Status: 503})
	h.clock.until(old.RefreshAt)
	h.issue()
	h.log.await(t, "refreshing a token failed")
	for i, seconds := range []int{5, 10, 20, 40, 60, 60} {
		pause := time.Duration(seconds) * time.Second
		h.clock.advance(pause - 1)
		stale := h.issue()
		var answer *paxos.Error
		if stale.Fingerprint != old.Fingerprint || !errors.As(stale.Stale, &answer) || answer.Status != 503 {
			t.Fatalf("got %q, stale: %v", stale.Fingerprint, stale.Stale)
		}
		if !stale.NextRead.After(h.clock.Now()) {
			t.Errorf("told to come back at %s, which is not ahead", stale.NextRead)
		}
		settle()
		// two for the first mint, one for each that fails
		if got, want := h.authorized.Load(), int64(3+i); got != want {
			t.Fatalf("Authorize was called %d times before the pause of %s was over, want %d", got, pause, want)
		}
		h.clock.advance(1)
		h.issue()
		h.log.await(t, "refreshing a token failed")
		if got := h.mints(); got != 3+i {
			t.Fatalf("%d mints after the pause of %s, want %d", got, pause, 3+i)
		}
	}
	if next := h.issue().NextRead.Sub(h.clock.Now()); next != time.Minute {
		t.Errorf("told to come back in %s, want a minute", next)
	}

	h.paxos.Heal()
	fresh := h.issue(choosy)
	if fresh.Fingerprint == old.Fingerprint || fresh.Stale != nil {
		t.Errorf("after the outage: got %q, stale: %v", fresh.Fingerprint, fresh.Stale)
	}
}

// TestRefreshWaitsForTheBan checks that a refresh which the ban refused is not tried again before
// it ends.
func TestRefreshWaitsForTheBan(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	old := h.issue()
	h.paxos.FailNext(paxostest.TokenEndpoint,
		paxostest.Fault{Status: 429, Body: "x", Header: map[string][]string{"Retry-After": {"100"}}})
	h.clock.until(old.RefreshAt)
	h.issue()
	h.log.await(t, "refreshing a token failed")
	h.clock.advance(5 * time.Second)
	h.issue() // which tries nothing
	h.clock.advance(95*time.Second - 1)
	stale := h.issue()
	if stale.Fingerprint != old.Fingerprint || stale.Stale == nil || !stale.NextRead.After(h.clock.Now()) ||
		stale.NextRead.After(h.clock.Now().Add(time.Minute)) {
		t.Errorf("got %q, stale: %v", stale.Fingerprint, stale.Stale)
	}
	settle()
	if got := h.authorized.Load(); got != 3 || h.mints() != 2 {
		t.Errorf("Authorize was called %d times with %d mints during the ban, want 3 and 2", got, h.mints())
	}
	h.clock.advance(1)
	if fresh := h.issue(choosy); fresh.Fingerprint == old.Fingerprint || h.mints() != 3 {
		t.Errorf("after the ban: %d mints", h.mints())
	}
}

// TestMinimumLife checks that a reader waits for a new token once the old has too little life,
// unless Paxos is down.
func TestMinimumLife(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		left  time.Duration
		fault paxostest.Fault
		want  string // "old", "new", "stale" or "none"
	}{
		"enough left":     {left: 5 * time.Minute, want: "old", fault: paxostest.Fault{Status: 503}},
		"too little left": {left: 5*time.Minute - 1, want: "new"},
		"too little left and an outage": {left: 5*time.Minute - 1, fault: paxostest.Fault{Status: 503},
			want: "stale"},
		"too little left and no network":     {left: time.Minute, fault: paxostest.Fault{Drop: true}, want: "stale"},
		"too little left and a ban":          {left: time.Minute, fault: paxostest.Fault{Status: 429}, want: "stale"},
		"next to nothing left and an outage": {left: 1, fault: paxostest.Fault{Status: 503}, want: "stale"},
		"nothing left and an outage":         {left: 0, fault: paxostest.Fault{Status: 503}, want: "none"},
		"nothing left":                       {left: 0, want: "new"},
		"too little left and a wrong secret": {left: time.Minute, fault: paxostest.Fault{Status: 401}, want: "stale"},
		"too little left and a bad grant": {left: time.Minute,
			fault: paxostest.Fault{Rewrite: member("scope", "x")}, want: "stale"},
		"nothing left and a wrong secret": {left: 0, fault: paxostest.Fault{Status: 401}, want: "none"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			old := h.issue()
			h.paxos.FailAll(paxostest.TokenEndpoint, test.fault)
			h.clock.until(old.ExpiresAt.Add(-test.left))
			issued, err := h.Issue(t.Context(), h.request())
			got := map[bool]string{true: "old", false: "new"}[issued.Fingerprint == old.Fingerprint]
			switch {
			case err != nil:
				got = "none"
			case issued.Stale != nil:
				got = "stale"
			}
			if got != test.want {
				t.Errorf("got a token that is %s (%v), want %s", got, err, test.want)
			}
		})
	}
}

// TestShortTokens reads tokens of short lifetimes twice a second for half an hour: every reader is
// served a token that works, and with at most a token request for each half of a token's life,
// although the role's limit is 12 per 5 minutes.
func TestShortTokens(t *testing.T) {
	t.Parallel()
	for _, lifetime := range []time.Duration{46 * time.Second, 50 * time.Second, time.Minute, 90 * time.Second,
		119 * time.Second, 2 * time.Minute, 4 * time.Minute, 10 * time.Minute} {
		t.Run(lifetime.String(), func(t *testing.T) {
			t.Parallel()
			h := newHarness(t, func(o *paxostest.Options) { o.TokenLifetime = lifetime })
			limited := func(req *broker.Request) {
				req.RefreshAt = 0.1 // which would waste most of each
				req.Authorize = func(context.Context) (broker.Minter, error) {
					return broker.Minter{Client: h.client, Generation: 1, Allowance: limits.Allowance{Role: 12}}, nil
				}
			}
			for range 3600 {
				for _, kind := range []func(*broker.Request){unleased, idle(time.Hour)} {
					issued := h.issue(kind, limited)
					h.wantAlive(issued, true)
					if issued.Stale != nil {
						t.Fatalf("a reader was told that refreshing fails: %v", issued.Stale)
					}
				}
				h.settled()
				h.clock.advance(500 * time.Millisecond)
			}
			worth := (lifetime - min(30*time.Second, lifetime/4)) * 3 / 8
			if most := h.paxos.MostTokenRequestsInWindow(); most > 2*(1+int(limits.Window/worth)) || most > 36 {
				t.Errorf("%d token requests in a window", most)
			}
		})
	}
}

// TestLateFailureAsksOnce checks that a reader who finds no token with enough life, and no Paxos,
// costs one request.
func TestLateFailureAsksOnce(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	old := h.issue()
	h.clock.until(old.ExpiresAt.Add(-time.Minute))
	h.paxos.FailAll(paxostest.TokenEndpoint, paxostest.Fault{Status: 503})
	if issued := h.issue(); issued.Fingerprint != old.Fingerprint || issued.Stale == nil {
		t.Errorf("got %q, stale: %v", issued.Fingerprint, issued.Stale)
	}
	settle()
	if h.mints() != 2 {
		t.Errorf("%d mints, want one more", h.mints()-1)
	}
}
