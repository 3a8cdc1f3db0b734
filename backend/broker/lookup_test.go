package broker_test

import (
	"testing"
	"time"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// holder makes a request of somebody.
func holder(name string) func(*broker.Request) {
	return func(req *broker.Request) {
		req.Holder = broker.Holder{EntityID: "entity-" + name, DisplayName: name}
	}
}

// lookup finds a token and fails the test if that fails.
func (h *harness) lookup(issued broker.Issued) (broker.Found, bool) {
	h.t.Helper()
	found, ok, err := h.Lookup(h.t.Context(), issued.Fingerprint)
	if err != nil {
		h.t.Fatal(err)
	}
	if found.Row.Token != "" {
		h.t.Error("a lookup tells the token")
	}
	return found, ok
}

// TestLookup follows a token through its life: who holds it, whether that is all, and when it is
// unknown.
func TestLookup(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	if _, ok := h.lookup(broker.Issued{Fingerprint: "nothing"}); ok {
		t.Error("an unknown token is known")
	}
	first := h.issue(holder("alice"))
	h.clock.advance(time.Second)
	second := h.issue(holder("bob"))
	h.release(first)
	found, ok := h.lookup(second)
	want := broker.Holder{EntityID: "entity-bob", DisplayName: "bob"}
	if !ok || !found.Complete || !found.Serving || len(found.Holders) != 1 || found.Holders[0].Holder != want ||
		!found.Holders[0].Since.Equal(h.clock.Now()) {
		t.Errorf("found %+v", found)
	}
	if found, ok := h.lookup(h.issue(unleased)); !ok || found.Complete || len(found.Holders) != 0 {
		t.Errorf("an unleased token's holders are known: %+v", found)
	}
	h.restart()
	third := h.issue(holder("carol"))
	if found, ok := h.lookup(third); !ok || found.Complete || len(found.Holders) != 1 {
		t.Errorf("after a restart found %+v", found)
	}
	h.wantEnd(everything, 2, 0)
	if found, ok := h.lookup(third); ok {
		t.Errorf("a token that has ended is known: %+v", found)
	}
}

// TestQueueIsShown checks what is told of a token that Paxos could not end, and that it can
// be dropped from the queue.
func TestQueueIsShown(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	if queue, err := h.Queue(t.Context()); err != nil || len(queue) != 0 {
		t.Errorf("%v, %v", queue, err)
	}
	older, held := h.issue(own), h.issue()
	h.down(paxostest.Revoke)
	h.release(older)
	h.clock.advance(time.Minute)
	younger := h.issue(own)
	h.release(younger)
	h.sweep()
	h.sweep()
	queue, err := h.Queue(t.Context())
	if err != nil || len(queue) != 2 || queue[0].Row.Fingerprint != older.Fingerprint ||
		queue[1].Row.Fingerprint != younger.Fingerprint {
		t.Fatalf("%+v, %v", queue, err)
	}
	if queue[0].Attempts != 3 || queue[0].LastError == nil || queue[0].Row.Token != "" {
		t.Errorf("%+v", queue[0])
	}
	for fingerprint, want := range map[string]bool{older.Fingerprint: true, held.Fingerprint: false, "nothing": false} {
		if ok, err := h.Forget(t.Context(), fingerprint); err != nil || ok != want {
			t.Errorf("forgetting %s: %v, %v", fingerprint, ok, err)
		}
	}
	h.restart()
	h.paxos.Heal()
	h.sweep()
	h.wantAlive(older, true)
	h.wantAlive(younger, false)
	h.wantAlive(held, true)
}

// TestReconcile checks that a sweep finds a token on record that memory does not know, but leaves
// one alone that may be being written.
func TestReconcile(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.sweep()
	stranger := broker.Row{
		Fingerprint: broker.Fingerprint("stranger"), Token: "stranger", RoleName: "role", ClientID: h.client.ID(),
		Key:      broker.Key{Role: "role-id", Connection: "connection", Leased: true, Scopes: reads},
		MintedAt: h.clock.Now(), ExpiresAt: h.clock.Now().Add(time.Hour),
	}
	h.storage.set(func(s *storage) { s.rows[stranger.Fingerprint] = stranger })
	h.sweep()
	if live, _ := h.Live(t.Context()); len(live) != 0 {
		t.Error("a row that may be being written was taken")
	}
	h.clock.advance(time.Minute)
	h.sweep()
	if issued := h.issue(); issued.Fingerprint != stranger.Fingerprint || h.mints() != 0 {
		t.Errorf("got %s after %d mints", issued.Fingerprint, h.mints())
	}
	h.sweep()
	if live, _ := h.Live(t.Context()); len(live) != 1 {
		t.Errorf("%d live tokens", len(live))
	}
}

// TestScarceBudgetKeepsIdleTokens checks that a token without holders is not ended while there is
// little left to mint another with.
func TestScarceBudgetKeepsIdleTokens(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.limit = 8
	h.restart()
	for _, id := range []string{"a", "b", "c", "d", "e", "f"} {
		h.issue(role(id))
	}
	kept := h.issue(role("g"), idle(0))
	h.release(kept)
	h.sweep()
	h.wantAlive(kept, true)
	h.clock.advance(window)
	h.sweep()
	h.wantAlive(kept, false)
}
