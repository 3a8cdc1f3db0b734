package backend_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
)

// resolved is what a read of a role answers of its scopes.
func (m *mount) resolved(name string) string {
	m.T.Helper()
	return fmt.Sprint(m.Must(logical.ReadOperation, "roles/"+name, nil).Data["resolved_scopes"])
}

func TestARoleIsTheUnionOfThreeParameters(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	m.Must(logical.UpdateOperation, "scope-sets/reports",
		map[string]any{"scopes": "transfer:read_transfer events:read_event"})
	m.Must(logical.UpdateOperation, "roles/r", map[string]any{
		"scopes": "transfer:read_transfer", "scope_sets": []any{"reports first-call",
			"reports"}, "operations": "GetTransfer,ListEvents ListProfiles,CreateInternalTransfer",
	})
	got := m.Must(logical.ReadOperation, "roles/r", nil).Data
	for name, want := range map[string]string{
		"scopes":     "[transfer:read_transfer]",
		"scope_sets": "[reports first-call]",
		"operations": "[GetTransfer ListEvents ListProfiles CreateInternalTransfer]",
		"resolved_scopes": "[transfer:read_transfer events:read_event funding:read_profile " +
			"transfer:write_internal_transfer]",
		"scope_sources": "map[events:read_event:[scope_sets: reports operations: ListEvents] " +
			"funding:read_profile:[scope_sets: first-call operations: ListProfiles]" +
			" transfer:read_transfer:[scopes scope_sets: reports operations: GetTransfer] " +
			"transfer:write_internal_transfer:[operations: CreateInternalTransfer]]",
		"operations_beyond": "[GetProfile ListProfileBalances GetProfileBalance CreateSandboxDeposit " +
			"ListTransfers GetEvent]",
	} {
		if fmt.Sprint(got[name]) != want {
			t.Errorf("%s is %v, want %s", name, got[name], want)
		}
	}
}

// TestAChoiceFallsOnTheScopeThatIsHeld: Paxos accepts either of two scopes for three
// operations.
func TestAChoiceFallsOnTheScopeThatIsHeld(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	for want, data := range map[string]map[string]any{
		"[rewards:create_payout_groups]": {"operations": "CreatePayoutGroup"},
		"[rewards:write_payout_groups]":  {"operations": "CreatePayoutGroup", "scopes": "rewards:write_payout_groups"},
	} {
		m.Must(logical.UpdateOperation, "roles/"+fmt.Sprint(len(data)), data)
		if got := m.resolved(fmt.Sprint(len(data))); got != want {
			t.Errorf("%v resolves to %s, want %s", data, got, want)
		}
	}
}

func TestARoleByScopesSaysNothingOfOperationsBeyond(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	got := m.Must(logical.ReadOperation, "roles/mint", nil).Data
	if beyond, told := got["operations_beyond"]; told {
		t.Errorf("operations_beyond is %v", beyond)
	}
	if want := "map[funding:read_profile:[scopes] transfer:read_transfer:[scopes]]"; fmt.Sprint(
		got["scope_sources"]) != want {
		t.Errorf("scope_sources is %v, want %s", got["scope_sources"], want)
	}
	if fmt.Sprint(got["scope_sets"], got["operations"]) != "[] []" {
		t.Errorf("scope_sets is %v, operations %v", got["scope_sets"], got["operations"])
	}
}

