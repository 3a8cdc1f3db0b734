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
)

func TestAScopeSetReadsBackAsWritten(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	m.Must(logical.UpdateOperation, "scope-sets/reports",
		map[string]any{"scopes": "transfer:read_transfer funding:read_profile,transfer:read_transfer",
			"description": "Monthly"})
	got := m.Must(logical.ReadOperation, "scope-sets/reports", nil).Data
	for name, want := range map[string]string{
		"scopes": "[transfer:read_transfer funding:read_profile]", "description": "Monthly", "built_in": "false",
		"source": "",
		"operations": "[ListProfiles GetProfile ListProfileBalances GetProfileBalance CreateSandboxDeposit " +
			"ListTransfers GetTransfer]",
	} {
		if fmt.Sprint(got[name]) != want {
			t.Errorf("%s is %v, want %s", name, got[name], want)
		}
	}
	m.Must(logical.UpdateOperation, "scope-sets/reports", map[string]any{"description": "Yearly"})
	if got := m.Must(logical.ReadOperation, "scope-sets/reports", nil).Data; fmt.Sprint(got["scopes"],
		got["description"]) != "[transfer:read_transfer funding:read_profile]Yearly" {
		t.Errorf("after a write of the description it is %v", got)
	}
	m.Must(logical.DeleteOperation, "scope-sets/reports", nil)
	m.Must(logical.DeleteOperation, "scope-sets/reports", nil)
	if resp := m.Must(logical.ReadOperation, "scope-sets/reports", nil); resp != nil {
		t.Errorf("it was deleted and reads as %v", resp.Data)
	}
	if m.Stored() != "" {
		t.Errorf("something is left: %s", m.Stored())
	}
}

func TestBuiltInScopeSetsAreReadOnly(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	for _, set := range catalog.Sets() {
		path := "scope-sets/" + set.Name
		got := m.Must(logical.ReadOperation, path, nil).Data
		if fmt.Sprint(got["scopes"], got["built_in"], got["source"], got["description"]) != fmt.Sprint(set.Scopes,
			true, set.Source, set.Description) {
			t.Errorf("%s reads as %v", set.Name, got)
		}
		for operation, data := range map[logical.Operation]map[string]any{
			logical.UpdateOperation: {"scopes": "events:read_event"}, logical.DeleteOperation: nil} {
			if status, text := m.Refused(operation, path, data); status != 400 ||
				!strings.Contains(text, "is built in and cannot be changed or deleted") ||
				!strings.Contains(text, set.Source) {
				t.Errorf("%s of %s: %d %s", operation, set.Name, status, text)
			}
		}
	}
	if m.Stored() != "" {
		t.Errorf("something was stored: %s", m.Stored())
	}
}

// TestAScopeSetOutlivesABuiltInOfItsName: a later version of the engine may build in a
// set under a name that is in use here. What roles mean by it does not change.
func TestAScopeSetOutlivesABuiltInOfItsName(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	entry := &logical.StorageEntry{Key: "scope-sets/first-call",
		Value: []byte(`{"schema":1,"description":"Ours","scopes":["events:read_event"]}`)}
	if err := m.Storage.Put(context.Background(), entry); err != nil {
		t.Fatal(err)
	}
	if got := m.Must(logical.ReadOperation, "scope-sets/first-call", nil).Data; fmt.Sprint(got["scopes"],
		got["built_in"]) != "[events:read_event] false" {
		t.Errorf("it reads as %v", got)
	}
	info := m.Must(logical.ListOperation, "scope-sets",
		map[string]any{"after": "fireblocks", "limit": 1}).Data["key_info"]
	if fmt.Sprint(info) != "map[first-call:map[built_in:false]]" {
		t.Errorf("the list says %v", info)
	}
	m.Must(logical.UpdateOperation, "roles/r", map[string]any{"scope_sets": "first-call"})
	if got := m.resolved("r"); got != "[events:read_event]" {
		t.Errorf("a role takes %s", got)
	}
	m.Must(logical.UpdateOperation, "scope-sets/first-call", map[string]any{"description": "Still ours"})
	m.Must(logical.DeleteOperation, "scope-sets/first-call", nil)
	if got := m.Must(logical.ReadOperation, "scope-sets/first-call", nil).Data; fmt.Sprint(got["scopes"],
		got["built_in"]) != "[funding:read_profile] true" {
		t.Errorf("without it there is %v", got)
	}
}

