package backend_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// rejecting is the data of a reader who says that Paxos answered 401 to the token of an answer.
func rejecting(resp *logical.Response) map[string]any {
	return map[string]any{"rejected_token_id": resp.Data["token_id"]}
}

// TestAReaderWhoSaysThatItsTokenIsRejectedGetsAnother for two API calls and one token request,
// which storage shows in the end, and only if Paxos rejects the token.
func TestAReaderWhoSaysThatItsTokenIsRejectedGetsAnother(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"creds/mint", "token/mint"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			m := newConfiguredMount(t)
			old := m.Must(logical.ReadOperation, path, nil)
			mints, questions := m.Paxos.Calls(paxostest.TokenEndpoint), m.Paxos.Calls(paxostest.Operations)
			same := m.Must(logical.UpdateOperation, path, rejecting(old))
			if backendtest.Token(same) != backendtest.Token(old) ||
				!strings.Contains(warned(same), "Paxos accepted the token with token_id") {
				t.Errorf("a token that works was replaced, or the warning is %q", warned(same))
			}
			m.Clock.Advance(time.Minute)
			if !m.Paxos.EndToken(backendtest.Token(old)) {
				t.Fatal("Paxos does not know the token")
			}
			fresh := m.Must(logical.UpdateOperation, path, rejecting(old))
			if !m.Paxos.Alive(backendtest.Token(fresh)) || warned(fresh) != "" {
				t.Errorf("the token is alive: %v; the warnings are %q", m.Paxos.Alive(backendtest.Token(fresh)),
					warned(fresh))
			}
			if again := m.Must(logical.UpdateOperation, path,
				rejecting(old)); backendtest.Token(again) != backendtest.Token(fresh) ||
				warned(again) != "" {
				t.Errorf("the word of a superseded token makes a difference: %q", warned(again))
			}
			if got := m.Paxos.Calls(paxostest.TokenEndpoint) - mints; got != 1 {
				t.Errorf("%d token requests, want 1", got)
			}
			if got := m.Paxos.Calls(paxostest.Operations) - questions; got != 3 {
				t.Errorf("%d API calls, want 1 before the token ended and 2 after", got)
			}
			// the proof of the secret, and the old one
			backendtest.WaitUntil(t, func() bool { return m.Paxos.Calls(paxostest.Revoke) == 2 })
			m.Tick()
			if text := m.Stored(); strings.Contains(text, backendtest.Token(old)) {
				t.Error("the rejected token is on record still")
			}
		})
	}
}

// TestAWordThatCannotBeHeardIsRefused without a call, and without repeating what may be the token
// itself.
func TestAWordThatCannotBeHeardIsRefused(t *testing.T) {
	t.Parallel()
	m := newPool(t, 1, nil)
	m.Must(logical.UpdateOperation, "roles/mint", map[string]any{"scopes": "funding:read_profile"})
	m.Must(logical.UpdateOperation, "roles/own",
		map[string]any{"scopes": "funding:read_profile", "unique_tokens": true})
	issued := m.Must(logical.ReadOperation, "creds/mint", nil)
	calls, stored := m.Paxos.TotalCalls(), m.Stored()
	good := broker.Fingerprint("some token")
	for _, test := range []struct {
		path, says string
		word       any
	}{
		{"creds/mint", "must be the token_id", backendtest.Token(issued)},
		{"creds/mint", "must be the token_id", ""},
		{"token/mint", "must be the token_id", strings.ToUpper(good)},
		{"token/mint", "must be the token_id", good[:31]},
		{"token/mint", "must be the token_id", good + "0"},
		{"token/mint", "must be the token_id", good + "\n"},
		{"creds/mint", "rejected_token_id must be a string", 7},
		{"creds/mint", "rejected_token_id must be a string", []any{good}},
		{"creds/own", "issues a separate token to each reader", good},
		{"creds/vendor", "leases clients", good},
	} {
		status, text := m.Refused(logical.UpdateOperation, test.path, map[string]any{"rejected_token_id": test.word})
		if status != 400 || !strings.Contains(text, test.says) {
			t.Errorf("%s %v: %d %s; want 400 and %q", test.path, test.word, status, text, test.says)
		}
		if word := fmt.Sprint(test.word); len(word) > 1 && strings.Contains(text, word) {
			t.Errorf("%s: the answer repeats the value: %s", test.path, text)
		}
	}
	if status, text := m.Refused(logical.ReadOperation, "creds/mint", rejecting(issued)); status != 400 ||
		!strings.Contains(text, "takes no parameters") {
		t.Errorf("a read that carries it: %d %s", status, text)
	}
	if m.Paxos.TotalCalls() != calls || m.Stored() != stored {
		t.Error("something was called or stored")
	}
}

// TestTheWarningsOfARejectedToken say what happened, why, and what to do.
func TestTheWarningsOfARejectedToken(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		endpoint paxostest.Endpoint
		fault    paxostest.Fault
		says     []string
	}{
		"Paxos is away": {paxostest.Operations, paxostest.Fault{Status: 503},
			[]string{"Could not check", "HTTP 503", "same token"}},
		"no token can be had": {paxostest.TokenEndpoint, paxostest.Fault{Status: 503},
			[]string{"Paxos rejected", "could not be requested", "HTTP 503", "Retry"}},
		"everything is rejected": {paxostest.Operations, paxostest.Fault{Status: 401},
			[]string{"the token is not the cause", "not checked again before", "IP allow-list"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newConfiguredMount(t)
			issued := m.Must(logical.ReadOperation, "token/mint", nil)
			m.Paxos.EndToken(backendtest.Token(issued))
			m.Paxos.FailAll(test.endpoint, test.fault)
			answer := m.Must(logical.UpdateOperation, "token/mint", rejecting(issued))
			if backendtest.Token(answer) != backendtest.Token(issued) {
				// the one in its place is rejected too
				answer = m.Must(logical.UpdateOperation, "token/mint", rejecting(answer))
			}
			for _, says := range append(test.says, answer.Data["token_id"].(string)) {
				if !strings.Contains(warned(answer), says) {
					t.Errorf("the warnings are %q, want %q in them", warned(answer), says)
				}
			}
			if strings.Contains(warned(answer), backendtest.Token(answer)) {
				t.Error("the warning tells the token")
			}
		})
	}
}

// TestALockdownHearsNoWord: nothing is asked and nothing issued.
func TestALockdownHearsNoWord(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	issued := m.Must(logical.ReadOperation, "creds/mint", nil)
	m.Must(logical.UpdateOperation, "lockdown", nil)
	calls := m.Paxos.TotalCalls()
	if status, _ := m.Refused(logical.UpdateOperation, "creds/mint", rejecting(issued)); status != 403 {
		t.Errorf("status %d, want 403", status)
	}
	if m.Paxos.TotalCalls() != calls {
		t.Error("Paxos was called")
	}
}
