package paxostest

import (
	"net/http"
	"testing"
	"time"
)

// TestRateLimit checks that 300 token requests in five minutes are allowed, and that the next one bans
// the IP address from everything for five minutes.
func TestRateLimit(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	id, secret := h.newCredential("funding:read_profile")
	live := h.requestToken(id, secret, "funding:read_profile")
	for range 299 {
		h.requestToken(id, secret)
	}
	h.wantStatus(h.call(live, http.MethodGet, "/v2/profiles", ""), http.StatusOK)

	breach := h.send(h.form("/oauth2/token", tokenForm(id, secret)))
	h.wantStatus(breach, http.StatusTooManyRequests)
	want := `{"type":"about:blank","title":"Too Many Requests","status":429,"detail":"Too many requests"}`
	if breach.body != want {
		t.Errorf("body %s, want %s", breach.body, want)
	}
	if !h.Banned("127.0.0.1") || h.Banned("127.0.0.2") {
		t.Error("the ban is not on the one IP")
	}
	if h.MostTokenRequestsInWindow() != 301 {
		t.Errorf("%d calls in a window, want 301", h.MostTokenRequestsInWindow())
	}

	h.clock.advance(rateWindow - time.Nanosecond)
	h.wantStatus(h.call(live, http.MethodGet, "/v2/profiles", ""), http.StatusTooManyRequests)
	h.wantStatus(h.revoke(id, secret, live), http.StatusTooManyRequests)
	h.wantStatus(h.call("", http.MethodGet, "/.well-known/openid-configuration", ""), http.StatusTooManyRequests)
	h.wantStatus(h.call("", http.MethodGet, "/nowhere", ""), http.StatusTooManyRequests)
	h.wantStatus(h.call("", http.MethodGet, "/sandbox/calls", ""), http.StatusOK)
	h.wantAlive(live, true)

	h.clock.advance(time.Nanosecond)
	h.wantStatus(h.call(live, http.MethodGet, "/v2/profiles", ""), http.StatusOK)
	h.requestToken(id, secret)
	if h.Banned("127.0.0.1") {
		t.Error("the ban has not ended")
	}
}

// TestThrottleWindow checks that the window slides: requests older than five minutes no longer count,
// and refused requests do not count for the limit.
func TestThrottleWindow(t *testing.T) {
	t.Parallel()
	limit := newThrottle(3)
	start := newClock().Now()
	at := func(d time.Duration) bool { return limit.admit("10.0.0.1", TokenEndpoint, start.Add(d)) }
	for _, d := range []time.Duration{0, time.Minute, 2 * time.Minute, rateWindow, rateWindow + time.Minute} {
		if !at(d) {
			t.Fatalf("the request at %s was refused", d)
		}
	}
	if at(rateWindow + time.Minute) {
		t.Fatal("the fourth request within a window went through")
	}
	if at(rateWindow + 2*time.Minute) {
		t.Fatal("a request went through during the ban")
	}
	if !limit.admit("10.0.0.2", TokenEndpoint, start.Add(rateWindow+2*time.Minute)) {
		t.Fatal("the ban caught another IP")
	}
	if !at(2*rateWindow + time.Minute) {
		t.Fatal("the ban did not end after a window")
	}
	if most := limit.mostInWindow(); most != 4 {
		t.Fatalf("%d seen in a window, want 4", most)
	}
}

// TestUnlimited checks that requests are counted although there is no limit.
func TestUnlimited(t *testing.T) {
	t.Parallel()
	limit := newThrottle(-1)
	now := newClock().Now()
	for range 1000 {
		if !limit.admit("10.0.0.1", TokenEndpoint, now) {
			t.Fatal("refused without a limit")
		}
	}
	if limit.mostInWindow() != 1000 {
		t.Errorf("%d seen in a window, want 1000", limit.mostInWindow())
	}
}
