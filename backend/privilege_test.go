package backend_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// run does what the vault commands of a fix do.
func (m *mount) run(fix string) {
	m.T.Helper()
	for line := range strings.Lines(fix) {
		words := strings.Fields(line)
		if words[0] == "#" {
			continue
		}
		operation, ok := map[string]logical.Operation{
			"patch": logical.PatchOperation, "write": logical.UpdateOperation, "delete": logical.DeleteOperation,
			"read": logical.ReadOperation,
		}[words[1]]
		path, local := strings.CutPrefix(words[2], "paxos/")
		if words[0] != "vault" || !ok || !local {
			m.T.Fatalf("not a command: %q", line)
		}
		data := map[string]any{}
		for _, word := range words[3:] {
			name, value, _ := strings.Cut(word, "=")
			data[name] = value
		}
		m.Must(operation, path, data)
	}
}

// newTidyMount is a mount of which the report has nothing to say but that the
// stand-in's URL is http.
func newTidyMount(t *testing.T) *mount {
	t.Helper()
	m := newListingMount(t)
	m.EditClient(m.Client.ClientID, func(c *paxostest.Credential) {
		c.Scopes = []string{"funding:read_profile", "transfer:read_transfer", backendtest.ListScope}
	})
	m.Must(logical.UpdateOperation, "config/guardrails", map[string]any{"allow_uncatalogued_scopes": false})
	m.compare()
	return m
}

const tidy = "medium dangerous-option config/connection"

func TestLeastPrivilegeOfATidyMount(t *testing.T) {
	t.Parallel()
	m := newTidyMount(t)
	before := m.Paxos.TotalCalls()
	got := m.report("least-privilege")
	if m.Paxos.TotalCalls() != before {
		t.Error("Paxos was called")
	}
	if found := fmt.Sprint(rules(got)); found != "["+tidy+"]" {
		t.Errorf("found are %s", found)
	}
	if got["roles"] != float64(1) || fmt.Sprint(got["counts"]) != "map[high:0 info:0 low:0 medium:1]" {
		t.Errorf("%v roles, %v", got["roles"], got["counts"])
	}
	if scopes := fmt.Sprint(got["scopes"]); scopes != "[map[catalogued:true risk:read roles:[mint] "+
		"scope:funding:read_profile] map[catalogued:true risk:read roles:[mint] scope:transfer:read_transfer]]" {
		t.Errorf("scopes are %s", scopes)
	}
	want := "[map[client_id:" + m.Client.ClientID +
		" last_issued_at: name:root risk:admin scopes:[api_creds:read_credentials funding:read_profile " +
		"transfer:read_transfer] scopes_known:true secret_set_at:2026-11-01T12:00:00Z secret_verified:true]]"
	if clients := fmt.Sprint(got["clients"]); clients != want {
		t.Errorf("clients are %s", clients)
	}
	only := m.Must(logical.ReadOperation, "report/least-privilege", map[string]any{"severity": "high"}).Data
	if len(rules(only)) != 0 || fmt.Sprint(only["counts"]) != fmt.Sprint(got["counts"]) {
		t.Errorf("of severity high there are %v, counts %v", rules(only), only["counts"])
	}
	m.Clock.Advance(time.Minute)
	mints := m.Paxos.Calls(paxostest.TokenEndpoint)
	fresh := m.Must(logical.ReadOperation, "report/least-privilege", map[string]any{"refresh": true}).Data
	if m.Paxos.Calls(paxostest.TokenEndpoint) != mints+1 || fresh["listed_at"] != "2026-11-01T12:02:00Z" {
		t.Errorf("with refresh Paxos was asked %d times, listed_at is %v",
			m.Paxos.Calls(paxostest.TokenEndpoint)-mints, fresh["listed_at"])
	}
}

func TestLeastPrivilegeOfANewMount(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	if got := rules(m.report("least-privilege")); fmt.Sprint(got) != "[info dangerous-option config/guardrails]" {
		t.Errorf("found are %s", got)
	}
	if got := rules(m.report("drift")); len(got) != 0 {
		t.Errorf("drifted are %s", got)
	}
}

