package broker_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// throttling is a 429 with this Retry-After.
func throttling(header string) paxostest.Fault {
	fault := paxostest.Fault{Status: http.StatusTooManyRequests, Body: "slow down"}
	if header != "" {
		fault.Header = http.Header{"Retry-After": {header}}
	}
	return fault
}

// TestBan checks that after a 429 nobody calls until Paxos's time, within bounds, is over.
func TestBan(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		header string
		want   time.Duration
	}{
		"no Retry-After":     {"", 5 * time.Minute},
		"one that is absurd": {"soon", 5 * time.Minute},
		"zero":               {"0", 5 * time.Minute},
		"negative":           {"-5", 5 * time.Minute},
		"a date past":        {"Sun, 01 Mar 2026 11:00:00 GMT", 5 * time.Minute},
		"two minutes":        {"120", 2 * time.Minute},
		"a second":           {"1", time.Second},
		"a date":             {"Sun, 01 Mar 2026 12:10:00 GMT", 10 * time.Minute},
		"31 years":           {"1000000000", 15 * time.Minute},
		"a date far ahead":   {"Fri, 31 Dec 9999 23:59:59 GMT", 15 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			cached := h.issue()
			h.paxos.FailNext(paxostest.TokenEndpoint, throttling(test.header))
			_, err := h.Issue(t.Context(), h.request(own))
			var answer *paxos.Error
			if !errors.As(err, &answer) || !answer.Throttled() {
				t.Fatalf("got %v", err)
			}
			if _, _, until := h.budgets.For(h.paxos.TokenURL()).Usage(h.clock.Now()); !until.Equal(h.clock.Now().Add(test.want)) {
				t.Errorf("banned until %s, want %s", until, h.clock.Now().Add(test.want))
			}
			h.clock.advance(test.want - 1)
			for _, edit := range []func(*broker.Request){own, role("other"), unleased} {
				_, err := h.Issue(t.Context(), h.request(edit))
				if got := wantThrottled(t, err).RetryAfter; got != 1 {
					t.Errorf("told to come back in %s", got)
				}
			}
			wantThrottled(t, h.Prove(t.Context(), broker.Minter{Client: h.client, Generation: 1}, reads))
			if again := h.issue(); again.Fingerprint != cached.Fingerprint {
				t.Error("the cached token is not served")
			}
			if h.mints() != 2 {
				t.Errorf("%d mints during the ban, want 2", h.mints())
			}
			h.clock.advance(1)
			h.wantAlive(h.issue(own), true)
		})
	}
}

// TestSecondBanDoesNotShortenTheFirst checks two calls that met the same ban.
func TestSecondBanDoesNotShortenTheFirst(t *testing.T) {
	t.Parallel()
	budget, now := broker.NewBudgets(10).For("token endpoint"), newClock().Now()
	budget.Ban(now, 10*time.Minute)
	budget.Ban(now, time.Minute)
	if got := wantThrottled(t, budget.Take(now)).RetryAfter; got != 10*time.Minute {
		t.Errorf("told to come back in %s", got)
	}
	budget.Ban(now.Add(time.Minute), 0)
	budget.Ban(now.Add(8*time.Minute), 0)
	if got := wantThrottled(t, budget.Take(now)).RetryAfter; got != 13*time.Minute {
		t.Errorf("after a later ban told to come back in %s", got)
	}
}

// TestRealBan has Paxos itself throttle us, as when somebody else behind the same address spends its limit: one call
// is made to learn of it, and the revocations wait on the queue.
func TestRealBan(t *testing.T) {
	t.Parallel()
	h := newHarness(t, func(o *paxostest.Options) { o.TokenLimit = 3 })
	cached, lonely := h.issue(), h.issue(own)
	for range 2 { // the neighbour
		_, _ = h.client.Mint(t.Context(), []string{reads}) // the second is refused, which is the point
	}
	if !h.paxos.Banned("127.0.0.1") {
		t.Fatal("the address is not banned")
	}
	for range 5 {
		if _, err := h.Issue(t.Context(), h.request(own)); err == nil {
			t.Error("a token was issued")
		}
	}
	h.release(lonely)
	if again := h.issue(); again.Fingerprint != cached.Fingerprint {
		t.Error("the cached token is not served")
	}
	if h.mints() != 5 {
		t.Errorf("%d calls, want one after the neighbour's ban", h.mints())
	}
	h.clock.advance(5 * time.Minute)
	h.sweep()
	h.wantAlive(lonely, false)
	h.wantAlive(h.issue(own), true)
}
