package broker_test

import (
	"errors"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// wantCode checks that a read is refused with the code, after so many mints in all.
func (h *harness) wantCode(code string, mints int, edit ...func(*broker.Request)) {
	h.t.Helper()
	_, err := h.Issue(h.t.Context(), h.request(edit...))
	var answer *paxos.Error
	if !errors.As(err, &answer) || answer.Code != code {
		h.t.Errorf("got %v, want %s", err, code)
	}
	if got := h.mints(); got != mints {
		h.t.Errorf("%d mints, want %d", got, mints)
	}
}

// TestWrongSecretIsRemembered checks that a wrong secret costs one call in 30 s, whichever reader asks,
// until there is a new one.
func TestWrongSecretIsRemembered(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	right := h.client
	h.client = h.connection.Client(right.ID(), paxos.Hide("wrong"))
	h.wantCode("invalid_client", 1)
	h.wantCode("invalid_client", 1, role("other"))
	h.wantCode("invalid_client", 1, own)
	h.wantCode("invalid_client", 1, unleased)
	h.clock.advance(30*time.Second - 1)
	h.wantCode("invalid_client", 1)
	h.clock.advance(1)
	h.wantCode("invalid_client", 2)

	h.client = right // the operator writes the right secret: a new generation
	h.generation.Add(1)
	h.wantAlive(h.issue(), true)
	h.wantAlive(h.issue(own), true)
	h.generation.Add(-1)
	h.wantCode("invalid_client", 4, role("other")) // the old one is still remembered
}

// TestRefusedScopeIsRemembered checks that a scope which the client lacks costs one call in 30 s,
// for its key alone.
func TestRefusedScopeIsRemembered(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	bad := scopes("api_creds:delete_credentials")
	h.wantCode("invalid_scope", 1, bad)
	h.wantCode("invalid_scope", 1, bad)
	h.wantAlive(h.issue(), true) // other scopes are not affected
	h.wantCode("invalid_scope", 3, bad, role("other"))
	h.clock.advance(30*time.Second - 1)
	h.wantCode("invalid_scope", 3, bad)
	h.clock.advance(1)
	h.wantCode("invalid_scope", 4, bad)
}

// TestOutagesAreNotRemembered checks that what may pass is asked for again by the next reader.
func TestOutagesAreNotRemembered(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]paxostest.Fault{
		"500": {Status: 500}, "503": {Status: 503}, "a dropped connection": {Drop: true}, "nonsense": {Body: "<html>"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			h.paxos.FailNext(paxostest.TokenEndpoint, fault)
			if _, err := h.Issue(t.Context(), h.request()); err == nil {
				t.Error("it was no error")
			}
			h.wantAlive(h.issue(), true)
			if h.mints() != 2 {
				t.Errorf("%d mints, want 2", h.mints())
			}
		})
	}
}

// TestDefiniteRefusalLeavesTheTokenThatWorks checks that a refused refresh is reported with the old
// token.
func TestDefiniteRefusalLeavesTheTokenThatWorks(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	old := h.issue()
	h.clock.advance(50 * time.Minute)
	h.paxos.FailNext(paxostest.TokenEndpoint, paxostest.Fault{Status: 401})
	h.issue()
	h.log.await(t, "refreshing a token failed")
	again := h.issue()
	var answer *paxos.Error
	if again.Fingerprint != old.Fingerprint || !errors.As(again.Stale, &answer) || answer.Code != "invalid_client" {
		t.Errorf("got %q with %v", again.Fingerprint, again.Stale)
	}
	h.wantAlive(again, true)
}
