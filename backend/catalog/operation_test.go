package catalog

import (
	"regexp"
	"slices"
	"testing"
)

// ids returns the ids of operations.
func ids(operations []Operation) []string {
	var all []string
	for _, o := range operations {
		all = append(all, o.ID)
	}
	return all
}

// TestOperations checks the form of every operation, that each is found by its id, and which ones
// need no scope: those are listed, so that all others are known to need one.
func TestOperations(t *testing.T) {
	t.Parallel()
	path := regexp.MustCompile(`^/v2(/[a-z-]+|/\{[a-z_]+\})+$`)
	byAccess, choices := map[Access][]string{}, []string{}
	for _, o := range Operations() {
		byAccess[o.Access] = append(byAccess[o.Access], o.ID)
		if o.AnyScope {
			choices = append(choices, o.ID)
		}
		if !slices.Contains([]string{"GET", "POST", "PUT", "DELETE"}, o.Method) || !path.MatchString(o.Path) ||
			o.Tag == "" {
			t.Errorf("%+v", o)
		}
		if found, ok := LookupOperation(o.ID); !ok || found.Path != o.Path || found.Method != o.Method {
			t.Errorf("looking up %s finds %+v", o.ID, found)
		}
	}
	if want := []string{"CreatePayoutGroup", "DeletePayoutGroup", "UpdatePayoutGroup"}; !slices.Equal(choices, want) {
		t.Errorf("any one of several scopes: %q, want %q", choices, want)
	}
	if want := []string{"ListPrices", "ListMarkets", "GetOrderBook", "ListRecentExecutions",
		"GetTicker"}; !slices.Equal(byAccess[Public], want) {
		t.Errorf("public: %q, want %q", byAccess[Public], want)
	}
	if want := []string{"ListVasps", "GetVasp"}; !slices.Equal(byAccess[AnyToken], want) {
		t.Errorf("any token: %q, want %q", byAccess[AnyToken], want)
	}
	if o, ok := LookupOperation("gettransfer"); ok || o.ID != "" {
		t.Errorf("found %+v", o)
	}
}

// TestAllowedBy checks operations that need all of their scopes, any one of them, or no scope.
func TestAllowedBy(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		operation Operation
		scopes    []string
		want      bool
	}{
		{Operation{Scopes: []string{"x:one", "x:two"}}, []string{"x:one"}, false},
		{Operation{Scopes: []string{"x:one", "x:two"}}, []string{"x:two", "x:three", "x:one"}, true},
		{Operation{Scopes: []string{"x:one", "x:two"}, AnyScope: true}, []string{"x:two"}, true},
		{Operation{Scopes: []string{"x:one", "x:two"}, AnyScope: true}, []string{"x:three", "x:on"}, false},
		{Operation{Scopes: []string{"x:one"}, AnyScope: true}, nil, false},
		{Operation{Access: AnyToken}, nil, true},
	} {
		if got := test.operation.AllowedBy(test.scopes); got != test.want {
			t.Errorf("%+v by %q: %t", test.operation, test.scopes, got)
		}
	}
}

// TestOperationRisk checks that an operation has the risk of its scope, and that a GET never counts as
// moving money.
func TestOperationRisk(t *testing.T) {
	t.Parallel()
	for id, test := range map[string]struct {
		risk  Risk
		moves bool
	}{
		"GetTransfer":                          {Read, false},
		"CreateSandboxDeposit":                 {Read, false},
		"CreateProfile":                        {Write, false},
		"CreateCryptoWithdrawal":               {MovesMoney, true},
		"CreatePayoutGroup":                    {MovesMoney, true},
		"GetIssuerQuoteSettlementAvailability": {MovesMoney, false},
		"DeleteApiCredentials":                 {Admin, false},
		"ListPrices":                           {Read, false},
		"ListVasps":                            {Read, false},
	} {
		o, _ := LookupOperation(id)
		if o.Risk() != test.risk || o.MovesMoney() != test.moves {
			t.Errorf("%s: risk %v, moves money %t", id, o.Risk(), o.MovesMoney())
		}
	}
	either := Operation{Access: WithScope, Scopes: []string{"funding:read_profile", "api_creds:read_credentials"},
		AnyScope: true}
	if either.Risk() != Read {
		t.Errorf("either of read and admin: %v", either.Risk())
	}
	if either.AnyScope = false; either.Risk() != Admin {
		t.Errorf("both of read and admin: %v", either.Risk())
	}
}

// TestOpenedBy checks which operations some scopes open together.
func TestOpenedBy(t *testing.T) {
	t.Parallel()
	if got, want := ids(OpenedBy("transfer:read_transfer", "events:read_event")), []string{"ListTransfers",
		"GetTransfer", "ListEvents", "GetEvent"}; !slices.Equal(got, want) {
		t.Errorf("opened %q, want %q", got, want)
	}
	if got := OpenedBy("event:read_event"); len(got) != 0 {
		t.Errorf("an unknown scope opens %q", ids(got))
	}
	if got := OpenedBy(); len(got) != 0 {
		t.Errorf("no scope opens %q", ids(got))
	}
	needScope := slices.DeleteFunc(Operations(), func(o Operation) bool { return o.Access != WithScope })
	if got := OpenedBy(known().scopeNames...); !slices.Equal(ids(got), ids(needScope)) {
		t.Errorf("all scopes open %q, want all operations that need a scope", ids(got))
	}
	if got, want := ids(Beyond([]string{"transfer:read_transfer"},
		[]string{"GetTransfer"})), []string{"ListTransfers"}; !slices.Equal(got, want) {
		t.Errorf("beyond what was asked for: %q, want %q", got, want)
	}
}

// TestAnswersAreCopies changes everything that the package returns, and checks that the next answer is
// not changed.
func TestAnswersAreCopies(t *testing.T) {
	t.Parallel()
	const id, scope = "CreatePayoutGroup", "rewards:create_payout_groups"
	spoil := func(o Operation) { o.Scopes[0] = "spoilt" }
	one, _ := LookupOperation(id)
	spoil(one)
	matched, _ := Match("POST", "/v2/rewards/payout-groups")
	spoil(matched)
	for _, many := range [][]Operation{Operations(), OpenedBy(scope), Beyond([]string{scope}, nil)} {
		spoil(many[slices.IndexFunc(many, func(o Operation) bool { return o.ID == id })])
		clear(many)
	}
	clear(Scopes())
	all := Sets()
	all[0].Scopes[0] = "spoilt"
	clear(all)
	set, _ := LookupSet("mint-redeem-convert")
	set.Scopes[1] = "spoilt"
	resolution, _ := Resolve([]string{id}, nil)
	resolution.Scopes[0] = "spoilt"
	clear(resolution.NeededFor)
	NearScopes("event:read_event")[0] = "spoilt"

	if o, _ := LookupOperation(id); o.Scopes[0] != scope || Operations()[0].ID != "ListProfiles" ||
		len(OpenedBy(scope)) != 1 {
		t.Error("an operation is spoilt")
	}
	if Scopes()[0].Name == "" || NearScopes("event:read_event")[0] != "events:read_event" {
		t.Error("a scope is spoilt")
	}
	if set, _ := LookupSet("mint-redeem-convert"); slices.Contains(set.Scopes, "spoilt") {
		t.Error("a set is spoilt")
	}
	if again, _ := Resolve([]string{id}, nil); again.Scopes[0] != scope || len(again.NeededFor) != 1 {
		t.Error("a resolution is spoilt")
	}
}
