package broker_test

import (
	"errors"
	"testing"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// TestUnrecordedTokenIsRevoked has the ledger fail after a mint. Nothing may be served, and nothing
// may live.
func TestUnrecordedTokenIsRevoked(t *testing.T) {
	t.Parallel()
	for name, effect := range map[string]bool{"and the row is not written": false,
		"and the row is written all the same": true} {
		for kind, edit := range map[string]func(*broker.Request){"own": own, "leased": func(*broker.Request) {},
			"unleased": unleased} {
			t.Run(kind+", "+name, func(t *testing.T) {
				t.Parallel()
				h := newHarness(t)
				h.storage.set(func(s *storage) { s.failPut, s.effect = errStorage, effect })
				issued, err := h.Issue(t.Context(), h.request(edit))
				if !errors.Is(err, errStorage) || issued.AccessToken.Reveal() != "" {
					t.Errorf("got %v", err)
				}
				h.wantCounts(1, 1, 0)
				h.storage.set(func(s *storage) { s.failPut = nil })
				h.wantAlive(h.issue(edit), true)
				h.restart()
				h.wantAlive(h.issue(edit), true)
			})
		}
	}
}

// TestUnrecordedTokenIsSwept checks a token that could not be recorded, and then either not be
// revoked or not be struck off a record that may have been made: the process goes on trying.
func TestUnrecordedTokenIsSwept(t *testing.T) {
	t.Parallel()
	for name, also := range map[string]func(h *harness){
		"nor revoked":   func(h *harness) { h.down(paxostest.Revoke) },
		"nor unwritten": func(h *harness) { h.storage.set(func(s *storage) { s.failDel = errStorage }) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			h.storage.set(func(s *storage) { s.failPut, s.effect = errStorage, true })
			also(h)
			if _, err := h.Issue(t.Context(), h.request()); !errors.Is(err, errStorage) {
				t.Errorf("got %v", err)
			}
			h.storage.set(func(s *storage) { s.failPut, s.failDel = nil, nil })
			h.paxos.Heal()
			h.sweep()
			h.wantCounts(1, 2, 0)
			if h.storage.size() != 0 {
				t.Error("it is still on record")
			}
		})
	}
}

// TestUnreadableLedger checks that nothing is minted, and no lease ended, while it is not known
// which tokens are valid; and that everything works once it is.
func TestUnreadableLedger(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	shared, lonely := h.issue(), h.issue(own)
	h.restart()
	h.storage.set(func(s *storage) { s.failLoad = errStorage })
	_, issueErr := h.Issue(t.Context(), h.request())
	_, ownErr := h.Issue(t.Context(), h.request(own))
	_, liveErr := h.Live(t.Context())
	_, _, endErr := h.End(t.Context(), func(broker.Row) bool { return true })
	for _, err := range []error{
		issueErr, ownErr, liveErr, endErr, h.Release(t.Context(), lonely.Fingerprint,
			lonely.Issue), h.Sweep(t.Context()),
		h.verify(t.Context(), reads),
	} {
		if !errors.Is(err, errStorage) {
			t.Errorf("got %v", err)
		}
	}
	h.wantCounts(2, 0, 2)

	h.storage.set(func(s *storage) { s.failLoad = nil })
	if again := h.issue(); again.Fingerprint != shared.Fingerprint {
		t.Error("another token was served")
	}
	h.release(lonely)
	h.wantAlive(lonely, false)
	h.wantCounts(2, 1, 1)
}

// TestResetReadsAnew checks that what another node changed is seen, even if a reader was reading
// the old state.
func TestResetReadsAnew(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	issued := h.issue(unleased)
	row, _ := h.storage.row(issued.Fingerprint)
	h.restart()
	once := true
	h.storage.set(func(s *storage) {
		delete(s.rows, row.Fingerprint)
		s.onLoad = func() {
			if once { // the reader has read; then the other node's token arrives
				once = false
				h.storage.set(func(s *storage) { s.rows[row.Fingerprint] = row })
				h.Reset()
			}
		}
	})
	if again := h.issue(unleased); again.Fingerprint != issued.Fingerprint {
		t.Error("the other node's token was not seen")
	}
	h.wantCounts(1, 0, 1)
	if err := h.Ledger.Delete(t.Context(), issued.Fingerprint); err != nil {
		t.Fatal(err)
	}
	h.Reset()
	if again := h.issue(unleased); again.Fingerprint == issued.Fingerprint {
		t.Error("a token that the other node ended was served")
	}
}
