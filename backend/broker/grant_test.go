package broker_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// member is a Rewrite that sets one member of the grant.
func member(name string, value any) func(map[string]any) {
	return func(grant map[string]any) { grant[name] = value }
}

// without is a Rewrite that removes one.
func without(name string) func(map[string]any) {
	return func(grant map[string]any) { delete(grant, name) }
}

// TestRefusedGrants checks that a grant which is not what was asked for is refused, revoked and
// remembered.
func TestRefusedGrants(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		rewrite func(map[string]any)
		reason  string
	}{
		"fewer scopes":            {member("scope", reads), "it lacks " + writes},
		"no scopes":               {member("scope", ""), "it lacks"},
		"other scopes":            {member("scope", "a b"), "it lacks"},
		"scopes that are no text": {member("scope", []string{reads, writes}), "it lacks"},
		"more scopes": {member("scope", reads+" "+writes+" api_creds:delete_credentials"),
			"more scopes"},
		"another type":               {member("token_type", "mac"), "bearer"},
		"no type":                    {without("token_type"), "bearer"},
		"no lifetime":                {without("expires_in"), "no lifetime"},
		"a lifetime that is none":    {member("expires_in", "soon"), "no lifetime"},
		"a lifetime of zero":         {member("expires_in", 0), "no lifetime"},
		"a negative lifetime":        {member("expires_in", -3599), "lifetime of"},
		"a lifetime of 30 s":         {member("expires_in", 30), "lifetime of"},
		"a lifetime of 32 s":         {member("expires_in", 32), "lifetime of 32s is too short"},
		"a lifetime of 44 s":         {member("expires_in", 44), "lifetime of 44s is too short"},
		"a lifetime with a fraction": {member("expires_in", 3599.5), "no lifetime"},
	} {
		for kind, edit := range map[string]func(*broker.Request){"shared": func(*broker.Request) {}, "own": own} {
			t.Run(name+", "+kind, func(t *testing.T) {
				t.Parallel()
				h := newHarness(t)
				h.paxos.FailAll(paxostest.TokenEndpoint, paxostest.Fault{Rewrite: test.rewrite})
				for range 2 { // the second time from memory
					issued, err := h.Issue(t.Context(), h.request(scopes(reads, writes), edit))
					var mismatch *broker.Mismatch
					if !errors.As(err, &mismatch) || !strings.Contains(mismatch.Reason, test.reason) ||
						issued.AccessToken.Reveal() != "" {
						t.Errorf("got %v, want %q", err, test.reason)
					}
					if strings.Contains(err.Error(), "delete_credentials") {
						t.Errorf("it repeats what Paxos wrote: %v", err)
					}
				}
				h.wantCounts(1, 1, 0)
				if h.storage.size() != 0 {
					t.Error("it is on record")
				}
			})
		}
	}
}

// TestUnusableTokenTexts checks texts that no header can hold. They have to be refused; Paxos knows
// none of them.
func TestUnusableTokenTexts(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"a line break": "a\r\nb", "a blank": "a b", "a control character": "a\x00", "not ASCII": "ä",
		"8 KiB and a byte": strings.Repeat("a", 8<<10+1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			h.paxos.FailNext(paxostest.TokenEndpoint, paxostest.Fault{Rewrite: member("access_token", text)})
			_, err := h.Issue(t.Context(), h.request())
			var mismatch *broker.Mismatch
			if !errors.As(err, &mismatch) || strings.Contains(err.Error(), text) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestAcceptedGrants checks what is odd and yet as asked for.
func TestAcceptedGrants(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		rewrite func(map[string]any)
		life    time.Duration
	}{
		"no scope, which means as asked": {without("scope"), 3569 * time.Second},
		"scopes in another order":        {member("scope", writes+"  "+reads), 3569 * time.Second},
		"Bearer":                         {member("token_type", "Bearer"), 3569 * time.Second},
		"a lifetime as text":             {member("expires_in", "3599"), 3569 * time.Second},
		"a lifetime of 45 s":             {member("expires_in", 45), 33750 * time.Millisecond},
		"a lifetime of 2 min":            {member("expires_in", 120), 90 * time.Second},
		"a lifetime of a day":            {member("expires_in", 24*60*60), 24*time.Hour - 30*time.Second},
		"a lifetime of over a day":       {member("expires_in", 24*60*60+1), 24*time.Hour - 30*time.Second},
		"a lifetime without end":         {member("expires_in", 1e18), 24*time.Hour - 30*time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			h.paxos.FailNext(paxostest.TokenEndpoint, paxostest.Fault{Rewrite: test.rewrite})
			issued := h.issue(scopes(reads, writes))
			if got := issued.ExpiresAt.Sub(issued.MintedAt); got != test.life {
				t.Errorf("it is valid for %s, want %s", got, test.life)
			}
			if broker.ScopeSet(issued.Scopes) != reads+" "+writes {
				t.Errorf("its scopes are %q", issued.Scopes)
			}
			h.wantAlive(issued, true)
		})
	}
}

// TestTokenGrantedTwice checks that a token which somebody may hold is refused and left alone, also
// when it is a bad grant besides, and that asking again soon costs no call.
func TestTokenGrantedTwice(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]func(*broker.Request){"shared": role("other"), "own": own} {
		for extra, rewrite := range map[string]func(map[string]any){
			"as it was": func(map[string]any) {}, "with other scopes": member("scope", "x"),
		} {
			t.Run(name+", "+extra, func(t *testing.T) {
				t.Parallel()
				h := newHarness(t)
				first := h.issue()
				h.paxos.FailAll(paxostest.TokenEndpoint, paxostest.Fault{Rewrite: func(grant map[string]any) {
					grant["access_token"] = first.AccessToken.Reveal()
					rewrite(grant)
				}})
				for range 2 {
					_, err := h.Issue(t.Context(), h.request(edit))
					var mismatch *broker.Mismatch
					if !errors.As(err, &mismatch) || !strings.Contains(mismatch.Reason, "granted the same token before") {
						t.Errorf("got %v", err)
					}
				}
				h.wantAlive(first, true)
				if h.revocations() != 0 || h.mints() != 2 {
					t.Errorf("%d revocations, %d mints; want 0, 2", h.revocations(), h.mints())
				}
				if again := h.issue(); again.Fingerprint != first.Fingerprint {
					t.Error("its holders do not get it any more")
				}
			})
		}
	}
}
