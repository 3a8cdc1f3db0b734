package broker_test

import (
	"context"
	"errors"
	"testing"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// prove proves the harness's client with a scope.
func (h *harness) prove(ctx context.Context, scope string) error {
	_, err := h.Prove(ctx, broker.Minter{Client: h.client, Generation: 1}, []string{scope}, nil)
	return err
}

// TestProve checks what proves a secret and what does not, and that no proof leaves a token alive.
func TestProve(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		scope              string
		fault              paxostest.Fault
		wrong              bool // the secret
		check              func(err error) bool
		mints, revocations int
	}{
		"the right secret":      {scope: reads, check: isNil, mints: 1, revocations: 1},
		"a scope that it lacks": {scope: "x:y", check: isNil, mints: 1},
		"a wrong secret":        {scope: reads, wrong: true, check: hasCode("invalid_client"), mints: 1},
		"an outage": {scope: reads, fault: paxostest.Fault{Status: 503},
			check: hasCode("temporarily_unavailable"), mints: 1},
		"a grant of more": {scope: reads, fault: paxostest.Fault{Rewrite: member("scope", reads+" x")},
			check: isMismatch, mints: 1, revocations: 1},
		"a grant without a lifetime": {scope: reads, fault: paxostest.Fault{Rewrite: without("expires_in")},
			check: isMismatch, mints: 1, revocations: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			if test.wrong {
				h.client = h.connection.Client(h.client.ID(), paxos.Hide("wrong"))
			}
			h.paxos.FailNext(paxostest.TokenEndpoint, test.fault)
			if err := h.prove(t.Context(), test.scope); !test.check(err) {
				t.Errorf("got %v", err)
			}
			h.wantCounts(test.mints, test.revocations, 0)
			if h.storage.size() != 0 {
				t.Error("something is on record")
			}
		})
	}
}

// isNil, hasCode and isMismatch are what may become of a proof.
func isNil(err error) bool { return err == nil }
func hasCode(code string) func(error) bool {
	return func(err error) bool {
		var answer *paxos.Error
		return errors.As(err, &answer) && answer.Code == code
	}
}
func isMismatch(err error) bool { return errors.As(err, new(*broker.Mismatch)) }

// TestProofTokenIsQueued checks that a proof's token which cannot be ended at once is ended later,
// after a restart too.
func TestProofTokenIsQueued(t *testing.T) {
	t.Parallel()
	for name, restart := range map[string]bool{"in the same process": false, "after a restart": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			h.down(paxostest.Revoke)
			if err := h.prove(t.Context(), reads); err != nil {
				t.Fatal(err)
			}
			if h.storage.queued() != 1 {
				t.Error("it is not on the queue")
			}
			h.wantCounts(1, 1, 1)
			if restart {
				h.restart()
			}
			h.paxos.Heal()
			h.sweep()
			h.wantCounts(1, 2, 0)
		})
	}
}

// TestProofTokenThatCannotBeRecorded checks that the caller hears of it, and that the token dies.
func TestProofTokenThatCannotBeRecorded(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.storage.set(func(s *storage) { s.failPut = errStorage })
	if err := h.prove(t.Context(), reads); !errors.Is(err, errStorage) {
		t.Errorf("got %v", err)
	}
	h.wantCounts(1, 1, 0)
}

// TestProofIsUsed checks that the token lives while it is used, that it is on record then, and that
// it ends whatever comes of it; and that the answer tells whether the client holds the scopes.
func TestProofIsUsed(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	minter := broker.Minter{Client: h.client, Generation: 1}
	holds, err := h.Prove(t.Context(), minter, []string{reads, writes},
		func(_ context.Context, grant paxos.Grant) error {
			if !h.paxos.Alive(grant.AccessToken.Reveal()) || h.storage.queued() != 1 {
				t.Error("it is dead, or not on record")
			}
			return errStorage
		})
	if !holds || !errors.Is(err, errStorage) {
		t.Errorf("got %v, %v", holds, err)
	}
	h.wantCounts(1, 1, 0)
	if holds, err := h.Prove(t.Context(), minter, []string{reads, "x:y"}, nil); holds || err != nil {
		t.Errorf("a client that lacks a scope: %v, %v", holds, err)
	}
}

// TestProverLeaves cancels the caller while the proof is under way: the token dies all the same.
func TestProverLeaves(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	arrived, proceed := h.holdMint()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- h.prove(ctx, reads) }()
	await(t, arrived, "the mint")
	cancel()
	close(proceed)
	await(t, done, "the proof")
	h.wantCounts(1, 1, 0)
}

// TestProofLeavesSharedTokenAlone checks a Paxos that grants the same token again: it proves the
// secret, and is not ended under those who hold it.
func TestProofLeavesSharedTokenAlone(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	shared := h.issue()
	h.paxos.FailAll(paxostest.TokenEndpoint,
		paxostest.Fault{Rewrite: member("access_token", shared.AccessToken.Reveal())})
	if err := h.prove(t.Context(), reads); err != nil {
		t.Error(err)
	}
	h.wantAlive(shared, true)
	if h.revocations() != 0 {
		t.Errorf("%d revocations", h.revocations())
	}
}

// TestProofSpendsBudget checks that proofs count, and are refused when it is spent.
func TestProofSpendsBudget(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.limit = 2
	h.restart()
	for range 2 {
		if err := h.prove(t.Context(), reads); err != nil {
			t.Fatal(err)
		}
	}
	wantThrottled(t, h.prove(t.Context(), reads))
	h.wantCounts(2, 2, 0)
}