// TestAStoredRoleChangesOnlyWhenItsScopesAreWritten: neither a set nor a parameter that
// has nothing to do with scopes moves it.
func TestAStoredRoleChangesOnlyWhenItsScopesAreWritten(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	m.Must(logical.UpdateOperation, "scope-sets/reports", map[string]any{"scopes": "transfer:read_transfer"})
	m.Must(logical.UpdateOperation, "roles/r", map[string]any{"scope_sets": "reports", "operations": "ListEvents"})
	before := "[transfer:read_transfer events:read_event]"
	expect := func(when, want string) {
		t.Helper()
		if got := m.resolved("r"); got != want {
			t.Errorf("%s the role has %s, want %s", when, got, want)
		}
	}
	expect("at first", before)
	resp := m.Must(logical.UpdateOperation, "scope-sets/reports",
		map[string]any{"scopes": "transfer:read_transfer,transfer:write_crypto_withdrawal"})
	if text := fmt.Sprint(resp.Warnings); !strings.Contains(text, "No role has changed") ||
		!strings.Contains(text, "until they are written again with scope_sets: r.]") {
		t.Errorf("the warnings are %s", text)
	}
	expect("after the set has grown", before)
	for _, operation := range []logical.Operation{logical.UpdateOperation, logical.PatchOperation} {
		m.Must(operation, "roles/r", map[string]any{"ttl": "10m", "metadata": "a=b"})
		expect("after a "+string(operation)+" of its ttl", before)
	}
	m.Must(logical.PatchOperation, "roles/r", map[string]any{"operations": "ListProfiles"})
	expect("after a patch of its operations",
		"[transfer:read_transfer transfer:write_crypto_withdrawal funding:read_profile]")
	if resp := m.Must(logical.UpdateOperation, "scope-sets/reports",
		map[string]any{"description": "Monthly"}); resp != nil {
		t.Errorf("a role that has the set as it is is warned of: %v", resp.Warnings)
	}
	m.Must(logical.PatchOperation, "roles/r", map[string]any{"operations": nil})
	expect("without operations", "[transfer:read_transfer transfer:write_crypto_withdrawal]")
	if resp := m.Must(logical.DeleteOperation, "scope-sets/reports",
		nil); !strings.Contains(fmt.Sprint(resp.Warnings), "scope_sets: r.]") {
		t.Errorf("the warnings are %v", resp.Warnings)
	}
	expect("without its set", "[transfer:read_transfer transfer:write_crypto_withdrawal]")
	status, text := m.Refused(logical.PatchOperation, "roles/r", map[string]any{"scopes": "events:read_event"})
	if status != 400 || !strings.Contains(text, `scope_sets names "reports", which does not exist`) {
		t.Errorf("a role resolved again from a set that is gone: %d %s", status, text)
	}
	m.Must(logical.PatchOperation, "roles/r", map[string]any{"scopes": "events:read_event", "scope_sets": nil})
	expect("written again", "[events:read_event]")
}

// TestARoleOfTheFirstVersionStaysAsItIs loads an entry as it was stored before roles
// had scope sets and operations.
func TestARoleOfTheFirstVersionStaysAsItIs(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	m.Configure()
	entry := &logical.StorageEntry{Key: "roles/old",
		Value: []byte(`{"schema":1,"id":"OLD","credential_type":"access_token","scopes":["funding:read_profile"],` +
			`"resolved_scopes":["funding:read_profile"],"unique_tokens":false,"ttl":0,"max_ttl":0,"min_ttl":300000000000,"idle_ttl":300000000000,"mint_limit":0,"disabled":false,"metadata":null}`)}
	if err := m.Storage.Put(context.Background(), entry); err != nil {
		t.Fatal(err)
	}
	m.Must(logical.ReadOperation, "creds/old", nil)
	got := m.Must(logical.ReadOperation, "roles/old", nil).Data
	if fmt.Sprint(got["scopes"], got["resolved_scopes"], got["scope_sources"]) != "[funding:read_profile] "+
		"[funding:read_profile] map[funding:read_profile:[scopes]]" {
		t.Errorf("it reads as %v", got)
	}
	m.Must(logical.PatchOperation, "roles/old", map[string]any{"operations": "GetTransfer"})
	if got := m.resolved("old"); got != "[funding:read_profile transfer:read_transfer]" {
		t.Errorf("with an operation it has %s", got)
	}
}

