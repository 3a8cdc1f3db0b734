package backend_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// newListingMount returns a mount whose root may list, and is as it should be.
func newListingMount(t *testing.T) *mount {
	t.Helper()
	m := newConfiguredMount(t)
	m.EditClient(m.Client.ClientID, func(c *paxostest.Credential) {
		c.Scopes = append(c.Scopes, backendtest.ListScope)
		c.IPAllowlist, c.EnforceRequestSigning = []string{"127.0.0.0/8"}, true
	})
	m.Must(logical.UpdateOperation, "config", map[string]any{"egress_cidrs": "127.0.0.1/32"})
	return m
}

// report reads a report.
func (m *mount) report(name string) map[string]any {
	m.T.Helper()
	return m.Must(logical.ReadOperation, "report/"+name, nil).Data
}

// compare makes a new comparison a minute after the last.
func (m *mount) compare() map[string]any {
	m.T.Helper()
	m.Clock.Advance(time.Minute)
	return m.Must(logical.ReadOperation, "report/drift", map[string]any{"refresh": true}).Data
}

// rules lists the findings of a report as severity, rule and subject.
func rules(report map[string]any) (found []string) {
	for _, f := range report["findings"].([]any) {
		f := f.(map[string]any)
		found = append(found, fmt.Sprint(f["severity"], " ", f["rule"], " ", f["subject"]))
	}
	return found
}

// finding is the one of a rule and a subject, nil if there is none.
func finding(report map[string]any, rule, subject string) map[string]any {
	for _, f := range report["findings"].([]any) {
		if f := f.(map[string]any); f["rule"] == rule && f["subject"] == subject {
			return f
		}
	}
	return nil
}

func TestDriftCallsNobodyUnlessAsked(t *testing.T) {
	t.Parallel()
	m := newListingMount(t)
	before := m.Paxos.TotalCalls()
	got := m.report("drift")
	if m.Paxos.TotalCalls() != before {
		t.Error("Paxos was called")
	}
	if got["may_list"] != "unknown" || got["compared_at"] != "" ||
		fmt.Sprint(rules(got)) != "[info never-compared report/drift]" {
		t.Errorf("without a comparison: %v", got)
	}
	mints := m.Paxos.Calls(paxostest.TokenEndpoint)
	got = m.compare()
	if m.Paxos.Calls(paxostest.TokenEndpoint) != mints+1 || m.Paxos.Calls(paxostest.ListCredentials) != 1 ||
		len(m.Paxos.LiveTokens()) != 0 {
		t.Errorf("a comparison cost %d token requests and %d lists, and left %d tokens",
			m.Paxos.Calls(paxostest.TokenEndpoint)-mints, m.Paxos.Calls(paxostest.ListCredentials),
			len(m.Paxos.LiveTokens()))
	}
	if got["may_list"] != "yes" || got["listed_at"] != "2026-11-01T12:01:00Z" || len(rules(got)) != 0 ||
		len(got["credentials"].([]any)) != 1 {
		t.Errorf("a mount as it should be: %v", got)
	}
	m.Restart()
	before = m.Paxos.TotalCalls()
	if again := m.report("drift"); fmt.Sprint(again) != fmt.Sprint(got) || m.Paxos.TotalCalls() != before {
		t.Errorf("read again: %v, want %v", again, got)
	}
	resp := m.Must(logical.ReadOperation, "report/drift", map[string]any{"refresh": true})
	if m.Paxos.TotalCalls() != before || len(resp.Warnings) != 1 {
		t.Errorf("within a minute Paxos was asked again, or nobody told: %v", resp.Warnings)
	}
}