// TestAScopeSetOfALaterVersionIsRefused, and not taken for one that is not there.
func TestAScopeSetOfALaterVersionIsRefused(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	if err := m.Storage.Put(context.Background(),
		&logical.StorageEntry{Key: "scope-sets/s", Value: []byte(`{"schema":2,"scopes":["a:b"]}`)}); err != nil {
		t.Fatal(err)
	}
	before := m.Stored()
	for path, data := range map[string]map[string]any{"scope-sets/s": {"scopes": "events:read_event"},
		"roles/r": {"scope_sets": "s"}} {
		if status, text := m.Refused(logical.UpdateOperation, path, data); status != 500 ||
			!strings.Contains(text, "was written by a later version of this plugin") {
			t.Errorf("%s: %d %s", path, status, text)
		}
	}
	if m.Stored() != before {
		t.Errorf("something was stored: %s", m.Stored())
	}
}

func TestScopeSetsAreListed(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	m.Must(logical.UpdateOperation, "scope-sets/aa", map[string]any{"scopes": "funding:read_profile"})
	m.Must(logical.UpdateOperation, "scope-sets/zz", map[string]any{"scopes": "funding:read_profile"})
	got := m.Must(logical.ListOperation, "scope-sets", nil).Data
	names := texts(got["keys"])
	if len(names) != 2+len(catalog.Sets()) || names[0] != "aa" || names[len(names)-1] != "zz" ||
		!slices.IsSorted(names) {
		t.Errorf("the sets are %s", names)
	}
	info := got["key_info"].(map[string]any)
	if fmt.Sprint(info["aa"]) != "map[built_in:false]" ||
		!strings.Contains(fmt.Sprint(info["first-call"]), "source:https://docs.paxos.com/") {
		t.Errorf("the list says %v", info)
	}
	page := m.Must(logical.ListOperation, "scope-sets", map[string]any{"after": "stablecoin-pay-ins", "limit": 5}).Data
	if fmt.Sprint(page["keys"]) != "[zz]" {
		t.Errorf("the last page is %v", page["keys"])
	}
}

func TestAScopeSetWarns(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	m.Must(logical.UpdateOperation, "config/guardrails", map[string]any{"allowed_scopes": "funding:*,event:*"})
	for says, scopes := range map[string]string{
		"Unknown scope \"event:read_event\" (did you mean events:read_event?)":                        "event:read_event",
		"No role can be written with this set: the guardrails of this mount do not allow events:read": "funding:read_profile,events:read_event",
	} {
		resp := m.Must(logical.UpdateOperation, "scope-sets/s", map[string]any{"scopes": scopes})
		if resp == nil || len(resp.Warnings) != 1 || !strings.Contains(resp.Warnings[0], says) {
			t.Errorf("%s warns %v, want %s", scopes, resp, says)
		}
	}
}

func TestBadScopeSetsAreRefused(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	for says, data := range map[string]map[string]any{
		"scopes must name at least one scope": {"description": "a"},
		"is not a scope":                      {"scopes": "Funding:Read"},
		"at most 256 are allowed":             {"scopes": manyScopes(257)},
		"scopes must be an array":             {"scopes": map[string]any{"v": backendtest.Canary}},
		"description must be a string":        {"scopes": "a:b", "description": 1},
		"description must have at most 512": {"scopes": "a:b",
			"description": backendtest.Canary + strings.Repeat("x", 512)},
		"Unknown parameter \"operations\". Par": {"operations": "GetTransfer"},
	} {
		status, text := m.Refused(logical.UpdateOperation, "scope-sets/s", data)
		if status != 400 || !strings.Contains(text, says) || strings.Contains(text, backendtest.Canary) {
			t.Errorf("%.60v: %d %.300s; want 400 and %q", data, status, text, says)
		}
	}
	for _, name := range []string{"a:b", "-a", "a..b", strings.Repeat("a", 129)} {
		for _, operation := range []logical.Operation{logical.ReadOperation, logical.UpdateOperation,
			logical.DeleteOperation} {
			data := map[string]any{"scopes": "funding:read_profile"}
			if operation != logical.UpdateOperation {
				data = nil
			}
			if status, text := m.Refused(operation, "scope-sets/"+name, data); status != 400 ||
				!strings.Contains(text, "name must have") {
				t.Errorf("%s %.40s: %d %s", operation, name, status, text)
			}
		}
	}
	if m.Stored() != "" {
		t.Errorf("something was stored: %s", m.Stored())
	}
}
