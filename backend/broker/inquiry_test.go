package broker_test

import (
	"errors"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/limits"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// rejected makes a request of a reader who says that Paxos answered 401 to the token.
func rejected(issued broker.Issued) func(*broker.Request) {
	return func(req *broker.Request) { req.Rejected = issued.Fingerprint }
}

// questions is how many API calls Paxos saw.
func (h *harness) questions() int { return h.paxos.Calls(paxostest.Operations) }

// lose has Paxos end a token that was not revoked.
func (h *harness) lose(issued broker.Issued) {
	h.t.Helper()
	if !h.paxos.EndToken(issued.AccessToken.Reveal()) {
		h.t.Fatal("Paxos does not know the token")
	}
}

// wantPrice checks how many token requests and API calls there were.
func (h *harness) wantPrice(mints, questions int) {
	h.t.Helper()
	if h.mints() != mints || h.questions() != questions {
		h.t.Errorf("%d token requests and %d API calls; want %d and %d", h.mints(), h.questions(), mints, questions)
	}
}

// wantDoubt checks what the reader is told of its token.
func (h *harness) wantDoubt(issued broker.Issued, reason broker.DoubtReason) {
	h.t.Helper()
	if issued.Doubt == nil || issued.Doubt.Reason != reason {
		h.t.Errorf("the doubt is %+v, want reason %d", issued.Doubt, reason)
	}
}

// TestRejectedTokenIsReplaced checks that a hundred readers who say at once that Paxos rejects
// their token all get one that works, for two API calls and one token request, and that the
// rejected one is revoked as superseded.
func TestRejectedTokenIsReplaced(t *testing.T) {
	t.Parallel()
	for kind, edit := range map[string]func(*broker.Request){"leased": func(*broker.Request) {}, "unleased": unleased} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			old := h.issue(edit)
			h.lose(old)
			hold := make(chan struct{})
			h.paxos.FailNext(paxostest.Operations, paxostest.Fault{Hold: hold})
			var readers []<-chan outcome
			for range 100 {
				readers = append(readers, h.issueAside(t.Context(), h.request(edit, rejected(old))))
			}
			h.eventually(func() bool { return h.questions() == 1 }, "the question")
			if plain := h.issue(edit); plain.Fingerprint != old.Fingerprint {
				t.Error("a reader who says nothing waited for the answer")
			}
			close(hold)
			fresh := h.issue(edit, rejected(old))
			for _, reader := range readers {
				got := await(t, reader, "a reader")
				if got.err != nil || got.Fingerprint != fresh.Fingerprint || got.Doubt != nil {
					t.Fatalf("got %s with doubt %+v, %v; want %s", got.Fingerprint, got.Doubt, got.err,
						fresh.Fingerprint)
				}
			}
			h.wantAlive(fresh, true)
			h.wantPrice(2, 2)
			h.sweep()
			h.wantCounts(2, 1, 1)
			if _, found, err := h.Lookup(t.Context(), old.Fingerprint); found || err != nil {
				t.Errorf("the rejected token is known still: %v", err)
			}
			h.issue(edit, rejected(old)) // superseded: no difference
			h.wantPrice(2, 2)
		})
	}
}

// TestAcceptedTokenStays checks that a token which Paxos accepts is answered again with a warning,
// and asked after once a minute at most. Paxos answers 403 here, since the token lacks the scope of
// the call.
func TestAcceptedTokenStays(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	issued := h.issue()
	for minute := 1; minute <= 3; minute++ {
		for range 5 {
			again := h.issue(rejected(issued))
			if again.Fingerprint != issued.Fingerprint {
				t.Fatal("a token that works was replaced")
			}
			h.wantDoubt(again, broker.Accepted)
		}
		h.wantPrice(1, minute)
		h.clock.advance(time.Minute)
	}
	if plain := h.issue(); plain.Doubt != nil {
		t.Errorf("a reader who said nothing is warned: %+v", plain.Doubt)
	}
	h.wantAlive(issued, true)
}