func TestDriftFindsWhatIsWrongAndLosesItWhenItIsMended(t *testing.T) {
	t.Parallel()
	root := func(change func(*paxostest.Credential)) func(*mount) {
		return func(m *mount) { m.EditClient(m.Client.ClientID, change) }
	}
	later := func(m *mount) { m.Clock.Advance(7*24*time.Hour + time.Hour) }
	for name, test := range map[string]struct {
		cause, fix func(*mount)
		want       string // severity, rule and subject
		says       string // in fix or suggestion
	}{
		"no allow-list": {
			root(func(c *paxostest.Credential) { c.IPAllowlist = nil }),
			root(func(c *paxostest.Credential) { c.IPAllowlist = []string{"127.0.0.0/8"} }),
			"high no-allowlist client root", "Allowable IP of CLIENT to 127.0.0.1/32",
		},
		"an allow-list of everything": {
			root(func(c *paxostest.Credential) { c.IPAllowlist = []string{"0.0.0.0/1", "128.0.0.0/1"} }),
			root(func(c *paxostest.Credential) { c.IPAllowlist = []string{"127.0.0.0/8"} }),
			"high no-allowlist client root", "Allowable IP of CLIENT",
		},
		"an allow-list of others": {
			func(m *mount) {
				m.Must(logical.UpdateOperation, "config", map[string]any{"egress_cidrs": "127.0.0.1/32,203.0.113.0/24"})
			},
			root(func(c *paxostest.Credential) {
				c.IPAllowlist = append(c.IPAllowlist, "203.0.113.0/25", "203.0.113.128/25")
			}),
			"medium allowlist-short client root", "of CLIENT: 203.0.113.0/24",
		},
		"signing switched off": {
			root(func(c *paxostest.Credential) { c.EnforceRequestSigning = false }),
			root(func(c *paxostest.Credential) { c.EnforceRequestSigning = true }),
			"high signing-switched-off client root", "only when everybody who uses it signs, because Paxos " +
				"then refuses unsigned requests. Cut off until they sign: this mount itself",
		},
		"more scopes": {
			root(func(c *paxostest.Credential) { c.Scopes = append(c.Scopes, "funding:write_profile") }),
			root(func(c *paxostest.Credential) { c.Scopes = c.Scopes[:len(c.Scopes)-1] }),
			"medium scopes-changed client root", "change it back",
		},
		"fewer scopes": {
			root(func(c *paxostest.Credential) {
				c.Scopes = slices.DeleteFunc(c.Scopes, func(s string) bool { return s == "events:read_event" })
			}),
			later, "low scopes-changed client root", "change it back",
		},
		"a root that is disabled": {
			func(m *mount) { // listed by a token that was minted just before
				m.Paxos.FailNext(paxostest.ListCredentials, paxostest.Fault{Rewrite: func(reply map[string]any) {
					reply["items"].([]any)[0].(map[string]any)["status"] = "DISABLED"
				}})
			},
			func(*mount) {}, "high client-disabled client root", "vault write paxos/config/replace-root " +
				"'client_id=<Client ID>' client_secret=-",
		},
		"an old secret": {
			func(m *mount) { m.Clock.Advance(91 * 24 * time.Hour) },
			func(m *mount) {
				secret, err := m.Paxos.RotateCredential(m.Client.ClientID)
				if err != nil {
					m.T.Fatal(err)
				}
				m.Must(logical.UpdateOperation, "config/rotate-root", map[string]any{"client_secret": secret})
			},
			"medium secret-old client root", "vault write paxos/config/rotate-root client_secret=-",
		},
		"a secret that nobody verified": {
			func(m *mount) {
				secret, err := m.Paxos.RotateCredential(m.Client.ClientID)
				if err != nil {
					m.T.Fatal(err)
				}
				m.Must(logical.UpdateOperation, "config/rotate-root",
					map[string]any{"client_secret": secret, "verify_connection": false})
			},
			func(m *mount) {
				secret, err := m.Paxos.RotateCredential(m.Client.ClientID)
				if err != nil {
					m.T.Fatal(err)
				}
				m.Must(logical.UpdateOperation, "config/rotate-root", map[string]any{"client_secret": secret})
			},
			"medium secret-unverified client root", "vault write paxos/config/rotate-root client_secret=-",
		},
		"egress that was never named": {
			func(m *mount) { m.Must(logical.PatchOperation, "config", map[string]any{"egress_cidrs": nil}) },
			func(m *mount) {
				m.Must(logical.UpdateOperation, "config", map[string]any{"egress_cidrs": "127.0.0.1/32"})
			},
			"info egress-unknown config", "vault patch paxos/config 'egress_cidrs=<blocks>'",
		},
		"public keys": {
			func(m *mount) {
				m.Paxos.FailNext(paxostest.ListCredentials, paxostest.Fault{Rewrite: func(reply map[string]any) {
					reply["items"].([]any)[0].(map[string]any)["client_public_keys"] = []any{
						map[string]any{"id": "key-1", "algorithm": "ED25519", "active": true}}
				}})
			},
			func(*mount) {}, "info public-keys credential CLIENT", "delete the keys that nobody owns",
		},
		"a root that may not list any more": {
			root(func(c *paxostest.Credential) {
				c.Scopes = slices.DeleteFunc(c.Scopes, func(s string) bool { return s == backendtest.ListScope })
			}),
			root(func(c *paxostest.Credential) { c.Scopes = append(c.Scopes, backendtest.ListScope) }),
			"low listing-refused report/drift", "vault read paxos/report/drift refresh=true",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newListingMount(t)
			if got := rules(m.compare()); len(got) > 0 {
				t.Fatalf("at first: %s", got)
			}
			test.cause(m)
			report := m.compare()
			want := strings.ReplaceAll(test.want, "CLIENT", m.Client.ClientID)
			if got := rules(report); !slices.Contains(got, want) {
				t.Fatalf("found are %s, want %s", got, want)
			}
			fields := strings.SplitN(want, " ", 3)
			found := finding(report, fields[1], fields[2])
			if fix := found["fix"].(string) + "\n" + found["suggestion"].(string); !strings.Contains(fix,
				strings.ReplaceAll(test.says, "CLIENT", m.Client.ClientID)) {
				t.Errorf("the fix is %q, want it to say %q", fix, test.says)
			}
			test.fix(m)
			if got := rules(m.compare()); slices.Contains(got, want) {
				t.Errorf("mended, found are still %s", got)
			}
		})
	}
}

