package catalog

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestScopes checks that scopes are sorted, well formed and described.
func TestScopes(t *testing.T) {
	t.Parallel()
	grammar := regexp.MustCompile(`^[a-z_]+:[a-z_]+$`)
	names := known().scopeNames
	if !slices.IsSorted(names) {
		t.Error("the scopes are not in order of name")
	}
	for _, s := range Scopes() {
		if !grammar.MatchString(s.Name) || s.Description == "" || s.Risk < Read || s.Risk > Admin {
			t.Errorf("%+v", s)
		}
		if found, ok := LookupScope(s.Name); !ok || found != s {
			t.Errorf("looking up %s finds %+v", s.Name, found)
		}
	}
	if s, ok := LookupScope("event:read_event"); ok {
		t.Errorf("found %+v", s)
	}
}

// TestWithout checks what is left of names, and that the order stays.
func TestWithout(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ names, others, want string }{
		{"", "", ""}, {"a:a", "", "a:a"}, {"", "a:a", ""}, {"c:c a:a b:b", "a:a d:d", "c:c b:b"}, {"a:a", "a:a", ""},
		{"a:a b:b a:a", "b:b", "a:a a:a"},
	} {
		names := strings.Fields(test.names)
		got := Without(names, strings.Fields(test.others))
		if strings.Join(got, " ") != test.want || strings.Join(names, " ") != test.names ||
			(got == nil) != (test.want == "") {
			t.Errorf("%q without %q is %q, want %q", test.names, test.others, got, test.want)
		}
	}
}

// TestDangerousScopes pins what a reviewer looks for first. A change of the table that lowers the
// risk of one of these scopes must be made here too.
func TestDangerousScopes(t *testing.T) {
	t.Parallel()
	byRisk := map[Risk][]string{}
	for _, s := range Scopes() {
		byRisk[s.Risk] = append(byRisk[s.Risk], s.Name)
	}
	if got, want := byRisk[Admin], []string{"api_creds:delete_credentials",
		"api_creds:read_credentials"}; !slices.Equal(got, want) {
		t.Errorf("admin: %q, want %q", got, want)
	}
	want := strings.Fields(`
		conversion:write_conversion_stablecoin
		exchange:write_issuer_quote exchange:write_issuer_quote_execution exchange:write_order exchange:write_quote_execution
		orchestration:write_orchestration orchestration:write_orchestration_rule
		rewards:create_payout_groups rewards:delete_payout_groups rewards:update_payout_groups
		rewards:write_claims_schedule rewards:write_payout_groups
		settlement:write_transaction
		transfer:write_crypto_destination_address transfer:write_crypto_withdrawal transfer:write_fiat_account
		transfer:write_fiat_withdrawal transfer:write_internal_transfer transfer:write_paxos_transfer`)
	if got := byRisk[MovesMoney]; !slices.Equal(got, want) {
		t.Errorf("moves money: %q, want %q", got, want)
	}
	for _, name := range byRisk[Read] {
		if strings.Contains(name, ":write_") {
			t.Errorf("%s is graded read", name)
		}
	}
}

// TestScopesAndOperationsAgree compares both tables: every scope that an operation names is known,
// each scope alone opens exactly the operations that name it, and only the scopes that the package
// comment explains belong to no operation.
func TestScopesAndOperationsAgree(t *testing.T) {
	t.Parallel()
	accepting := map[string]int{}
	for _, o := range Operations() {
		for _, scope := range o.Scopes {
			if _, ok := LookupScope(scope); !ok {
				t.Errorf("%s names %s, which is not in scopes.tsv", o.ID, scope)
			}
			accepting[scope]++
		}
	}
	var unused []string
	for _, s := range Scopes() {
		if opened := len(OpenedBy(s.Name)); opened != accepting[s.Name] {
			t.Errorf("%s: %d operations accept it by operations.tsv, and it opens %d", s.Name, accepting[s.Name],
				opened)
		}
		if accepting[s.Name] == 0 {
			unused = append(unused, s.Name)
		}
	}
	want := []string{"exchange:read_aggregated_marketdata_stream", "funding:read_bank_balance", "tax:read_tax_lot",
		"tax:write_tax_lot"}
	if !slices.Equal(unused, want) {
		t.Errorf("scopes of no operation: %q, want %q", unused, want)
	}
}

// TestDerivedDescriptions checks that a derived description lists every operation that the scope
// opens.
func TestDerivedDescriptions(t *testing.T) {
	t.Parallel()
	for _, s := range Scopes() {
		list, derived := strings.CutPrefix(s.Description, "(derived) ")
		if !derived {
			continue
		}
		listed := strings.Split(list, ", ")
		for _, o := range OpenedBy(s.Name) {
			if !slices.Contains(listed, o.ID) {
				t.Errorf("%s opens %s, which its description %q lacks", s.Name, o.ID, s.Description)
			}
		}
	}
}