// TestNoAnswerTellsNothing checks that a question without an answer leaves everything as it was,
// and may be asked again at once.
func TestNoAnswerTellsNothing(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault paxostest.Fault
		again bool // the next reader's word is a call
	}{
		"no network":   {paxostest.Fault{Drop: true}, true},
		"503":          {paxostest.Fault{Status: 503}, true},
		"404":          {paxostest.Fault{Status: 404}, true},
		"a redirect":   {paxostest.Fault{Redirect: "http://127.0.0.1:1/"}, true},
		"429, a ban":   {paxostest.Fault{Status: 429}, false},
		"half a reply": {paxostest.Fault{Status: 401, Truncate: true}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			issued := h.issue()
			h.lose(issued)
			h.paxos.FailAll(paxostest.Operations, test.fault)
			for range 2 {
				again := h.issue(rejected(issued))
				if again.Fingerprint != issued.Fingerprint {
					t.Fatal("the token was replaced")
				}
				h.wantDoubt(again, broker.Unanswered)
			}
			want := 1
			if test.again {
				want = 2
			}
			if !test.fault.Drop { // net/http tries again by itself where a connection breaks
				h.wantPrice(1, want)
			}
			h.paxos.Heal()
			h.clock.advance(5 * time.Minute) // of the ban
			if fresh := h.issue(rejected(issued)); fresh.Fingerprint == issued.Fingerprint || fresh.Doubt != nil {
				t.Errorf("not replaced once Paxos answers: %+v", fresh.Doubt)
			}
		})
	}
}

// TestPacedQuestion checks that a question that would have to wait for its turn is not asked, and
// not used up.
func TestPacedQuestion(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	issued := h.issue()
	h.lose(issued)
	throttle := h.limits.Throttle(h.client.Route())
	for range 5 { // the pace's first second
		if wait, err := throttle.EnterCall(h.clock.Now(), limits.DefaultCallRate); wait != 0 || err != nil {
			t.Fatalf("wait %s, %v", wait, err)
		}
	}
	h.wantDoubt(h.issue(rejected(issued)), broker.Unanswered)
	h.wantPrice(1, 0)
	h.clock.advance(time.Second)
	if fresh := h.issue(rejected(issued)); fresh.Fingerprint == issued.Fingerprint {
		t.Error("not replaced when it was its turn")
	}
}

// TestEverythingIsRejected checks that a Paxos, or an edge before it, that answers 401 to every
// token costs one token request in a quarter of an hour for each key, whatever the readers say, and
// that nothing is ended.
func TestEverythingIsRejected(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.paxos.FailAll(paxostest.Operations, paxostest.Fault{Status: 401})
	issued := h.issue()
	for elapsed := time.Duration(0); elapsed < 40*time.Minute; elapsed += 10 * time.Second {
		issued = h.issue(rejected(issued))
		if want := 2 + int(elapsed/(15*time.Minute)); h.mints() != want {
			t.Fatalf("%d token requests after %s, want %d", h.mints(), elapsed, want)
		}
		h.clock.advance(10 * time.Second)
	}
	h.wantDoubt(h.issue(rejected(issued)), broker.Muted)
	h.sweep()
	h.wantCounts(4, 0, 4)
	h.wantPrice(4, 6) // in each quarter of an hour the served one and the one in its place
	h.log.await(t, "Paxos rejects a token that was just requested")
}

// TestWordOfAnotherToken checks that a fingerprint that is not the one served to the reader's key
// makes no difference.
func TestWordOfAnotherToken(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	issued, other, unleasedOne := h.issue(), h.issue(role("other")), h.issue(unleased)
	narrow := h.issue(scopes(writes))
	for _, dead := range []broker.Issued{issued, other, unleasedOne, narrow} {
		h.lose(dead)
	}
	mints := h.mints()
	unknown := broker.Issued{Fingerprint: broker.Fingerprint("nobody's")}
	for name, word := range map[string]broker.Issued{"another role's": other, "the unleased one": unleasedOne,
		"one of other scopes": narrow, "nobody's": unknown} {
		if got := h.issue(rejected(word)); got.Fingerprint != issued.Fingerprint || got.Doubt != nil {
			t.Errorf("%s: got %s with doubt %+v", name, got.Fingerprint, got.Doubt)
		}
	}
	if h.mints() != mints || h.questions() != 0 {
		t.Errorf("%d token requests and %d API calls, want none", h.mints()-mints, h.questions())
	}
}

