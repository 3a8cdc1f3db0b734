package backend_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/catalog"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// warned is the text of an answer's warnings.
func warned(resp *logical.Response) string {
	if resp == nil {
		return ""
	}
	return strings.Join(resp.Warnings, "\n")
}

func TestGuardrailsKeepAdminScopesFromEverybodyByDefault(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	got := m.Must(logical.ReadOperation, "config/guardrails", nil).Data
	if got["allow_uncatalogued_scopes"] != true || got["allow_admin_scopes"] != false ||
		got["max_ttl"] != float64(24*3600) {
		t.Errorf("the defaults are %v", got)
	}
	issuable := fmt.Sprint(got["resolved_scopes"])
	if !strings.Contains(issuable, "transfer:write_crypto_withdrawal") ||
		strings.Contains(issuable, "api_creds:") || len(got["resolved_scopes"].([]any)) != len(catalog.Scopes())-2 {
		t.Errorf("issuable are %s; want all scopes but the two of risk admin", issuable)
	}
	for _, scope := range []string{"api_creds:read_credentials", "api_creds:delete_credentials",
		"api_creds:create_whatever"} {
		status, text := m.Refused(logical.UpdateOperation, "roles/mint",
			map[string]any{"scopes": "funding:read_profile," + scope})
		if status != 403 || !strings.Contains(text, scope+" (of risk admin") || strings.Contains(text, "funding:") {
			t.Errorf("%s: %d %s; want 403 naming it alone", scope, status, text)
		}
	}
	if m.Stored() != "" {
		t.Errorf("something was stored: %s", m.Stored())
	}
}

func TestGuardrailsDecideWhatARoleMayHoldAndIssue(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		guardrails map[string]any
		passes     []string
		fails      []string
	}{
		"a family": {
			map[string]any{"allowed_scopes": "funding:*"},
			[]string{"funding:read_profile", "funding:not_in_the_catalogue"},
			[]string{"transfer:read_transfer", "funding_more:read_profile", "a.funding:read_profile"},
		},
		"reading": {
			map[string]any{"allowed_scopes": []any{"*:read_*"}},
			[]string{"funding:read_profile", "transfer:read_transfer"},
			[]string{"transfer:write_crypto_withdrawal", "api_creds:read_credentials", "exchange:historical_prices"},
		},
		"exact names": {
			map[string]any{"allowed_scopes": "funding:read_profile transfer:read_transfer"},
			[]string{"funding:read_profile", "transfer:read_transfer"},
			[]string{"funding:read_profiles", "transfer:read_transfer_limit", "events:read_event"},
		},
		"nothing uncatalogued": {
			map[string]any{"allow_uncatalogued_scopes": false},
			[]string{"funding:read_profile"},
			[]string{"funding:not_in_the_catalogue", "event:read_event"},
		},
		"nothing uncatalogued, even by name": {
			map[string]any{"allow_uncatalogued_scopes": false, "allowed_scopes": "event:read_event,funding:*"},
			[]string{"funding:read_profile"},
			[]string{"event:read_event", "funding:not_in_the_catalogue"},
		},
		"nothing of admins, even by name": {
			map[string]any{"allowed_scopes": "api_creds:read_credentials,*"},
			[]string{"funding:read_profile"},
			[]string{"api_creds:read_credentials", "api_creds:delete_credentials"},
		},
		"admins at the default": {
			map[string]any{"allow_admin_scopes": true},
			[]string{"api_creds:read_credentials", "funding:read_profile", "funding:not_in_the_catalogue"},
			nil,
		},
		"admins where named": {
			map[string]any{"allow_admin_scopes": true, "allowed_scopes": "api_creds:read_*"},
			[]string{"api_creds:read_credentials"},
			[]string{"api_creds:delete_credentials", "funding:read_profile"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newConfiguredMount(t)
			m.Must(logical.UpdateOperation, "config/guardrails", map[string]any{"allow_admin_scopes": true})
			all := append(slices.Clone(test.passes), test.fails...)
			m.grant(all)
			m.Must(logical.UpdateOperation, "roles/before", map[string]any{"scopes": all})
			m.Must(logical.UpdateOperation, "config/guardrails", map[string]any{"allow_admin_scopes": false})
			m.Must(logical.UpdateOperation, "config/guardrails", test.guardrails)
			for _, scope := range test.passes {
				m.Must(logical.UpdateOperation, "roles/after", map[string]any{"scopes": scope})
				m.Must(logical.ReadOperation, "token/after", nil)
				m.Must(logical.UpdateOperation, "creds/before", map[string]any{"scopes": scope})
			}
			upstream := m.Paxos.TotalCalls()
			for _, scope := range test.fails {
				if status, text := m.Refused(logical.UpdateOperation, "roles/fresh",
					map[string]any{"scopes": scope}); status != 403 || !strings.Contains(text, scope+" (") {
					t.Errorf("a role of %s: %d %s", scope, status, text)
				}
				if status, text := m.Refused(logical.UpdateOperation, "creds/before",
					map[string]any{"scopes": scope}); status != 403 || !strings.Contains(text, scope+" (") {
					t.Errorf("issuing %s: %d %s", scope, status, text)
				}
			}
			if m.Paxos.TotalCalls() != upstream {
				t.Error("Paxos was called for what the guardrails forbid")
			}
		})
	}
}

