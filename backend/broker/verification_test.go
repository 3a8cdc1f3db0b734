package broker_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// verify verifies the secret of the harness's client, with a scope.
func (h *harness) verify(ctx context.Context, scope string) error {
	return h.VerifySecret(ctx, broker.Minter{Client: h.client, Generation: 1}, []string{scope}, nil)
}

// TestVerifySecret checks what verifies a secret and what does not, and that no token is left alive.
func TestVerifySecret(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		scope              string
		fault              paxostest.Fault
		wrong              bool // the secret
		check              func(err error) bool
		mints, revocations int
	}{
		"the right secret":      {scope: reads, check: isNil, mints: 1, revocations: 1},
		"a scope that it lacks": {scope: "x:y", check: hasCode("invalid_scope"), mints: 1},
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
			if err := h.verify(t.Context(), test.scope); !test.check(err) {
				t.Errorf("got %v", err)
			}
			h.wantCounts(test.mints, test.revocations, 0)
			if h.storage.size() != 0 {
				t.Error("something is on record")
			}
		})
	}
}

// isNil, hasCode and isMismatch are what may become of a verification.
func isNil(err error) bool { return err == nil }
func hasCode(code string) func(error) bool {
	return func(err error) bool {
		var answer *paxos.Error
		return errors.As(err, &answer) && answer.Code == code
	}
}
func isMismatch(err error) bool { return errors.As(err, new(*broker.Mismatch)) }

// TestTokenOfAVerificationIsQueued checks that a token which cannot be ended at once is ended
// later, after a restart too.
func TestTokenOfAVerificationIsQueued(t *testing.T) {
	t.Parallel()
	for name, restart := range map[string]bool{"in the same process": false, "after a restart": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			h.down(paxostest.Revoke)
			if err := h.verify(t.Context(), reads); err != nil {
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

// TestTokenOfAVerificationThatCannotBeRecorded checks that the caller hears of it, and that the
// token is ended.
func TestTokenOfAVerificationThatCannotBeRecorded(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.storage.set(func(s *storage) { s.failPut = errStorage })
	if err := h.verify(t.Context(), reads); !errors.Is(err, errStorage) {
		t.Errorf("got %v", err)
	}
	h.wantCounts(1, 1, 0)
}

// TestTokenOfAVerificationIsUsed checks that the token is valid while it is used, that it is on record
// then, and that it ends whatever comes of it; and that the answer tells whether the client holds
// the scopes.
func TestTokenOfAVerificationIsUsed(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	minter := broker.Minter{Client: h.client, Generation: 1}
	err := h.VerifySecret(t.Context(), minter, []string{reads, writes},
		func(_ context.Context, grant paxos.Grant) error {
			if !h.paxos.Alive(grant.AccessToken.Reveal()) || h.storage.queued() != 1 {
				t.Error("it is dead, or not on record")
			}
			return errStorage
		})
	if !errors.Is(err, errStorage) {
		t.Error(err)
	}
	h.wantCounts(1, 1, 0)
	if err := h.VerifySecret(t.Context(), minter, []string{reads, "x:y"}, nil); !paxos.IsInvalidScope(err) {
		t.Errorf("a client that lacks a scope: %v", err)
	}
}

// TestWhoVerifiesLeaves cancels the caller while the secret is verified: the token is ended all the
// same.
func TestWhoVerifiesLeaves(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	arrived, proceed := h.holdMint()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- h.verify(ctx, reads) }()
	await(t, arrived, "the mint")
	cancel()
	close(proceed)
	await(t, done, "the verification")
	h.wantCounts(1, 1, 0)
}

// TestVerificationLeavesSharedTokenAlone checks a Paxos that grants the same token again: the
// secret is verified, and the token is not ended under those who hold it.
func TestVerificationLeavesSharedTokenAlone(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	shared := h.issue()
	h.paxos.FailAll(paxostest.TokenEndpoint,
		paxostest.Fault{Rewrite: member("access_token", shared.AccessToken.Reveal())})
	if err := h.verify(t.Context(), reads); err != nil {
		t.Error(err)
	}
	h.wantAlive(shared, true)
	if h.revocations() != 0 {
		t.Errorf("%d revocations", h.revocations())
	}
}

// TestVerificationSpendsBudget checks that verifications count, and are refused when the budget is
// spent.
func TestVerificationSpendsBudget(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.limit = 2
	h.restart()
	for range 2 {
		if err := h.verify(t.Context(), reads); err != nil {
			t.Fatal(err)
		}
	}
	wantThrottled(t, h.verify(t.Context(), reads))
	h.wantCounts(2, 2, 0)
}

// TestVerificationsHaveLimitsOfTheirOwn verifies secrets of the root and of another client, probes
// and looks after clients, each until it is refused, and checks that none uses the limit of
// another.
func TestVerificationsHaveLimitsOfTheirOwn(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	root := broker.Minter{Client: h.client, Generation: 1}
	named := root
	named.Name = "standby-1"
	type ask func(context.Context, broker.Minter, []string, func(context.Context, paxos.Grant) error) error
	for _, test := range []struct {
		ask    ask
		minter broker.Minter
		most   int
		text   string
	}{
		{h.VerifySecret, root, 12,
			"This mount used all 12 token requests per 5 minutes that are for verifying secrets of the root client"},
		{h.VerifySecret, named, 12,
			"This mount used all 12 token requests per 5 minutes that are for verifying secrets of stored clients"},
		{h.Probe, root, 12, "This mount used all 12 token requests per 5 minutes that are for probes"},
		{h.Manage, root, 6, "This mount used all 6 token requests per 5 minutes that are for listing and deleting"},
	} {
		for range test.most {
			if err := test.ask(t.Context(), test.minter, []string{reads}, nil); err != nil {
				t.Fatalf("%s: %v", test.text, err)
			}
		}
		err := test.ask(t.Context(), test.minter, []string{reads}, nil)
		if refused := wantThrottled(t, err); !strings.HasPrefix(refused.Reason, test.text) {
			t.Errorf("got %q, want %q", refused.Reason, test.text)
		}
	}
}
