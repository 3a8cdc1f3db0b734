package broker_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/limits"
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

// wantBan checks that an error says how long the ban lasts that a 429 began.
func wantBan(t *testing.T, err error, lasts time.Duration) {
	t.Helper()
	text := "Paxos is rate-limiting the address that Vault calls from. New tokens can be requested again in " +
		(lasts + time.Second).String() + "."
	if wantThrottled(t, err).RetryAfter != lasts || !strings.HasPrefix(err.Error(), text) {
		t.Errorf("got %v, want %s", err, text)
	}
}

// TestBan checks that after a 429 no call is made until Paxos's time, within bounds, is over.
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
			wantBan(t, err, test.want)
			if until := h.limits.Throttle(h.client.Route()).BannedUntil(h.clock.Now()); !until.Equal(
				h.clock.Now().Add(test.want)) {
				t.Errorf("banned until %s, want %s", until, h.clock.Now().Add(test.want))
			}
			h.clock.advance(test.want - 1)
			for _, edit := range []func(*broker.Request){own, role("other"), unleased} {
				_, err := h.Issue(t.Context(), h.request(edit))
				if got := wantThrottled(t, err).RetryAfter; got != 1 {
					t.Errorf("told to come back in %s", got)
				}
			}
			wantThrottled(t, h.verify(t.Context(), reads))
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

// TestBanOutlivesTheProcess checks that a new process does not meet the ban again, whatever is on
// record of it.
func TestBanOutlivesTheProcess(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	cached := h.issue()
	h.paxos.FailNext(paxostest.TokenEndpoint, throttling("120"))
	_, _ = h.Issue(t.Context(), h.request(own)) // refused, which is the point
	for range 3 {
		h.restart()
		_, err := h.Issue(t.Context(), h.request(own))
		if got := wantThrottled(t, err).RetryAfter; got != 2*time.Minute {
			t.Errorf("told to come back in %s", got)
		}
		if again := h.issue(); again.Fingerprint != cached.Fingerprint {
			t.Error("the cached token is not served")
		}
	}
	h.sweep()
	if len(h.storage.bans) != 1 || h.mints() != 2 {
		t.Errorf("%d bans on record, %d mints", len(h.storage.bans), h.mints())
	}
	h.clock.advance(2 * time.Minute)
	h.sweep()
	if len(h.storage.bans) != 0 {
		t.Error("the ban is over and on record")
	}
	h.issue(own)
}

// TestBanFromAFastClock checks that a ban that was stored before the clock was set back lasts no
// longer than the longest ban, and that a restart does not begin it again.
func TestBanFromAFastClock(t *testing.T) {
	t.Parallel()
	for name, swept := range map[string]bool{"read at the start": false, "found by a sweep": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			route, far := h.client.Route(), h.clock.Now().Add(1000*time.Hour)
			if swept {
				h.sweep() // the records are read
			}
			h.storage.set(func(s *storage) {
				s.bans[route] = limits.Ban{Route: route, TokenUntil: far, CallUntil: far}
			})
			if swept {
				h.sweep()
			} else if _, err := h.Issue(t.Context(), h.request(own)); wantThrottled(t,
				err).RetryAfter != 15*time.Minute {
				t.Errorf("told to come back in %s", wantThrottled(t, err).RetryAfter)
			}
			h.clock.advance(10 * time.Minute)
			h.restart()
			_, err := h.Issue(t.Context(), h.request(own))
			if got := wantThrottled(t, err).RetryAfter; got != 5*time.Minute {
				t.Errorf("after a restart told to come back in %s", got)
			}
			h.clock.advance(5 * time.Minute)
			h.restart()
			h.issue(own)
		})
	}
}

// TestRevocationsStopAtA429 checks that the queue makes no call during a ban, and
// goes on after it, slowly at first.
func TestRevocationsStopAtA429(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	fingerprints := h.fill(100)
	h.paxos.FailAll(paxostest.Revoke, throttling("60"))
	for _, fingerprint := range fingerprints {
		if err := h.Release(t.Context(), fingerprint, 1); err != nil {
			t.Fatal(err)
		}
	}
	h.sweep()
	_, err := h.Issue(t.Context(), h.request())
	wantThrottled(t, err)
	if h.revocations() != 1 || h.mints() != 0 {
		t.Errorf("%d revocations and %d mints during the ban, want 1 and 0", h.revocations(), h.mints())
	}
	h.clock.advance(time.Minute)
	h.sweep()
	if h.revocations() != 2 {
		t.Errorf("%d revocations, want one probe for a ban that goes on", h.revocations())
	}
	h.paxos.Heal()
	h.clock.advance(time.Minute)
	for range 3 { // the first sweep's probe is alone until it is answered
		h.sweep()
	}
	if h.storage.size() != 0 || h.revocations() != 102 {
		t.Errorf("%d left after %d revocations", h.storage.size(), h.revocations())
	}
	h.issue()
}

// TestRealBan has Paxos itself throttle us, as when somebody else behind the same address spends
// its limit: one call is made to learn of it, and the revocations wait on the queue.
func TestRealBan(t *testing.T) {
	t.Parallel()
	h := newHarness(t, func(o *paxostest.Options) { o.TokenLimit = 3 })
	cached, lonely := h.issue(), h.issue(own)
	for range 2 { // the neighbour
		_, _ = h.client.RequestToken(t.Context(), []string{reads}) // the second is refused, which is the point
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

// TestACallThatPanicsEndsNoService has the call panic that finds out whether a ban is over. The
// backend survives a panic, and the calls after it must find out instead.
func TestACallThatPanicsEndsNoService(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	call := func(work func() error) error {
		return h.Call(t.Context(), h.client.Route(), func(context.Context) error { return work() })
	}
	_ = call(func() error { return &paxos.Error{Status: http.StatusTooManyRequests} })
	h.clock.advance(5 * time.Minute)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic did not reach the caller")
			}
		}()
		_ = call(func() error { panic("a bug") })
	}()
	if err := call(func() error { return nil }); err != nil {
		t.Errorf("the next call is refused: %v", err)
	}
}
