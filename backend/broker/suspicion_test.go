package broker_test

import (
	"context"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// refuseClient has a token request fail because Paxos refuses the client.
func (h *harness) refuseClient() {
	h.t.Helper()
	if _, err := h.Issue(h.t.Context(), h.request(role("another"), unleased)); err == nil {
		h.t.Fatal("the client is not refused")
	}
}

// TestRotatedSecretIsNoSuspicion checks that after the ordinary rotation in the Dashboard one token
// is asked after, once in five minutes, and nothing but the log tells of it.
func TestRotatedSecretIsNoSuspicion(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	issued, other := h.issue(), h.issue(role("other"))
	if _, err := h.paxos.RotateCredential(h.client.ID()); err != nil {
		t.Fatal(err)
	}
	h.refuseClient()
	h.log.await(t, "Paxos rejects a client whose tokens still work")
	if h.questions() != 1 {
		t.Errorf("%d API calls, want 1", h.questions())
	}
	for range 4 {
		h.clock.advance(time.Minute)
		h.refuseClient()
		settle()
	}
	if h.questions() != 1 {
		t.Errorf("%d API calls within five minutes, want 1", h.questions())
	}
	h.clock.advance(time.Minute)
	h.refuseClient()
	h.log.await(t, "Paxos rejects a client whose tokens still work")
	for _, served := range []broker.Issued{h.issue(), h.issue(role("other"))} {
		if served.Doubt != nil || served.Fingerprint != issued.Fingerprint && served.Fingerprint != other.Fingerprint {
			t.Errorf("got %s, doubt %+v", served.Fingerprint, served.Doubt)
		}
	}
	settle()
	if h.questions() != 2 {
		t.Errorf("%d API calls, want 2", h.questions())
	}
}

// TestDeletedClientIsFoundOut checks that the tokens of a client that was deleted are asked after
// when they are read, each once, that their readers are warned, and that they get others once the
// client works again.
func TestDeletedClientIsFoundOut(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.issue()
	unread := h.issue(role("unread"))
	h.clock.advance(time.Second)
	last := h.issue(role("last"))
	if err := h.paxos.DisableCredential(h.client.ID()); err != nil {
		t.Fatal(err)
	}
	h.refuseClient()
	h.log.await(t, "Paxos rejects a client and one of its tokens")
	if h.questions() != 1 {
		t.Errorf("%d API calls, want 1", h.questions())
	}
	got := h.issue(role("last"))
	h.wantDoubt(got, broker.Unreplaced)
	if got.Fingerprint != last.Fingerprint {
		t.Error("there is no other")
	}
	h.issue()
	h.eventually(func() bool { return h.issue().Doubt != nil }, "a warning to the other readers")
	settle()
	if h.questions() != 2 {
		t.Errorf("%d API calls, want one for each token that is read", h.questions())
	}
	revive(h)
	h.generation.Store(2)
	for _, name := range []string{"role", "last", "unread"} {
		h.eventually(func() bool {
			h.clock.advance(time.Minute)
			issued := h.issue(role(name), func(req *broker.Request) {
				if name == "role" {
					req.Role = "role-id"
				}
			})
			return h.paxos.Alive(issued.AccessToken.Reveal())
		}, "a token of "+name+" that works")
	}
	h.wantAlive(unread, false)
}

// revive gives the harness another client, whose tokens live.
func revive(h *harness) {
	h.t.Helper()
	credential, secret, err := h.paxos.CreateCredential(paxostest.Credential{Scopes: []string{reads, writes}})
	if err != nil {
		h.t.Fatal(err)
	}
	h.client = h.connection.Client(credential.ClientID, paxos.Hide(secret))
}

// TestQuestionsInTheBackgroundAreSlow checks that many suspect tokens are asked after at five a
// second at most.
func TestQuestionsInTheBackgroundAreSlow(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	names := []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"}
	for _, name := range names {
		h.issue(role(name))
	}
	if err := h.paxos.DisableCredential(h.client.ID()); err != nil {
		t.Fatal(err)
	}
	h.refuseClient()
	h.log.await(t, "Paxos rejects a client and one of its tokens")
	for range 100 { // the pace of all calls is at its ceiling
		if err := h.Call(t.Context(), h.client.Route(), func(context.Context) error { return nil }); err != nil {
			t.Fatal(err)
		}
		h.clock.advance(time.Second)
	}
	start := h.clock.Now()
	for _, name := range names {
		h.issue(role(name))
	}
	h.eventually(func() bool { return h.questions() == len(names) }, "all questions")
	if took := h.clock.Now().Sub(start); took < 1800*time.Millisecond {
		t.Errorf("ten questions took %s of the clock, want 1.8s at least", took)
	}
}

// TestQuestionsInTheBackgroundGoBehindRevocations checks that none is asked while the queue is
// being worked off.
func TestQuestionsInTheBackgroundGoBehindRevocations(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.issue()
	h.clock.advance(time.Second)
	h.issue(role("last"))
	queued := h.issue(own)
	h.down(paxostest.Revoke)
	h.release(queued)
	h.paxos.Heal()
	if err := h.paxos.DisableCredential(h.client.ID()); err != nil {
		t.Fatal(err)
	}
	h.refuseClient()
	h.log.await(t, "Paxos rejects a client and one of its tokens")
	hold, swept := make(chan struct{}), make(chan struct{})
	revocations := h.revocations()
	h.paxos.FailNext(paxostest.Revoke, paxostest.Fault{Hold: hold})
	go func() {
		defer close(swept)
		h.sweep()
	}()
	h.eventually(func() bool { return h.revocations() > revocations }, "the revocation")
	h.issue() // it is suspect
	for range 20 {
		settle()
	}
	if h.questions() != 1 {
		t.Errorf("%d API calls while a revocation is under way, want the one before it", h.questions())
	}
	close(hold)
	await(t, swept, "the sweep")
	h.eventually(func() bool { return h.questions() == 2 }, "the question")
}
