package broker_test

import (
	"testing"
	"time"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// manyScopes gives the client of the harness nine scopes, so that there are more than eight subsets.
func manyScopes(h *harness) []string {
	names := []string{"a:1", "a:2", "a:3", "a:4", "a:5", "a:6", "a:7", "a:8", "a:9"}
	if err := h.paxos.EditCredential(h.client.ID(), func(c *paxostest.Credential) {
		c.Scopes = append(c.Scopes, names...)
	}); err != nil {
		h.t.Fatal(err)
	}
	return names
}

// narrowed is a caller's request for one of the role's scopes.
func narrowed(caller, scope string) func(*broker.Request) {
	return func(req *broker.Request) { req.Narrowed, req.Caller, req.Scopes = true, caller, []string{scope} }
}

// TestNarrowedSetsOfOneCaller has one caller open nine subsets, and another come then. The caller's
// own oldest makes room, so that eight are handed out; the other waits for idle_ttl at most, and
// no reader's token is cut off.
func TestNarrowedSetsOfOneCaller(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	names := manyScopes(h)
	var issued []broker.Issued
	for _, name := range names {
		issued = append(issued, h.issue(narrowed("greedy", name)))
		h.clock.advance(10 * time.Second)
	}
	h.sweep()
	for i, one := range issued {
		h.wantAlive(one, true)
		if i == 0 {
			continue
		}
		if again := h.issue(narrowed("greedy", names[i])); again.Fingerprint != one.Fingerprint {
			t.Errorf("subset %d was displaced, not the oldest", i)
		}
	}
	h.release(issued[0]) // the displaced token ends with its last lease, without the idle time
	h.sweep()
	h.wantAlive(issued[0], false)

	_, err := h.Issue(t.Context(), h.request(narrowed("modest", names[0])))
	if got := wantThrottled(t, err).RetryAfter; got != 5*time.Minute {
		t.Errorf("told to come back in %s, want idle_ttl", got)
	}
	h.clock.advance(5 * time.Minute)
	modest := h.issue(narrowed("modest", names[0]))
	h.wantAlive(modest, true)
	if again := h.issue(narrowed("modest", names[0])); again.Fingerprint != modest.Fingerprint {
		t.Error("the new subset is not handed out")
	}
}

// TestNarrowedSetsWithoutLeases checks that a displaced token without a lease is no longer handed
// out and stays valid.
func TestNarrowedSetsWithoutLeases(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	names := manyScopes(h)
	first := h.issue(unleased, narrowed("one", names[0]))
	for _, name := range names[1:] {
		h.clock.advance(time.Second)
		h.issue(unleased, narrowed("one", name))
	}
	h.sweep()
	h.wantAlive(first, true)
	h.clock.advance(6 * time.Minute)
	if again := h.issue(unleased, narrowed("one", names[0])); again.Fingerprint == first.Fingerprint {
		t.Error("the displaced token is handed out")
	}
}

// TestARefusedSubsetDisplacesNone checks that a set makes room only for a token that is there.
func TestARefusedSubsetDisplacesNone(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	names := manyScopes(h)
	first := h.issue(narrowed("one", names[0]))
	for _, name := range names[1:8] {
		h.issue(narrowed("one", name))
	}
	h.paxos.FailNext(paxostest.TokenEndpoint, paxostest.Fault{Status: 503})
	if _, err := h.Issue(t.Context(), h.request(narrowed("one", names[8]))); err == nil {
		t.Fatal("Paxos answered 503, and there is a token")
	}
	if again := h.issue(narrowed("one", names[0])); again.Fingerprint != first.Fingerprint {
		t.Error("a set made room for a token that never came")
	}
}