// grant gives the root client further scopes, as in the Dashboard.
func (m *mount) grant(scopes []string) {
	m.T.Helper()
	if err := m.Paxos.EditCredential(m.Client.ClientID, func(c *paxostest.Credential) {
		c.Scopes = append(slices.Clone(c.Scopes), scopes...)
	}); err != nil {
		m.T.Fatal(err)
	}
}

func TestGuardrailsDoNotBindTheEnginesOwnTokens(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	m.Must(logical.UpdateOperation, "config/guardrails", map[string]any{"allowed_scopes": "events:read_event"})
	m.Paxos.FailAll(paxostest.Revoke, paxostest.Fault{Status: 503})
	m.Configure()
	said := warned(m.Must(logical.UpdateOperation, "config/guardrails", map[string]any{"allowed_scopes": "events:*"}))
	if said != "" {
		t.Errorf("the token that verified the secret, and waits for its end, counts as a role's: %q", said)
	}
	if minted := m.Paxos.Tokens(); len(minted) != 1 || minted[0].Scopes[0] != "funding:read_profile" {
		t.Errorf("the secret was verified with %+v", minted)
	}
}

func TestGuardrailsKeepWhatAWriteDoesNotName(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	m.Must(logical.UpdateOperation, "config/guardrails", map[string]any{
		"allowed_scopes": "funding:*, *:read_* funding:*", "allow_uncatalogued_scopes": false,
		"allow_admin_scopes": true, "max_ttl": 600,
	})
	before := m.Must(logical.ReadOperation, "config/guardrails", nil).Data
	if fmt.Sprint(before["allowed_scopes"]) != "[funding:* *:read_*]" ||
		!strings.Contains(fmt.Sprint(before["dangerous_options"]), "allow_admin_scopes") {
		t.Errorf("read back as %v", before)
	}
	for name, value := range map[string]any{"max_ttl": "10m", "allow_admin_scopes": true,
		"allow_uncatalogued_scopes": "false"} {
		for _, operation := range []logical.Operation{logical.UpdateOperation, logical.PatchOperation} {
			m.Must(operation, "config/guardrails", map[string]any{name: value})
			if after := m.Must(logical.ReadOperation, "config/guardrails",
				nil).Data; fmt.Sprint(after) != fmt.Sprint(before) {
				t.Errorf("%s of %s alone changed %v to %v", operation, name, before, after)
			}
		}
	}
	m.Must(logical.PatchOperation, "config/guardrails", map[string]any{"allowed_scopes": nil, "max_ttl": nil})
	after := m.Must(logical.ReadOperation, "config/guardrails", nil).Data
	if fmt.Sprint(after["allowed_scopes"]) != "[]" || after["max_ttl"] != float64(24*3600) ||
		after["allow_admin_scopes"] != true {
		t.Errorf("null did not give the defaults back: %v", after)
	}
	if got := m.Must(logical.ReadOperation, "status",
		nil).Data["dangerous_options"]; !strings.Contains(fmt.Sprint(got), "allow_admin_scopes") {
		t.Errorf("status shows the dangerous options %v", got)
	}
}

