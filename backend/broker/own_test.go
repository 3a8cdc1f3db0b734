package broker_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"vault-plugin-secrets-paxos/backend/broker"
)

// TestOwnTokens checks that each reader gets a token of its own, which its release ends at once and
// for good.
func TestOwnTokens(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	first, second := h.issue(own), h.issue(own)
	if first.Fingerprint == second.Fingerprint {
		t.Fatal("two readers share it")
	}
	h.release(first)
	h.wantAlive(first, false)
	h.wantAlive(second, true)
	h.wantCounts(2, 1, 1)
	if _, ok := h.storage.row(first.Fingerprint); ok {
		t.Error("it is still on record")
	}
	for range 3 { // Vault may end a lease again
		h.release(first)
	}
	h.wantCounts(2, 1, 1)
}

// TestOwnReaderLeaves cancels a reader while its own token is being minted: no reader would hold its
// lease.
func TestOwnReaderLeaves(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	arrived, proceed := h.holdMint()
	ctx, cancel := context.WithCancel(t.Context())
	reader := h.issueAside(ctx, h.request(own))
	await(t, arrived, "the mint")
	cancel()
	if got := await(t, reader, "the reader"); !errors.Is(got.err, context.Canceled) {
		t.Errorf("the reader got %v", got.err)
	}
	close(proceed)
	await(t, h.storage.deleted, "the end of the token")
	h.wantCounts(1, 1, 0)
	if h.storage.size() != 0 {
		t.Error("it is still on record")
	}
}

// TestOwnTokenSurvivesARestartToBeReleased checks that the ledger is enough to end a token.
func TestOwnTokenSurvivesARestartToBeReleased(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	issued := h.issue(own)
	h.restart()
	h.release(issued)
	h.wantAlive(issued, false)
}

// TestPermission checks when Authorize is asked, and what a no leaves behind.
func TestPermission(t *testing.T) {
	t.Parallel()
	errNo := errors.New("no")
	for name, test := range map[string]struct {
		refuse             int64
		mints, revocations int
	}{
		"refused before the mint": {refuse: 1},
		"refused after the mint":  {refuse: 2, mints: 1, revocations: 1},
	} {
		for kind, edit := range map[string]func(*broker.Request){"own": own, "leased": func(*broker.Request) {},
			"unleased": unleased} {
			t.Run(name+", "+kind, func(t *testing.T) {
				t.Parallel()
				h := newHarness(t)
				h.authorize = func(call int64) error {
					if call == test.refuse {
						return errNo
					}
					return nil
				}
				if issued, err := h.Issue(t.Context(), h.request(edit)); !errors.Is(err, errNo) ||
					issued.AccessToken.Reveal() != "" {
					t.Errorf("got %v", err)
				}
				h.wantCounts(test.mints, test.revocations, 0)
				if h.storage.size() != 0 {
					t.Error("a token is on record")
				}
				h.authorize = nil
				h.wantAlive(h.issue(edit), true)
			})
		}
	}
}

// TestPanicInAuthorize checks that a panic is an error of this one read, and leaves no token alive.
func TestPanicInAuthorize(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		call               int64
		mints, revocations int
	}{
		"before the mint": {call: 1},
		"after the mint":  {call: 2, mints: 1, revocations: 1},
	} {
		for kind, edit := range map[string]func(*broker.Request){"own": own, "leased": func(*broker.Request) {}} {
			t.Run(name+", "+kind, func(t *testing.T) {
				t.Parallel()
				h := newHarness(t)
				h.authorize = func(call int64) error {
					if call == test.call {
						panic("secret-in-a-panic")
					}
					return nil
				}
				if _, err := h.Issue(t.Context(), h.request(edit)); err == nil {
					t.Error("it was no error")
				}
				h.log.await(t, "panicked")
				if strings.Contains(h.log.String(), "secret-in-a-panic") {
					t.Error("the log tells what was thrown")
				}
				h.wantCounts(test.mints, test.revocations, 0)
				h.wantAlive(h.issue(edit), true) // the next reader is served
			})
		}
	}
}
