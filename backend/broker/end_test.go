package broker_test

import (
	"errors"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/limits"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// everything selects every token.
func everything(broker.Row) bool { return true }

// wantEnd ends what is selected and checks the counts.
func (h *harness) wantEnd(which func(broker.Row) bool, ended, pending int) {
	h.t.Helper()
	gotEnded, gotPending, err := h.End(h.t.Context(), which)
	if err != nil || gotEnded != ended || gotPending != pending {
		h.t.Errorf("%d ended, %d pending, %v; want %d and %d", gotEnded, gotPending, err, ended, pending)
	}
}

// TestEnd checks that the tokens that are selected end, whatever they are, and no others.
func TestEnd(t *testing.T) {
	t.Parallel()
	for name, restart := range map[string]bool{"in the same process": false, "after a restart": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			of := role("the role")
			selected := []broker.Issued{h.issue(of), h.issue(of, unleased), h.issue(of, own),
				h.issue(of, scopes(writes))}
			bystander := h.issue()
			if restart {
				h.restart()
			}
			h.wantEnd(func(row broker.Row) bool { return row.Key.Role == "the role" }, 4, 0)
			for _, issued := range selected {
				h.wantAlive(issued, false)
			}
			h.wantAlive(bystander, true)
			h.wantCounts(5, 4, 1)
			h.wantEnd(everything, 1, 0)
			h.wantEnd(everything, 0, 0)
			if h.storage.size() != 0 {
				t.Error("something is still on record")
			}
		})
	}
}

// TestEndWhilePaxosIsDown checks that ended tokens are no longer served at once, that one failure is
// enough to know that Paxos is down, and that the queue ends the tokens later.
func TestEndWhilePaxosIsDown(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	old := h.issue()
	for _, id := range []string{"a", "b", "c"} {
		h.issue(role(id))
	}
	h.down(paxostest.Revoke)
	h.wantEnd(everything, 0, 4)
	if h.revocations() != 1 || h.storage.queued() != 4 {
		t.Errorf("%d revocations were tried, %d tokens are on the queue; want 1 and 4", h.revocations(),
			h.storage.queued())
	}
	h.wantAlive(old, true)
	fresh := h.issue()
	if fresh.Fingerprint == old.Fingerprint {
		t.Error("it is still served")
	}
	h.restart()
	if again := h.issue(); again.Fingerprint != fresh.Fingerprint {
		t.Error("after a restart another token is served")
	}
	h.sweep()
	if h.revocations() != 2 {
		t.Errorf("%d revocations were tried, want one more", h.revocations()-1)
	}
	h.paxos.Heal()
	h.sweep()
	h.wantAlive(fresh, true)
	h.wantCounts(5, 6, 1)
}

// TestEndOfManyIsNotLeftToTheTick ends 2,000 tokens at once, as a lockdown does: what the pace does
// not admit at once is worked off in the background, as fast as it may.
func TestEndOfManyIsNotLeftToTheTick(t *testing.T) {
	t.Parallel()
	const tokens = 2000
	h := newHarness(t)
	h.fill(tokens)
	start := h.clock.Now()
	ended, pending, err := h.End(t.Context(), everything)
	if err != nil || ended < 5 || ended+pending != tokens {
		t.Errorf("%d ended, %d pending, %v", ended, pending, err)
	}
	for range tokens {
		await(t, h.storage.deleted, "the end of a token")
	}
	if h.storage.size() != 0 || h.revocations() != tokens {
		t.Errorf("%d on record after %d revocations", h.storage.size(), h.revocations())
	}
	took, least := h.clock.Now().Sub(start), tokens*time.Second/limits.DefaultCallRate
	if took < least-time.Second || took > least+10*time.Second {
		t.Errorf("it took %s; the pace allows %s", took, least)
	}
	t.Logf("%d tokens ended in %s; %d calls a second allow %s", tokens, took, limits.DefaultCallRate, least)
}

// TestEndWhileStorageIsDown checks that the error is told, and that nothing is served that was to
// be ended.
func TestEndWhileStorageIsDown(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	old := h.issue()
	h.storage.set(func(s *storage) { s.failPut = errStorage })
	if ended, pending, err := h.End(t.Context(), everything); !errors.Is(err, errStorage) || ended != 0 ||
		pending != 1 {
		t.Errorf("%d ended, %d pending, %v", ended, pending, err)
	}
	h.storage.set(func(s *storage) { s.failPut = nil })
	if again := h.issue(); again.Fingerprint == old.Fingerprint {
		t.Error("it is still served")
	}
	h.wantEnd(func(row broker.Row) bool { return row.Fingerprint == old.Fingerprint }, 1, 0)
	h.wantAlive(old, false)
}

// TestMintInFlightWhileTheRoleChanges checks that a token which lands after its role was rotated or
// narrowed is revoked. The end finds nothing to end yet; the second question for permission finds the
// change.
func TestMintInFlightWhileTheRoleChanges(t *testing.T) {
	t.Parallel()
	for kind, edit := range map[string]func(*broker.Request){"leased": func(*broker.Request) {},
		"unleased": unleased, "own": own} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			errChanged := errors.New("the role has changed")
			arrived, proceed := h.holdMint()
			reader := h.issueAside(t.Context(), h.request(edit))
			await(t, arrived, "the mint")
			h.wantEnd(everything, 0, 0)
			h.authorize = func(call int64) error { // the mint is held: no code reads this field now
				if call == 2 {
					return errChanged
				}
				return nil
			}
			close(proceed)
			if got := await(t, reader, "the reader"); !errors.Is(got.err, errChanged) ||
				got.AccessToken.Reveal() != "" {
				t.Errorf("got %v", got.err)
			}
			h.wantCounts(1, 1, 0)
			if h.storage.size() != 0 {
				t.Error("it is still on record")
			}
		})
	}
}

// TestEndBetweenRecordAndService checks the moment when a token is on record and not yet served: it
// is ended, and not served after that, whether or not Paxos did it.
func TestEndBetweenRecordAndService(t *testing.T) {
	t.Parallel()
	for name, down := range map[string]bool{"Paxos is up": false, "Paxos is down": true} {
		for kind, edit := range map[string]func(*broker.Request){"leased": func(*broker.Request) {},
			"unleased": unleased, "own": own} {
			t.Run(kind+", "+name, func(t *testing.T) {
				t.Parallel()
				h := newHarness(t)
				if down {
					h.down(paxostest.Revoke)
				}
				h.authorize = func(call int64) error {
					if call == 2 {
						_, _, err := h.End(t.Context(), everything)
						return err
					}
					return nil
				}
				_, err := h.Issue(t.Context(), h.request(edit))
				if !errors.Is(err, broker.ErrEnded) {
					t.Errorf("got %v, want ErrEnded", err)
				}
				h.paxos.Heal()
				h.sweep()
				h.wantCounts(1, h.revocations(), 0)
				h.wantAlive(h.issue(edit), true)
			})
		}
	}
}
