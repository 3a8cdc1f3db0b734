package broker_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/limits"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// TestStormOf429 has 50 readers a second for ten minutes while Paxos answers 429 and their token is
// due for a refresh: no reader fails, and Paxos sees one token request per ban.
func TestStormOf429(t *testing.T) {
	t.Parallel()
	for header, bans := range map[string]int{"": 2, "60": 10, "1": 600, "86400": 1} {
		t.Run("Retry-After "+header, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			h.clock.until(h.issue().RefreshAt)
			h.paxos.FailAll(paxostest.TokenEndpoint, throttling(header))
			mints := h.mints()
			for range 600 {
				for range 50 {
					h.issue()
				}
				h.settled() // the refresh that the first of them started
				h.clock.advance(time.Second)
			}
			if calls := h.mints() - mints; calls < 1 || calls > bans {
				t.Errorf("%d token requests, want at most %d", calls, bans)
			}
			h.paxos.Heal()
			h.clock.advance(15 * time.Minute)
			h.wantAlive(h.issue(choosy), true)
		})
	}
}

// TestOutage ends 2,500 leases on tokens of their own over an outage of 30 minutes. All ends
// succeed; when Paxos is back, all tokens are dead as soon as its pace allows.
func TestOutage(t *testing.T) {
	t.Parallel()
	const leases = 2500
	h := newHarness(t, func(o *paxostest.Options) { o.TokenLimit = -1 })
	h.limit = 3 * leases
	h.restart()
	issued := make([]broker.Issued, leases)
	for i := range issued {
		issued[i] = h.issue(own)
	}
	h.down(paxostest.Revoke, paxostest.TokenEndpoint)
	for minute := range 30 {
		for _, lease := range issued[minute*leases/30 : (minute+1)*leases/30] {
			h.release(lease)
		}
		h.sweep()
		h.clock.advance(time.Minute)
	}
	if live := len(h.paxos.LiveTokens()); live != leases {
		t.Fatalf("%d tokens live at Paxos, want all %d", live, leases)
	}
	tried := h.revocations()
	h.paxos.Heal()
	start := h.clock.Now()
	h.sweep()
	took, most := h.clock.Now().Sub(start), leases*time.Second/limits.DefaultCallRate+2*time.Minute
	if least := leases*time.Second/limits.DefaultCallRate - time.Second; took < least || took > most {
		t.Errorf("it took %s, want from %s to %s", took, least, most)
	}
	if live, left := len(h.paxos.LiveTokens()), h.storage.size(); live != 0 || left != 0 {
		t.Errorf("%d tokens live at Paxos, %d are on record", live, left)
	}
	t.Logf("%d tokens ended in %s with %d calls, after %d calls in 30 minutes of outage", leases, took,
		h.revocations()-tried, tried)
}

// TestAbuse lets one caller loop over subsets, tokens of its own and tokens that it ends at once,
// for ten minutes in which the tokens of 50 honest roles are due; a second mount with a small share
// has a Paxos that answers 429 to all.
func TestAbuse(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	other := newHarness(t)
	other.paxos.FailAll(paxostest.TokenEndpoint, throttling(""))
	limited := func(allowance limits.Allowance) func(*broker.Request) {
		return func(req *broker.Request) {
			req.Authorize = func(context.Context) (broker.Minter, error) {
				return broker.Minter{Client: h.client, Generation: 1, Allowance: allowance}, nil
			}
		}
	}
	shared, unique := limited(limits.Allowance{Role: 12}), limited(limits.Allowance{Role: 60})
	for i := range 50 {
		h.issue(role(fmt.Sprint("honest-", i)), shared)
		h.clock.advance(6 * time.Second) // not more at once than Paxos allows
	}
	h.clock.advance(36 * time.Minute)
	before, refused, late := h.mints(), 0, 0
	for second := range 600 {
		for subset := range 3 {
			name := []string{reads, writes}[(second+subset)%2]
			for _, abuse := range [][]func(*broker.Request){
				{role("abuser"), shared, scopes(name), func(req *broker.Request) { req.Narrowed = true }, idle(0)},
				{role("unique-abuser"), unique, own},
				{role("ending-abuser"), shared, idle(0)},
			} {
				issued, err := h.Issue(t.Context(), h.request(abuse...))
				if err != nil {
					refused++
					continue
				}
				h.release(issued)
			}
		}
		_, _ = other.Issue(t.Context(), other.request()) // refused, which is the point
		for i := second % 7; i < 50; i += 7 {
			issued := h.issue(role(fmt.Sprint("honest-", i)), shared)
			if issued.Stale != nil || issued.ExpiresAt.Sub(h.clock.Now()) < 5*time.Minute {
				late++
			}
		}
		settle()
		h.clock.advance(time.Second)
		h.sweep()
	}
	if late != 0 || refused == 0 {
		t.Errorf("%d refreshes are late; the abuser was refused %d times", late, refused)
	}
	if calls := other.mints(); calls > 3 {
		t.Errorf("the other mount's Paxos got %d calls during its bans", calls)
	}
	if most := h.paxos.MostTokenRequestsInWindow(); most > limits.DefaultBudget || h.paxos.Banned("127.0.0.1") {
		t.Errorf("%d token requests in a window", most)
	}
	t.Logf("%d token requests in 10 minutes; the abuser was refused %d times; honest refreshes late: %d",
		h.mints()-before, refused, late)
}

// TestSlowPaxosMakesNobodyWait reads across a refresh that takes 2 s: the clock does not move for
// any reader.
func TestSlowPaxosMakesNobodyWait(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	old := h.issue()
	h.clock.until(old.RefreshAt)
	arrived, proceed := h.holdMint()
	for i := range 200 {
		if issued := h.issue(); issued.Fingerprint != old.Fingerprint {
			t.Fatalf("read %d got another token while the refresh is held", i)
		}
		if i == 0 {
			await(t, arrived, "the refresh")
		}
	}
	h.clock.advance(2 * time.Second)
	close(proceed)
	for h.issue().Fingerprint == old.Fingerprint {
		settle()
	}
	h.wantCounts(2, 0, 2)
}
