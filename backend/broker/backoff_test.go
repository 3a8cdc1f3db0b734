package broker_test

import (
	"fmt"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// minutes lets the time pass with a tick every minute.
func (h *harness) minutes(count int) {
	h.t.Helper()
	for range count {
		h.clock.advance(time.Minute)
		h.sweep()
	}
}

// TestRefusedRevocationsBackOff refuses revocations definitely for half an hour. What concerns all
// tokens of a client is tried once for all of them, or twice where it may concern one token, what
// concerns one token for that one, and less and less often. When Paxos takes it again, all tokens
// end within the longest wait.
func TestRefusedRevocationsBackOff(t *testing.T) {
	t.Parallel()
	const tokens = 20
	for status, most := range map[int]int{400: 6 * tokens, 401: 6, 403: 7, 404: 7, 405: 6} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			h.paxos.FailAll(paxostest.Revoke, paxostest.Fault{Status: status})
			for _, fingerprint := range h.fill(tokens) {
				if err := h.Release(t.Context(), fingerprint, 1); err != nil {
					t.Fatal(err)
				}
			}
			h.minutes(30)
			if calls := h.revocations(); calls < 5 || calls > most {
				t.Errorf("%d revocations in half an hour, want at most %d", calls, most)
			}
			if h.storage.queued() != tokens {
				t.Errorf("%d tokens are on the queue, want %d", h.storage.queued(), tokens)
			}
			h.paxos.Heal()
			h.minutes(9)
			if h.storage.size() != 0 {
				t.Errorf("%d tokens are left after Paxos takes revocations again", h.storage.size())
			}
		})
	}
}

// TestOneRefusedTokenHoldsUpNoOther refuses one token twice, and others end as ever.
func TestOneRefusedTokenHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	for _, status := range []int{400, 403, 404} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			refused, other, last := h.issue(own), h.issue(own), h.issue(own)
			refuse := func() { h.paxos.FailNext(paxostest.Revoke, paxostest.Fault{Status: status}) }
			refuse()
			h.release(refused)
			refuse()
			h.minutes(1)
			h.wantAlive(refused, true)
			h.release(other)
			h.wantAlive(other, false)
			h.release(last)
			h.wantAlive(last, false)
			h.minutes(1)
			h.wantAlive(refused, true) // it is tried again after 2 minutes
			h.minutes(1)
			h.wantAlive(refused, false)
		})
	}
}

// TestARefusalThatMayConcernOneTokenIsTriedOnceMore refuses two tokens of a client in a way that may
// concern them or the client, and then no other is tried.
func TestARefusalThatMayConcernOneTokenIsTriedOnceMore(t *testing.T) {
	t.Parallel()
	for _, status := range []int{403, 404} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			first, second, third := h.issue(own), h.issue(own), h.issue(own)
			h.paxos.FailAll(paxostest.Revoke, paxostest.Fault{Status: status})
			h.release(first)
			h.release(second)
			h.release(third)
			if h.revocations() != 2 {
				t.Errorf("%d tries, want two", h.revocations())
			}
		})
	}
}

// TestANewSecretIsTriedAtOnce has the client's secret rotated at Paxos, and the new one stored.
func TestANewSecretIsTriedAtOnce(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	first, second := h.issue(own), h.issue(own)
	secret, err := h.paxos.RotateCredential(h.client.ID())
	if err != nil {
		t.Fatal(err)
	}
	h.release(first)
	h.release(second)
	if h.revocations() != 1 {
		t.Errorf("%d tries with a dead secret, want one", h.revocations())
	}
	h.revokers = func() ([]*paxos.Client, error) {
		return []*paxos.Client{h.connection.Client(h.client.ID(), paxos.Hide(secret)), h.client}, nil
	}
	h.sweep()
	h.wantAlive(first, false)
	h.wantAlive(second, false)
}