func TestBadScopeParametersOfARoleAreRefused(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	m.Must(logical.UpdateOperation, "scope-sets/reports", map[string]any{"scopes": "transfer:read_transfer"})
	// which no name reaches
	deeper := &logical.StorageEntry{Key: "scope-sets/roles/mint", Value: []byte(`{"schema":1,"scopes":["a:b"]}`)}
	if err := m.Storage.Put(context.Background(), deeper); err != nil {
		t.Fatal(err)
	}
	before := m.Stored()
	for says, data := range map[string]map[string]any{
		`operations names "GetTransfers", which is not an operation of Paxos; did you mean GetTransfer or ListTransfers?`: {"operations": "GetTransfers"},
		`did you mean GetTransfer?`: {"operations": "gettransfer"},
		`operations names "canary-`: {"operations": backendtest.Canary + strings.Repeat("x", 100)},
		`operations names ListMarkets, which is public and needs no token: leave it out`: {
			"operations": "GetTransfer,ListMarkets",
		},
		`operations must be an array of strings`: {
			"operations": map[string]any{"a": "b"},
		},
		`operations must be an array of strings, `: {
			"operations": []any{"GetTransfer", 1},
		},
		`scope_sets names "report", which does not exist (did you mean reports?)`:       {"scope_sets": "report"},
		`scope_sets names "first-cal", which does not exist (did you mean first-call?)`: {"scope_sets": "reports,first-cal"},
		`scope_sets names "../config", which does not exist.`:                           {"scope_sets": "../config"},
		`scope_sets names "roles/mint", which does not exist.`:                          {"scope_sets": "roles/mint"},
		`scope_sets must be an array of strings`:                                        {"scope_sets": 5},
		`scopes, scope_sets or operations must give the role at least one scope`: {"scopes": "",
			"scope_sets": []any{}, "operations": " , "},
		`add up to 257 scopes. At most 256 are allowed`: {"scopes": manyScopes(
			256), "operations": "GetTransfer"},
	} {
		status, text := m.Refused(logical.UpdateOperation, "roles/r", data)
		if status != 400 || !strings.Contains(text, says) || len(text) > 1000 ||
			strings.Contains(text, strings.Repeat("x", 60)) {
			t.Errorf("%.60v: %d %.400s; want 400 and %s", data, status, text, says)
		}
	}
	if m.Stored() != before {
		t.Errorf("something was stored: %s", m.Stored())
	}
}

// TestNarrowingByOperationsEndsTokens holds the tokens of a role against what it was
// resolved to, not against what it was written by.
func TestNarrowingByOperationsEndsTokens(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	m.Configure()
	m.Must(logical.UpdateOperation, "roles/r", map[string]any{"operations": "GetTransfer,ListProfiles"})
	lease := m.Must(logical.ReadOperation, "creds/r", nil)
	m.Must(logical.UpdateOperation, "roles/r", map[string]any{"operations": "ListTransfers,GetProfile"})
	if !m.Paxos.Alive(backendtest.Token(lease)) {
		t.Error("other operations of the same scopes ended the token")
	}
	resp := m.Must(logical.PatchOperation, "roles/r", map[string]any{"operations": "ListTransfers"})
	if m.Paxos.Alive(backendtest.Token(lease)) ||
		!strings.Contains(fmt.Sprint(resp.Warnings), "1 token of this role was revoked") {
		t.Errorf("a token is valid beyond its role; the warnings are %v", resp.Warnings)
	}
}

// TestGuardrailsBoundResolvedScopes at the write of a role, and when it is read.
func TestGuardrailsBoundResolvedScopes(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	m.Configure()
	m.Must(logical.UpdateOperation, "config/guardrails", map[string]any{"allowed_scopes": "funding:*,transfer:read_*"})
	for scope, data := range map[string]map[string]any{
		"transfer:write_crypto_withdrawal (not in allowed_scopes)":     {"operations": "GetTransfer,CreateCryptoWithdrawal"},
		"events:read_event (not in allowed_scopes)":                    {"scope_sets": "orchestrations-events"},
		"api_creds:delete_credentials (of risk admin, and allow_admin": {"operations": "DeleteApiCredentials"},
	} {
		if status, text := m.Refused(logical.UpdateOperation, "roles/r", data); status != 403 ||
			!strings.Contains(text, scope) {
			t.Errorf("%v: %d %s", data, status, text)
		}
	}
	m.Must(logical.UpdateOperation, "roles/r", map[string]any{"operations": "GetTransfer,ListProfiles"})
	lease := m.Must(logical.ReadOperation, "creds/r", nil)
	m.Must(logical.UpdateOperation, "config/guardrails", map[string]any{"allowed_scopes": "funding:*"})
	if status, text := m.Refused(logical.ReadOperation, "creds/r", nil); status != 403 ||
		!strings.Contains(text, "transfer:read_transfer (not in allowed_scopes)") {
		t.Errorf("issued beyond the guardrails: %d %s", status, text)
	}
	if m.Paxos.Alive(backendtest.Token(lease)) {
		t.Error("a token is valid beyond the guardrails")
	}
}