func TestLeastPrivilegeFindsWhatIsTooMuchAndItsFixMendsIt(t *testing.T) {
	t.Parallel()
	role := func(name string, data map[string]any) func(*mount) {
		return func(m *mount) { m.Must(logical.UpdateOperation, "roles/"+name, data) }
	}
	holds := func(scopes ...string) func(*mount) {
		return func(m *mount) {
			m.EditClient(m.Client.ClientID, func(c *paxostest.Credential) {
				c.Scopes = append([]string{"funding:read_profile", "transfer:read_transfer", backendtest.ListScope},
					scopes...)
			})
			m.compare()
		}
	}
	all := func(steps ...func(*mount)) func(*mount) {
		return func(m *mount) {
			for _, step := range steps {
				step(m)
			}
		}
	}
	money := "transfer:write_crypto_withdrawal"
	mover := role("pay", map[string]any{"scopes": "transfer:read_transfer," + money})
	for name, test := range map[string]struct {
		cause      func(*mount)
		want       string
		evidence   string
		fix        string       // harmless
		suggestion string       // what takes a function away
		byHand     func(*mount) // where that is not a command, or not for the test
	}{
		"a scope that no role uses": {
			cause: holds(money, "events:read_event"), want: "high scopes-unused client root",
			evidence: "[transfer:write_crypto_withdrawal (moves-money) events:read_event (read)]",
			suggestion: "# in the Paxos Dashboard, Admin > API Management: remove the scopes in evidence " +
				"from CLIENT", byHand: holds(),
		},
		"a scope that only a disabled role uses": {
			cause: all(holds("events:read_event"),
				role("old", map[string]any{"scopes": "events:read_event", "disabled": true})),
			want: "low scopes-of-disabled-roles client root", evidence: "[events:read_event (read)]",
			suggestion: "# in the Paxos Dashboard, Admin > API Management: remove the scopes in evidence from " +
				"CLIENT, or delete the roles", byHand: holds(),
		},
		"a role that asks for more than the client holds": {
			cause:    role("more", map[string]any{"scopes": "funding:read_profile,events:read_event"}),
			want:     "medium scopes-lacking roles/more",
			evidence: "[events:read_event (read)]", suggestion: "vault patch paxos/roles/more " +
				"scopes=funding:read_profile",
		},
		"a role of which the client holds nothing": {
			cause: role("more",
				map[string]any{"scopes": "events:read_event"}), want: "medium scopes-lacking roles/more",
			evidence: "[events:read_event (read)]", suggestion: "vault patch paxos/roles/more disabled=true",
		},
		"a role that moves money": {
			cause: all(mover, holds(money)), want: "medium moves-money roles/pay",
			evidence: "[transfer:write_crypto_withdrawal]", suggestion: "vault patch paxos/roles/pay " +
				"scopes=transfer:read_transfer",
		},
		"two that do": {
			cause: all(mover, role("pay-too", map[string]any{"scopes": money}),
				holds(money)), want: "medium money-shared client root",
			evidence: "[pay pay-too]", fix: "# give each of these roles its own mount and a client that holds " +
				"only its scopes",
			byHand: func(m *mount) { m.Must(logical.DeleteOperation, "roles/pay", nil) },
		},
		"a role that governs credentials": {
			cause: all(func(m *mount) {
				m.Must(logical.UpdateOperation, "config/guardrails", map[string]any{"allow_admin_scopes": true})
			}, role("boss", map[string]any{"scopes": backendtest.ListScope})),
			want: "high administers roles/boss", evidence: "[api_creds:read_credentials]",
			suggestion: "vault patch paxos/roles/boss disabled=true",
		},
		"admin scopes that are allowed": {
			cause: func(m *mount) {
				m.Must(logical.UpdateOperation, "config/guardrails", map[string]any{"allow_admin_scopes": true})
			},
			want: "high dangerous-option config/guardrails", evidence: "[allow_admin_scopes]",
			suggestion: "vault patch paxos/config/guardrails allow_admin_scopes=false",
		},
		"scopes that nobody knows": {
			cause: all(func(m *mount) { m.Must(logical.DeleteOperation, "config/guardrails", nil) },
				role("odd",
					map[string]any{"scopes": "funding:read_profile,event:read_event"}), holds("event:read_event")),
			want: "low scopes-uncatalogued roles/odd", evidence: "[event:read_event (did you mean events:read_event?)]",
			suggestion: "vault patch paxos/roles/odd scopes=funding:read_profile",
		},
		"scopes that nobody knows, which are allowed": {
			cause: all(func(m *mount) { m.Must(logical.DeleteOperation, "config/guardrails", nil) },
				role("odd", map[string]any{"scopes": "event:read_event"}), holds("event:read_event")),
			want: "low dangerous-option config/guardrails", evidence: "[allow_uncatalogued_scopes]",
			suggestion: "vault patch paxos/config/guardrails allow_uncatalogued_scopes=false",
		},
		"a role beyond the guardrails": {
			cause: func(m *mount) {
				m.Must(logical.UpdateOperation, "config/guardrails", map[string]any{"allowed_scopes": "funding:*"})
			},
			want: "medium beyond-guardrails roles/mint", evidence: "[transfer:read_transfer (read)]",
			fix: "vault patch paxos/roles/mint scopes=funding:read_profile",
		},
		"leases beyond the guardrails": {
			cause: all(role("slow", map[string]any{"scopes": "funding:read_profile", "ttl": "2h", "max_ttl": "3h"}),
				func(m *mount) {
					m.Must(logical.UpdateOperation, "config/guardrails", map[string]any{"max_ttl": "1h"})
				}),
			want: "low leases-beyond-guardrails roles/slow", evidence: "[ttl=2h0m0s max_ttl=3h0m0s]",
			fix: "vault patch paxos/roles/slow ttl=1h0m0s max_ttl=1h0m0s",
		},
		"own tokens": {
			cause: role("own", map[string]any{"scopes": "funding:read_profile", "unique_tokens": true}),
			want:  "low dangerous-option roles/own", evidence: "[unique_tokens]",
			suggestion: "vault patch paxos/roles/own unique_tokens=false",
		},
		"too many own tokens": {
			cause: all(role("own",
				map[string]any{"scopes": "funding:read_profile", "unique_tokens": true, "mint_limit": 100}),
				role("own-too",
					map[string]any{"scopes": "funding:read_profile", "unique_tokens": true, "mint_limit": 50})),
			want: "medium unique-tokens-beyond-budget config", evidence: "[roles/own roles/own-too " +
				"mint_limits=150 of 120]", suggestion: "vault patch paxos/roles/own unique_tokens=false",
		},
		"too many own tokens for the mount's share": {
			cause: all(func(m *mount) {
				m.Must(logical.UpdateOperation, "config", map[string]any{"token_budget": 100})
			},
				role("own", map[string]any{"scopes": "funding:read_profile", "unique_tokens": true})),
			want: "medium unique-tokens-beyond-budget config", evidence: "[roles/own mint_limits=60 of 50]",
			suggestion: "vault patch paxos/roles/own unique_tokens=false",
		},
		"tokens that are never revoked": {
			cause: func(m *mount) {
				m.Must(logical.UpdateOperation, "config/connection", map[string]any{"never_revoke": true})
			},
			want: "high dangerous-option config/connection", evidence: "[never_revoke]",
			fix: "vault patch paxos/config/connection never_revoke=false",
		},
		"a role that nobody ever read": {
			cause: all(role("idle", map[string]any{"scopes": "funding:read_profile"}), func(m *mount) {
				m.Clock.Advance(31 * 24 * time.Hour)
			}),
			want: "low role-unused roles/idle", evidence: "[never since created_at=2026-11-01T12:01:00Z]",
			suggestion: "vault delete paxos/roles/idle",
		},
		"a role that nobody reads any more": {
			cause: func(m *mount) {
				m.Must(logical.ReadOperation, "token/mint", nil)
				m.Clock.Advance(31 * 24 * time.Hour)
			},
			want: "low role-unused roles/mint", evidence: "[last_issued_at=2026-11-01T12:01:00Z]",
			suggestion: "vault delete paxos/roles/mint",
			byHand:     func(m *mount) { m.Must(logical.ReadOperation, "token/mint", nil) },
		},
		"a mover that nobody reads": {
			cause: all(mover, holds(money), func(m *mount) { m.Clock.Advance(31 * 24 * time.Hour) }),
			want:  "medium role-unused roles/pay", evidence: "[never since created_at=2026-11-01T12:01:00Z]",
			suggestion: "vault delete paxos/roles/pay",
		},
		"a role by operations that can move money": {
			cause: all(holds(money), role("pay", map[string]any{"operations": "CreateCryptoWithdrawal,GetTransfer"})),
			want:  "medium moves-money roles/pay", evidence: "[transfer:write_crypto_withdrawal]",
			suggestion: "vault patch paxos/roles/pay scopes=transfer:read_transfer operations=",
		},
		"clients that are leased on unrotated": {
			cause: role("vendor",
				map[string]any{"credential_type": "client_credentials", "clients": "c0",
					"on_revoke": "return_unrotated"}),
			want: "medium dangerous-option roles/vendor", evidence: "[on_revoke=return_unrotated]",
			suggestion: "vault patch paxos/roles/vendor on_revoke=quarantine",
		},
		"a leased client that can move money": {
			cause: all(role("vendor", map[string]any{"credential_type": "client_credentials", "clients": "c0"}),
				func(m *mount) {
					m.stock("c0", "vault-c0", map[string]any{"scopes": money, "verify_connection": false})
				}),
			want: "medium leases-money roles/vendor", evidence: "[transfer:write_crypto_withdrawal (moves-money)]",
			suggestion: "vault patch paxos/roles/vendor disabled=true",
		},
		"a role beyond its client": {
			cause: all(role("team",
				map[string]any{"scopes": "funding:read_profile," + leasedScope, "client": "c0"}), func(m *mount) {
				m.stock("c0", "vault-c0", map[string]any{"verify_connection": false})
			}),
			want: "medium scopes-lacking roles/team", evidence: "[funding:read_profile (read)]",
			suggestion: "vault patch paxos/roles/team scopes=" + leasedScope,
		},
		"a client without an allow-list": {
			cause: func(m *mount) {
				m.EditClient(m.Client.ClientID, func(c *paxostest.Credential) { c.IPAllowlist = nil })
				m.compare()
			},
			want: "high no-allowlist client root", evidence: "[client_id=CLIENT]",
			suggestion: "# in the Paxos Dashboard, Admin > API Management: set Allowable IP of CLIENT to " +
				"127.0.0.1/32 and those of the applications; calls from other addresses are then refused",
			byHand: func(m *mount) {
				m.EditClient(m.Client.ClientID, func(c *paxostest.Credential) {
					c.IPAllowlist = []string{"127.0.0.1/32"}
				})
				m.compare()
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newTidyMount(t)
			if got := fmt.Sprint(rules(m.report("least-privilege"))); got != "["+tidy+"]" {
				t.Fatalf("at first: %s", got)
			}
			test.cause(m)
			report := m.report("least-privilege")
			words := strings.SplitN(test.want, " ", 3)
			var found map[string]any
			for _, f := range report["findings"].([]any) {
				if f := f.(map[string]any); fmt.Sprint(f["severity"], " ", f["rule"], " ", f["subject"]) == test.want {
					found = f
				}
			}
			client := strings.NewReplacer("CLIENT", m.Client.ClientID)
			switch {
			case found == nil:
				t.Fatalf("found are %s, want %s", strings.Join(rules(report), "; "), test.want)
			case fmt.Sprint(found["evidence"]) != client.Replace(test.evidence):
				t.Errorf("the evidence is %v", found["evidence"])
			case test.fix != "" &&
				found["fix"] != client.Replace(test.fix), found["suggestion"] != client.Replace(test.suggestion):
				t.Errorf("the fix is %q, the suggestion %q", found["fix"], found["suggestion"])
			case test.suggestion != "" && (strings.Contains(found["fix"].(string), "vault patch") ||
				strings.Contains(found["fix"].(string), "vault delete")):
				t.Errorf("the fix before the suggestion changes something: %q", found["fix"])
			case found["reason"] == "":
				t.Error("there is no reason")
			}
			if again := m.report("least-privilege"); fmt.Sprint(again) != fmt.Sprint(report) {
				t.Errorf("read again it is %v", again)
			}
			if test.byHand != nil {
				test.byHand(m)
			} else {
				m.run(cmp.Or(found["suggestion"].(string), found["fix"].(string)))
			}
			if got := rules(m.report("least-privilege")); slices.Contains(got, test.want) {
				t.Errorf("after the fix of %s there are still %s", words[1], got)
			}
		})
	}
}

