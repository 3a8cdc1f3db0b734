package broker_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// TestPacedRevocationsWaitForNoTick ends 2,000 tokens at once, as a lockdown does, while a token
// request is under way whose permission is gone when it lands. No periodic work runs: what waits
// only because of the pace is still worked off, in the least time that the pace allows.
func TestPacedRevocationsWaitForNoTick(t *testing.T) {
	t.Parallel()
	const tokens = 2000
	h := newHarness(t, func(o *paxostest.Options) { o.TokenLimit = -1 })
	h.limit = 2 * tokens
	h.restart()
	for range tokens {
		h.issue(own)
	}
	locked := errors.New("in lockdown")
	arrived, proceed := h.holdMint()
	late := h.issueAside(t.Context(), h.request(role("late")))
	await(t, arrived, "the token request")
	h.authorize = func(int64) error { return locked }

	if _, pending, err := h.End(t.Context(), func(broker.Row) bool { return true }); err != nil || pending == 0 {
		t.Fatalf("%d tokens are pending, error %v", pending, err)
	}
	start := h.clock.Now()
	close(proceed)
	if got := await(t, late, "the reader"); !errors.Is(got.err, locked) {
		t.Errorf("the reader whose permission was gone got %v", got.err)
	}
	for deadline := time.Now().Add(patience); len(h.paxos.LiveTokens()) > 0 || h.storage.queued() > 0; settle() {
		if time.Now().After(deadline) {
			t.Fatalf("%d tokens are alive and nobody ends them", len(h.paxos.LiveTokens()))
		}
	}
	took := h.clock.Now().Sub(start)
	if most := 52 * time.Second; took > most {
		t.Errorf("it took %s, want at most %s", took, most)
	}
	t.Logf("%d tokens ended %s after the answer, with %d calls", tokens+1, took, h.revocations())
	if h.revocations() != tokens+1 {
		t.Errorf("%d revocations, want one for each token", h.revocations())
	}
}

// TestATokenInUseIsNotSwept lets the engine use a token of its own while a sweep ends everything
// that is due.
func TestATokenInUseIsNotSwept(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	var alive []paxostest.Token
	err := h.Manage(t.Context(), broker.Minter{Client: h.client, Generation: 1}, []string{reads},
		func(context.Context, paxos.Grant) error {
			h.sweep()
			alive = h.paxos.LiveTokens()
			return nil
		})
	if err != nil || len(alive) != 1 {
		t.Errorf("during its use %d tokens were alive, error %v", len(alive), err)
	}
	h.wantCounts(1, 1, 0)
}