func TestBadGuardrailsAreRefused(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	for says, data := range map[string]map[string]any{
		"allowed_scopes must not be empty":          {"allowed_scopes": ""},
		"allowed_scopes must not be empty. List":    {"allowed_scopes": []any{}},
		"allowed_scopes contains \"funding*\"":      {"allowed_scopes": "funding*"},
		"allowed_scopes contains \"Funding:*\"":     {"allowed_scopes": "Funding:*"},
		"allowed_scopes contains \"a:b:*\"":         {"allowed_scopes": "a:b:*"},
		"allowed_scopes contains \"funding:[a-z]\"": {"allowed_scopes": []any{"funding:[a-z]"}},
		"at most 256 are allowed":                   {"allowed_scopes": manyScopes(300)},
		"max_ttl must be at least 1s":               {"max_ttl": 0},
		"allow_admin_scopes must be true or false":  {"allow_admin_scopes": backendtest.Canary},
		"Unknown parameter \"deny_admin\". Paramet": {"deny_admin": true},
	} {
		status, text := m.Refused(logical.UpdateOperation, "config/guardrails", data)
		if status != 400 || !strings.Contains(text, says) || strings.Contains(text, backendtest.Canary) {
			t.Errorf("%.60v: %d %.300s; want 400 and %q", data, status, text, says)
		}
	}
	if m.Stored() != "" {
		t.Errorf("something was stored: %s", m.Stored())
	}
	if said := warned(m.Must(logical.UpdateOperation, "config/guardrails",
		map[string]any{"allowed_scopes": "fundng:*,transfer:*"})); !strings.Contains(said,
		"match no scope of the catalogue: fundng:*.") {
		t.Errorf("a pattern that matches nothing: %q", said)
	}
}

func TestAnUnknownScopeIsWarnedOfWithWhatItMayHaveBeen(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	said := warned(m.Must(logical.UpdateOperation, "roles/mint",
		map[string]any{"scopes": "event:read_event,funding:read_profile"}))
	if !strings.Contains(said, `"event:read_event" (did you mean events:read_event?)`) ||
		strings.Contains(said, "funding:") {
		t.Errorf("the warnings are %q", said)
	}
	if said := warned(m.Must(logical.UpdateOperation, "roles/mint",
		map[string]any{"scopes": "events:read_event"})); said != "" {
		t.Errorf("warned of a scope that is in the catalogue: %q", said)
	}
}

func TestGuardrailsThatCannotBeReadLetNothingPass(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.Must(logical.ReadOperation, "creds/mint", nil)
	m.Must(logical.UpdateOperation, "config/guardrails", map[string]any{"max_ttl": "1h"})
	for _, damaged := range []string{"{", `{"schema":99}`} {
		if err := m.Storage.Put(context.Background(),
			&logical.StorageEntry{Key: "guardrails", Value: []byte(damaged)}); err != nil {
			t.Fatal(err)
		}
		m.Restart()
		upstream := m.Paxos.TotalCalls()
		if status, text := m.Refused(logical.ReadOperation, "creds/mint", nil); status != 500 ||
			!strings.Contains(text, "guardrails") {
			t.Errorf("%s: %d %s", damaged, status, text)
		}
		m.Refused(logical.UpdateOperation, "roles/other", map[string]any{"scopes": "funding:read_profile"})
		if m.Paxos.TotalCalls() != upstream {
			t.Errorf("%s: Paxos was called", damaged)
		}
	}
}