func TestWhatNobodyCanGetIsNotSummedUp(t *testing.T) {
	t.Parallel()
	m := newTidyMount(t)
	m.Must(logical.UpdateOperation, "roles/lacks", map[string]any{"scopes": "events:read_event"})
	m.Must(logical.UpdateOperation, "roles/off", map[string]any{"scopes": "funding:read_profile", "disabled": true})
	m.Must(logical.UpdateOperation, "config/guardrails", map[string]any{"allowed_scopes": "funding:*"})
	if got := fmt.Sprint(m.report("least-privilege")["scopes"]); got != "[map[catalogued:true risk:read "+
		"roles:[mint] scope:funding:read_profile]]" {
		t.Errorf("scopes are %s", got)
	}
}

func TestReportsAreTheSameWhateverTheOrderOfWrites(t *testing.T) {
	t.Parallel()
	names := []string{"a", "b", "c", "d"}
	build := func() string {
		m := newTidyMount(t)
		for _, name := range names {
			m.Must(logical.UpdateOperation, "roles/"+name,
				map[string]any{"scopes": "events:read_event,transfer:read_transfer", "unique_tokens": true})
		}
		got := m.report("least-privilege")
		if len(got["findings"].([]any)) < 9 {
			t.Errorf("there are only %d findings", len(got["findings"].([]any)))
		}
		order := []string{"high", "medium", "low", "info"}
		if !slices.IsSortedFunc(rules(got), func(a, z string) int {
			return cmp.Compare(slices.Index(order, strings.Fields(a)[0]), slices.Index(order, strings.Fields(z)[0]))
		}) {
			t.Errorf("the worst do not come first: %s", rules(got))
		}
		return strings.ReplaceAll(fmt.Sprint(got["findings"], got["scopes"]), m.Paxos.URL(), "")
	}
	one := build()
	slices.Reverse(names)
	if other := build(); one != other {
		t.Errorf("the reports differ:\n%s\n%s", one, other)
	}
}
