package backend_test

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend"
)

// writtenLists are the list parameters of all paths, each with a path that exists and two elements
// that it takes.
var writtenLists = map[string]struct {
	path string
	a, b string
}{
	"clients/(?P<name>[^/]+)$ scopes":        {"clients/c0", "transfer:read_transfer", "transfer:read_transfer"},
	"clients/(?P<name>[^/]+)$ allowed_roles": {"clients/c0", "vendor", "other"},
	"config$ egress_cidrs":                   {"config", "203.0.113.0/24", "198.51.100.7/32"},
	"config/guardrails$ allowed_scopes":      {"config/guardrails", "funding:*", "transfer:*"},
	"roles/(?P<name>[^/]+)$ scopes":          {"roles/app", "funding:read_profile", "transfer:read_transfer"},
	"roles/(?P<name>[^/]+)$ scope_sets":      {"roles/app", "one", "two"},
	"roles/(?P<name>[^/]+)$ operations":      {"roles/app", "GetTransfer", "ListProfiles"},
	"roles/(?P<name>[^/]+)$ clients":         {"roles/vendor", "c0", "c1"},
	"scope-sets/(?P<name>[^/]+)$ scopes":     {"scope-sets/one", "funding:read_profile", "transfer:read_transfer"},

	"signers/(?P<name>[^/]+)$ operations":           {"signers/payouts", "CreateFiatAccount", "UpdateFiatAccount"},
	"signers/(?P<name>[^/]+)$ unlimited_operations": {"signers/payouts", "CreateFiatAccount", "UpdateFiatAccount"},
	"signers/(?P<name>[^/]+)$ sources":              {"signers/payouts", "profile-1", "profile-2"},
	"signers/(?P<name>[^/]+)$ destinations":         {"signers/payouts", "fiat:account-1", "profile:profile-2"},
	"signers/(?P<name>[^/]+)$ end_users":            {"signers/payouts", "identity-1", "account-2"},
	"signers/(?P<name>[^/]+)$ extra_fields":         {"signers/payouts", "note", "purpose"},
}

// strictLists are those that are not split: what is unclear there must never come out as "all".
var strictLists = []string{"creds/(?P<name>[^/]+)$ scopes", "token/(?P<name>[^/]+)$ scopes"}

// TestEveryListIsSplitTheSameWay writes each list of each path in every form, and reads it back as
// one that can be written again.
func TestEveryListIsSplitTheSameWay(t *testing.T) {
	t.Parallel()
	m := newPool(t, 2, nil)
	m.Must(logical.UpdateOperation, "scope-sets/one", map[string]any{"scopes": "funding:read_profile"})
	m.Must(logical.UpdateOperation, "scope-sets/two", map[string]any{"scopes": "transfer:read_transfer"})
	m.Must(logical.UpdateOperation, "roles/app", map[string]any{"scopes": "funding:read_profile"})
	m.Must(logical.UpdateOperation, "keys/payments", nil)
	m.Must(logical.UpdateOperation, "signers/payouts", map[string]any{"key": "payments",
		"operations": "CreateFiatAccount,UpdateFiatAccount"})
	for list, of := range writtenLists {
		_, parameter, _ := strings.Cut(list, " ")
		want := []any{of.a, of.b}
		if of.a == of.b {
			want = want[:1]
		}
		for form, value := range map[string]any{
			"array": []string{of.a, of.b}, "comma": of.a + "," + of.b, "space": of.a + " " + of.b, "lines": of.a +
				"\n" + of.b + "\n",
			"trailing comma": of.a + ", " + of.b +
				",", "array of lists": []any{of.a + " " + of.b, ""}, "repeated": of.a + "," + of.b + "," + of.a,
		} {
			m.Must(logical.UpdateOperation, of.path, map[string]any{parameter: value})
			for range 2 { // the second time with what was read
				read := m.Must(logical.ReadOperation, of.path, nil).Data[parameter]
				if fmt.Sprint(read) != fmt.Sprint(want) {
					t.Errorf("%s, written as %s: reads back as %q, want %q", list, form, read, want)
				}
				m.Must(logical.UpdateOperation, of.path, map[string]any{parameter: read})
			}
		}
	}
}

// TestNoListIsForgotten holds the tables above against what the paths declare.
func TestNoListIsForgotten(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	made, err := backend.NewFactory(backend.Options{Limits: m.Limits})(context.Background(),
		&logical.BackendConfig{StorageView: m.Storage, System: m.System})
	if err != nil {
		t.Fatal(err)
	}
	declared := map[string]bool{}
	for _, path := range reflect.ValueOf(made).Elem().FieldByName("Backend").Interface().(*framework.Backend).Paths {
		for name, field := range path.Fields {
			if field.Type == framework.TypeCommaStringSlice {
				declared[path.Pattern+" "+name] = true
			}
		}
	}
	for list := range writtenLists {
		if !declared[list] {
			t.Errorf("%s is not declared", list)
		}
		delete(declared, list)
	}
	for _, list := range strictLists {
		delete(declared, list)
	}
	for list := range declared {
		t.Errorf("%s is declared, and no test writes it", list)
	}
}
