package broker_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"vault-plugin-secrets-paxos/backend/broker"
)

// TestColdReadersShareOneMint has a thousand readers come at once, for two kinds of tokens.
func TestColdReadersShareOneMint(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]func(*broker.Request){"leased": func(*broker.Request) {}, "unleased": unleased} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			const readers = 1000
			var start, done sync.WaitGroup
			start.Add(1)
			outcomes := make([]outcome, readers)
			for i := range outcomes {
				done.Go(func() {
					start.Wait()
					issued, err := h.Issue(t.Context(), h.request(edit))
					outcomes[i] = outcome{issued, err}
				})
			}
			start.Done()
			done.Wait()
			issues := map[uint64]bool{}
			for _, got := range outcomes {
				if got.err != nil {
					t.Fatal(got.err)
				}
				if got.AccessToken.Reveal() != outcomes[0].AccessToken.Reveal() {
					t.Fatal("two readers got different tokens")
				}
				issues[got.Issue] = true
			}
			if want := map[string]int{"leased": readers, "unleased": 1}[name]; len(issues) != want {
				t.Errorf("%d different issues, want %d", len(issues), want)
			}
			h.wantCounts(1, 0, 1)
			h.wantAlive(outcomes[0].Issued, true)
			if got := h.storage.operations(); got != 2 {
				t.Errorf("%d ledger operations, want one load and one put", got)
			}
			if got := h.authorized.Load(); got != 2 {
				t.Errorf("Authorize was called %d times, want before and after the mint", got)
			}
		})
	}
}

// TestLeaderLeaves cancels the reader who started a mint. Those who wait with it get the token.
func TestLeaderLeaves(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	arrived, proceed := h.holdMint()
	ctx, cancel := context.WithCancel(t.Context())
	leader := h.issueAside(ctx, h.request())
	await(t, arrived, "the mint")
	follower := h.issueAside(t.Context(), h.request())
	cancel()
	if got := await(t, leader, "the leader"); !errors.Is(got.err, context.Canceled) {
		t.Errorf("the leader got %v", got.err)
	}
	close(proceed)
	got := await(t, follower, "the follower")
	if got.err != nil {
		t.Fatal(got.err)
	}
	h.wantAlive(got.Issued, true)
	h.wantCounts(1, 0, 1)
}

// A latecomer is a context that lets something happen at the moment when its reader, having found
// no token, sets out to wait for a mint: the gap in which another reader's mint may come and go.
type latecomer struct {
	context.Context
	once    sync.Once
	instead func()
}

// Done is asked for when the waiting begins.
func (l *latecomer) Done() <-chan struct{} {
	l.once.Do(l.instead)
	return l.Context.Done()
}

// TestLatecomer checks that a reader who missed another's mint by a hair does not mint again.
func TestLatecomer(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	var first broker.Issued
	late, err := h.Issue(&latecomer{Context: t.Context(), instead: func() { first = h.issue() }}, h.request())
	if err != nil {
		t.Fatal(err)
	}
	if first.Fingerprint == "" || late.Fingerprint != first.Fingerprint {
		t.Errorf("got %q after %q was minted", late.Fingerprint, first.Fingerprint)
	}
	h.wantCounts(1, 0, 1)
}

// TestKeysDoNotShare checks that each part of the key tells tokens apart, and the order of scopes
// does not.
func TestKeysDoNotShare(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	first := h.issue(scopes(reads, writes))
	if same := h.issue(scopes(writes, reads, writes)); same.Fingerprint != first.Fingerprint {
		t.Error("the order of scopes tells tokens apart")
	}
	seen := map[string]bool{first.Fingerprint: true}
	for name, edit := range map[string]func(*broker.Request){
		"role":       role("other"),
		"client":     func(req *broker.Request) { req.Client = "other" },
		"connection": func(req *broker.Request) { req.Connection = "other" },
		"scopes":     scopes(reads),
		"lease":      unleased,
		"own":        own,
	} {
		if issued := h.issue(scopes(reads, writes), edit); seen[issued.Fingerprint] {
			t.Errorf("two readers share a token across another %s", name)
		} else {
			seen[issued.Fingerprint] = true
		}
	}
	h.wantCounts(7, 0, 7)
}