func TestDriftFindsClientsThatNobodyKnows(t *testing.T) {
	t.Parallel()
	m := newListingMount(t)
	m.compare()
	thief, _, err := m.Paxos.CreateCredential(paxostest.Credential{Nickname: "vault-batch",
		Scopes: []string{"transfer:write_crypto_withdrawal"}})
	if err != nil {
		t.Fatal(err)
	}
	report := m.compare()
	f := finding(report, "client-unknown", "credential "+thief.ClientID)
	if f == nil || f["severity"] != "high" ||
		fmt.Sprint(f["evidence"]) != "[label=vault-batch created_at=2026-11-01T12:01:00Z "+
			"transfer:write_crypto_withdrawal (moves-money)]" {
		t.Errorf("the stranger: %v of %v", f, rules(report))
	}
	if finding(report, "label-deletable", "credential "+thief.ClientID) == nil {
		t.Errorf("its Label: %v", rules(report))
	}
	event := m.await("paxos/drift")
	if !strings.Contains(event, "rule:client-unknown") ||
		!strings.Contains(event, "subject:credential "+thief.ClientID) || strings.Contains(event, "batch") {
		t.Errorf("the event is %s", event)
	}
	count := m.Events.Count()
	m.compare()
	if m.Events.Count() != count {
		t.Error("what is not new is announced again")
	}
	m.Clock.Advance(91 * 24 * time.Hour)
	if finding(m.compare(), "credential-old", "credential "+thief.ClientID) == nil {
		t.Error("its age is no finding")
	}
	if err := m.Paxos.DisableCredential(thief.ClientID); err != nil {
		t.Fatal(err)
	}
	report = m.compare()
	if f := finding(report, "credentials-disabled", "credentials"); f == nil || fmt.Sprint(f["evidence"]) != "["+
		thief.ClientID+"]" || finding(report, "client-unknown", "credential "+thief.ClientID) != nil {
		t.Errorf("disabled: %v", rules(report))
	}
}

func TestAChangeThatIsUndoneIsForgotten(t *testing.T) {
	t.Parallel()
	m := newListingMount(t)
	m.compare()
	changed := func() any { return m.report("drift")["credentials"].([]any)[0].(map[string]any)["changed_at"] }
	m.EditClient(m.Client.ClientID, func(c *paxostest.Credential) { c.EnforceRequestSigning = false })
	m.compare()
	if changed() != "2026-11-01T12:02:00Z" {
		t.Errorf("changed at %v", changed())
	}
	m.compare()
	if changed() != "2026-11-01T12:02:00Z" {
		t.Errorf("compared again, changed at %v", changed())
	}
	m.EditClient(m.Client.ClientID, func(c *paxostest.Credential) { c.EnforceRequestSigning = true })
	m.compare()
	if changed() != "" {
		t.Errorf("undone, changed at %v", changed())
	}
}
