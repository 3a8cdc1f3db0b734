package broker_test

import (
	"errors"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// TestQueue checks that a token which Paxos cannot end now is ended later, also by another process,
// and that the reader who released it gets no error.
func TestQueue(t *testing.T) {
	t.Parallel()
	for kind, edit := range map[string]func(*broker.Request){"own": own, "shared": idle(0)} {
		for cause, fault := range map[string]paxostest.Fault{
			"no network": {Drop: true}, "503": {Status: 503}, "429": {Status: 429}, "400": {Status: 400,
				Body: `{"error":"unsupported_token_type"}`},
			"a wrong secret": {Status: 401},
		} {
			for name, restart := range map[string]bool{"in the same process": false, "after a restart": true} {
				t.Run(kind+", "+cause+", "+name, func(t *testing.T) {
					t.Parallel()
					h := newHarness(t)
					issued := h.issue(edit)
					h.paxos.FailAll(paxostest.Revoke, fault)
					h.release(issued)
					h.release(issued)
					h.sweep()
					row, ok := h.storage.row(issued.Fingerprint)
					if !ok || !row.EndingSince.Equal(h.clock.Now()) {
						t.Errorf("on record: %v, ending since %s", ok, row.EndingSince)
					}
					h.wantAlive(issued, true)
					if restart {
						h.restart()
					}
					h.clock.advance(5 * time.Minute) // a 429 stops all calls for so long
					if again := h.issue(edit); again.Fingerprint == issued.Fingerprint {
						t.Error("it was served again")
					}
					h.paxos.Heal()
					h.sweep()
					h.wantAlive(issued, false)
					if _, ok := h.storage.row(issued.Fingerprint); ok {
						t.Error("it is still on record")
					}
				})
			}
		}
	}
}

// TestQueueEndsWithExpiry checks that what can never be revoked leaves the queue when it expires.
func TestQueueEndsWithExpiry(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	issued := h.issue(own)
	h.revokers = func() ([]*paxos.Client, error) { return nil, nil }
	h.release(issued)
	h.clock.until(issued.ExpiresAt.Add(-1))
	h.sweep()
	if h.storage.queued() != 1 {
		t.Errorf("%d on the queue", h.storage.queued())
	}
	h.clock.advance(1)
	h.sweep()
	if h.storage.size() != 0 || h.revocations() != 0 {
		t.Errorf("%d on record after %d revocations", h.storage.size(), h.revocations())
	}
}

// TestRevokersAreTriedInTurn checks that a secret which is not right any more does not stop the
// next one.
func TestRevokersAreTriedInTurn(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	issued, later := h.issue(own), h.issue(own)
	wrong := h.connection.Client(h.client.ID(), paxos.Hide("wrong"))
	h.revokers = func() ([]*paxos.Client, error) { return []*paxos.Client{wrong, h.client}, nil }
	h.release(issued)
	h.wantAlive(issued, false)
	h.wantCounts(2, 2, 1)

	h.revokers = func() ([]*paxos.Client, error) { return nil, errStorage }
	h.release(later)
	if h.storage.queued() != 1 {
		t.Error("it is not on the queue")
	}
	h.revokers = nil
	h.sweep()
	h.wantAlive(later, false)
}

// TestStorageFailsAtTheEnd checks the one error that a release may give, and that it can be repeated.
func TestStorageFailsAtTheEnd(t *testing.T) {
	t.Parallel()
	for kind, edit := range map[string]func(*broker.Request){"own": own, "shared": idle(0)} {
		for name, test := range map[string]struct {
			down bool // Paxos
			fail func(*storage)
		}{
			"the queue cannot be written": {true, func(s *storage) { s.failPut = errStorage }},
			"the row cannot be deleted":   {false, func(s *storage) { s.failDel = errStorage }},
			"nothing works":               {true, func(s *storage) { s.failPut, s.failDel = errStorage, errStorage }},
			"the queue may be written":    {true, func(s *storage) { s.failPut, s.effect = errStorage, true }},
		} {
			t.Run(kind+", "+name, func(t *testing.T) {
				t.Parallel()
				h := newHarness(t)
				issued := h.issue(edit)
				h.storage.set(test.fail)
				if test.down {
					h.down(paxostest.Revoke)
				}
				for range 2 {
					if err := h.Release(t.Context(), issued.Fingerprint, issued.Issue); !errors.Is(err, errStorage) {
						t.Errorf("got %v", err)
					}
				}
				h.storage.set(func(s *storage) { s.failPut, s.failDel = nil, nil })
				h.paxos.Heal()
				if again := h.issue(edit); again.Fingerprint == issued.Fingerprint {
					t.Error("it was served again")
				}
				h.release(issued)
				h.wantAlive(issued, false)
				if _, ok := h.storage.row(issued.Fingerprint); ok {
					t.Error("it is still on record")
				}
			})
		}
	}
}

// TestUnmarkedTokenIsNotRevoked checks the order of things at a shared token's end: a restart in
// between would serve it.
func TestUnmarkedTokenIsNotRevoked(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	issued := h.issue(idle(0))
	h.storage.set(func(s *storage) { s.failPut = errStorage })
	if err := h.Release(t.Context(), issued.Fingerprint, issued.Issue); !errors.Is(err, errStorage) {
		t.Errorf("got %v", err)
	}
	h.wantCounts(1, 0, 1)
	h.restart()
	h.storage.set(func(s *storage) { s.failPut = nil })
	h.wantAlive(h.issue(idle(0)), true)
}

// TestClosing checks that a mount which is being disabled gets errors in place of a queue, except
// where trying again could not help.
func TestClosing(t *testing.T) {
	t.Parallel()
	for kind, edit := range map[string]func(*broker.Request){"own": own, "shared": idle(0)} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			issued, unrevocable, expired := h.issue(edit), h.issue(edit, role("a")), h.issue(edit, role("b"))
			h.closing.Store(true)
			h.down(paxostest.Revoke)
			var answer *paxos.Error
			if err := h.Release(t.Context(), issued.Fingerprint, issued.Issue); !errors.As(err, &answer) {
				t.Errorf("got %v", err)
			}
			h.revokers = func() ([]*paxos.Client, error) { return nil, nil }
			h.release(unrevocable)
			h.revokers = nil
			h.paxos.Heal()
			h.release(issued)
			h.wantAlive(issued, false)
			h.down(paxostest.Revoke)
			h.clock.advance(time.Hour)
			h.release(expired)
		})
	}
}
