package backend_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// number is a JSON number of an answer.
func number(t *testing.T, resp *logical.Response, name string) float64 {
	t.Helper()
	value, ok := resp.Data[name].(float64)
	if !ok {
		t.Fatalf("%s is %T, want a JSON number", name, resp.Data[name])
	}
	return value
}

func TestAReaderNeverWaitsForARefresh(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"token/mint", "creds/mint"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			m := newConfiguredMount(t)
			old := m.Must(logical.ReadOperation, path, nil)
			m.Clock.Advance(3569 * time.Second * 8 / 10)
			hold := make(chan struct{})
			m.Paxos.FailNext(paxostest.TokenEndpoint, paxostest.Fault{Hold: hold})
			calls := m.Paxos.Calls(paxostest.TokenEndpoint)
			for range 10 { // each answers at once although Paxos does not
				resp := m.Must(logical.ReadOperation, path, nil)
				if backendtest.Token(resp) != backendtest.Token(old) {
					t.Fatal("another token while the refresh is under way")
				}
				if path == "token/mint" {
					if ttl := number(t, resp, "ttl"); ttl < 1 || ttl > 10 {
						t.Errorf("ttl while the refresh is under way is %v; want a few seconds", ttl)
					}
				}
			}
			close(hold)
			var fresh *logical.Response
			backendtest.WaitUntil(t, func() bool {
				fresh = m.Must(logical.ReadOperation, path, nil)
				return backendtest.Token(fresh) != backendtest.Token(old)
			})
			if got := m.Paxos.Calls(paxostest.TokenEndpoint) - calls; got != 1 {
				t.Errorf("the refresh took %d mints, want 1", got)
			}
			if !m.Paxos.Alive(backendtest.Token(fresh)) || !m.Paxos.Alive(backendtest.Token(old)) {
				t.Error("the refresh ended a token that somebody holds, or gave a dead one")
			}
		})
	}
}

func TestWithPaxosDownTheCachedTokenIsServed(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	old := m.Must(logical.ReadOperation, "creds/mint", nil)
	m.Paxos.FailAll(paxostest.TokenEndpoint, paxostest.Fault{Status: 503})
	m.Clock.Advance(58 * time.Minute) // less than min_ttl is left
	resp := m.Must(logical.ReadOperation, "creds/mint", nil)
	if backendtest.Token(resp) != backendtest.Token(old) || len(resp.Warnings) == 0 ||
		!strings.Contains(resp.Warnings[0], "503") {
		t.Errorf("got another token or no warning: %v", resp.Warnings)
	}
	if left := 3569*time.Second - 58*time.Minute; resp.Secret.TTL != left {
		t.Errorf("the lease lasts %s, the token %s", resp.Secret.TTL, left)
	}
	m.Clock.Advance(2 * time.Minute)
	if status, text := m.Refused(logical.ReadOperation, "creds/mint", nil); status != 502 ||
		!strings.Contains(text, "503") {
		t.Errorf("after the token's end: %d %s", status, text)
	}
}

func TestNarrowing(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	for _, path := range []string{"creds/mint", "token/mint"} {
		narrow := m.Must(logical.UpdateOperation, path, map[string]any{"scopes": "transfer:read_transfer"})
		if narrow.Data["scope"] != "transfer:read_transfer" {
			t.Errorf("%s: scope is %v", path, narrow.Data["scope"])
		}
		if all := m.Must(logical.ReadOperation, path, nil); backendtest.Token(all) == backendtest.Token(narrow) {
			t.Errorf("%s: the narrowed token is also the role's", path)
		}
		if again := m.Must(logical.UpdateOperation, path,
			map[string]any{"scopes": []any{"transfer:read_transfer"}}); backendtest.Token(
			again) != backendtest.Token(narrow) {
			t.Errorf("%s: two readers of the same narrowed set got two tokens", path)
		}
		m.Must(logical.UpdateOperation, path, nil) // a write that narrows nothing is a read
	}
	if lease := m.Must(logical.UpdateOperation, "creds/mint",
		map[string]any{"ttl": "10m"}); lease.Secret.TTL != 10*time.Minute {
		t.Errorf("ttl=10m gave a lease of %s", lease.Secret.TTL)
	}
}