// TestRejectedAndUnreplaced checks that a rejected token is answered with a warning, to everybody,
// while no other can be requested, that this is tried ever more rarely, and that readers who say
// nothing get another one when it can.
func TestRejectedAndUnreplaced(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	old := h.issue()
	h.lose(old)
	h.paxos.FailAll(paxostest.TokenEndpoint, paxostest.Fault{Status: 503})
	for range 5 {
		again := h.issue(rejected(old))
		if again.Fingerprint != old.Fingerprint {
			t.Fatal("there is no other")
		}
		h.wantDoubt(again, broker.Unreplaced)
	}
	h.wantDoubt(h.issue(), broker.Unreplaced)
	h.wantPrice(2, 1)
	h.clock.advance(5 * time.Second)
	h.issue(rejected(old))
	h.wantPrice(3, 1)
	h.clock.advance(10*time.Second - 1)
	h.issue(rejected(old))
	h.wantPrice(3, 1)
	h.paxos.Heal()
	h.clock.advance(1)
	if plain := h.issue(); !plain.NextRead.Before(h.clock.Now().Add(time.Minute)) {
		t.Errorf("the reader is to come back at %s although another token is on its way", plain.NextRead)
	}
	h.eventually(func() bool { return h.issue().Fingerprint != old.Fingerprint }, "another token")
	fresh := h.issue()
	if fresh.Doubt != nil {
		t.Errorf("its reader is warned: %+v", fresh.Doubt)
	}
	h.wantAlive(fresh, true)
}

// TestRejectedTokensAreChargedAsNarrowed checks that readers cannot use up by their word what is
// kept for first tokens and refreshes.
func TestRejectedTokensAreChargedAsNarrowed(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.limit = 8
	h.restart()
	issued := h.issue()
	for range 4 { // half of the budget
		h.lose(issued)
		h.clock.advance(time.Minute) // it was tested when it was new
		if issued = h.issue(rejected(issued)); issued.Doubt != nil {
			t.Fatalf("not replaced: %+v", issued.Doubt)
		}
	}
	h.lose(issued)
	h.clock.advance(time.Minute) // the first of them is in the window still
	refused := h.issue(rejected(issued))
	h.wantDoubt(refused, broker.Unreplaced)
	var throttled *limits.Throttled
	if !errors.As(refused.Doubt.Cause, &throttled) || refused.Fingerprint != issued.Fingerprint {
		t.Errorf("the cause is %v", refused.Doubt.Cause)
	}
	if other := h.issue(role("other")); other.Fingerprint == "" || h.mints() != 6 {
		t.Errorf("%d token requests", h.mints())
	}
}

// TestWordWithoutPermission checks that Paxos is not asked where nothing may be requested: the token
// is answered as it is.
func TestWordWithoutPermission(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	issued := h.issue()
	h.lose(issued)
	h.authorize = func(int64) error { return errStorage }
	h.wantDoubt(h.issue(rejected(issued)), broker.Unanswered)
	h.wantPrice(1, 0)
}

// TestWordOnAnOwnToken checks that a reader of own tokens just gets the next.
func TestWordOnAnOwnToken(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	issued := h.issue(own)
	if next := h.issue(own, rejected(issued)); next.Fingerprint == issued.Fingerprint || next.Doubt != nil {
		t.Errorf("got %s, doubt %+v", next.Fingerprint, next.Doubt)
	}
	h.wantPrice(2, 0)
}

// TestUntestedReplacement checks that a token whose test got no answer is served, that the one
// before it is left alone, and that a rejection of it later does not cost another token request.
func TestUntestedReplacement(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	old := h.issue()
	h.paxos.FailNext(paxostest.Operations, paxostest.Fault{Status: 401}, paxostest.Fault{Status: 503},
		paxostest.Fault{Status: 401})
	fresh := h.issue(rejected(old))
	if fresh.Fingerprint == old.Fingerprint || fresh.Doubt != nil {
		t.Fatalf("got %s, doubt %+v", fresh.Fingerprint, fresh.Doubt)
	}
	again := h.issue(rejected(fresh))
	h.wantDoubt(again, broker.Muted)
	if again.Fingerprint != fresh.Fingerprint {
		t.Error("it was replaced")
	}
	h.wantPrice(2, 3)
	h.sweep()
	h.wantCounts(2, 0, 2)
}