func TestUnclearNarrowingIsRefused(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.Must(logical.UpdateOperation, "roles/mint", map[string]any{"ttl": "20m"})
	upstream := m.Paxos.TotalCalls()
	for says, data := range map[string]map[string]any{
		"scopes is empty":                     {"scopes": ""},
		"scopes must be an array":             {"scopes": nil},
		"more than once":                      {"scopes": "funding:read_profile,funding:read_profile"},
		"empty or contains white space":       {"scopes": "funding:read_profile transfer:read_transfer"},
		"which the role does not have":        {"scopes": "transfer:write_crypto_withdrawal"},
		"is not a scope":                      {"scopes": []any{"*"}},
		"ttl can only shorten":                {"ttl": "30m"},
		"ttl must be at least 1s":             {"ttl": 0},
		"Unknown parameter \"unique_tokens\"": {"unique_tokens": true},
	} {
		if status, text := m.Refused(logical.UpdateOperation, "creds/mint", data); status != 400 ||
			!strings.Contains(text, says) {
			t.Errorf("%v: %d %s; want 400 and %q", data, status, text, says)
		}
	}
	for _, data := range []map[string]any{{"scopes": []any{}}, {"scopes": []any{""}},
		{"scopes": []any{" funding:read_profile"}}, {"scopes": ","}} {
		if status, text := m.Refused(logical.UpdateOperation, "creds/mint", data); status != 400 ||
			!strings.Contains(text, "scopes") {
			t.Errorf("%v: %d %s", data, status, text)
		}
	}
	for _, path := range []string{"creds/mint", "token/mint"} {
		if status, text := m.Refused(logical.ReadOperation, path,
			map[string]any{"scopes": "funding:read_profile"}); status != 400 || !strings.Contains(text,
			"takes no parameters") {
			t.Errorf("a read of %s with parameters: %d %s", path, status, text)
		}
	}
	if m.Paxos.TotalCalls() != upstream {
		t.Error("Paxos was called")
	}
}

func TestARefusalNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.Must(logical.UpdateOperation, "roles/beyond",
		map[string]any{"scopes": "funding:read_profile,rewards:write_everything"})
	if status, text := m.Refused(logical.ReadOperation, "creds/beyond", nil); status != 400 ||
		!strings.Contains(text, `role "beyond"`) || !strings.Contains(text, "rewards:write_everything") ||
		strings.Contains(text, "funding:read_profile") {
		t.Errorf("a scope that the root lacks: %d %s", status, text)
	}
	calls := m.Paxos.Calls(paxostest.TokenEndpoint)
	m.Refused(logical.ReadOperation, "creds/beyond", nil)
	if m.Paxos.Calls(paxostest.TokenEndpoint) != calls {
		t.Error("the same refusal was fetched twice within 30 s")
	}
	if _, err := m.Paxos.RotateCredential(m.Client.ClientID); err != nil {
		t.Fatal(err)
	}
	if status, text := m.Refused(logical.ReadOperation, "creds/mint", nil); status != 400 ||
		!strings.Contains(text, "rotated") || strings.Contains(text, m.Secret) {
		t.Errorf("a rotated secret: %d %s", status, text)
	}
	if status, text := m.Refused(logical.ReadOperation, "creds/none", nil); status != 400 ||
		!strings.Contains(text, "Role \"none\" does not exist. List roles with `vault list paxos/roles`.") {
		t.Errorf("an unknown role: %d %s", status, text)
	}
}

func TestA429StopsAllTokenCalls(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.Paxos.FailNext(paxostest.TokenEndpoint, paxostest.Fault{Status: 429})
	if status, _ := m.Refused(logical.ReadOperation, "creds/mint", nil); status != 429 {
		t.Errorf("status %d, want 429", status)
	}
	calls := m.Paxos.Calls(paxostest.TokenEndpoint)
	m.Clock.Advance(4 * time.Minute)
	if status, text := m.Refused(logical.ReadOperation, "token/mint", nil); status != 429 ||
		!strings.Contains(text, "requested again in 1m1s.") {
		t.Errorf("%d %s", status, text)
	}
	if m.Paxos.Calls(paxostest.TokenEndpoint) != calls {
		t.Error("Paxos was called during the ban")
	}
	if got := m.Must(logical.ReadOperation, "status", nil).Data["banned_until"]; got == "" {
		t.Error("status does not show the ban")
	}
	m.Clock.Advance(2 * time.Minute)
	m.Must(logical.ReadOperation, "creds/mint", nil)
}

func TestLeaseTTLs(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		role  map[string]any
		mount time.Duration
		want  time.Duration
	}{
		"the role's ttl":                    {map[string]any{"ttl": "20m"}, time.Hour, 20 * time.Minute},
		"the mount's default":               {nil, 10 * time.Minute, 10 * time.Minute},
		"the token's life":                  {map[string]any{"ttl": "9h"}, time.Hour, 3569 * time.Second},
		"the role's max_ttl":                {map[string]any{"max_ttl": "7m"}, time.Hour, 7 * time.Minute},
		"the token's life if Vault is mute": {nil, 0, 3569 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newConfiguredMount(t)
			m.System.DefaultLeaseTTLVal = test.mount
			if test.role != nil {
				m.Must(logical.UpdateOperation, "roles/mint", test.role)
			}
			if resp := m.Must(logical.ReadOperation, "creds/mint", nil); resp.Secret.TTL != test.want ||
				fmt.Sprint(resp.Warnings) != "[]" {
				t.Errorf("ttl %s, warnings %v; want %s", resp.Secret.TTL, resp.Warnings, test.want)
			}
		})
	}
}
