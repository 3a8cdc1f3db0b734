package payment

import (
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestDestinations reads entries that an operator wrote.
func TestDestinations(t *testing.T) {
	t.Parallel()
	for entry, want := range map[string]Destination{
		"crypto:ETHEREUM:0xAb":                {Kind: "crypto", Network: "ETHEREUM", ID: "0xAb"},
		"crypto:BITCOIN_CASH:bitcoincash:q:1": {Kind: "crypto", Network: "BITCOIN_CASH", ID: "bitcoincash:q:1"},
		"crypto:STELLAR:GA":                   {Kind: "crypto", Network: "STELLAR", ID: "GA"},
		"crypto:STELLAR:GA?memo=1 2?memo=3":   {Kind: "crypto", Network: "STELLAR", ID: "GA", Memo: "1 2?memo=3"},
		"fiat:bank:1":                         {Kind: "fiat", ID: "bank:1"},
		"profile:p":                           {Kind: "profile", ID: "p"},
	} {
		if d, err := ParseDestination(entry); err != nil || d != want || d.String() != entry {
			t.Errorf("%s: %+v, %s, %v", entry, d, d, err)
		}
	}
	for _, entry := range []string{"", "*", "crypto", "crypto:", "crypto:ETHEREUM", "crypto:ETHEREUM:",
		"crypto::0xab", "crypto:ETHER EUM:0xab",
		"CRYPTO:ETHEREUM:0xab", "bank:1", "fiat", "fiat:", "fiat: 1", "profile:", "profile:\u00e9",
		"profile:p?memo=1", "fiat:b?x",
		"crypto:ETHEREUM:0xab?memo=1", "crypto:STELLAR:GA?memo=", "crypto:STELLAR:?memo=1",
		"crypto:STELLAR:GA?id=1", "0xab"} {
		if d, err := ParseDestination(entry); err == nil || d != (Destination{}) {
			t.Errorf("%q is %+v", entry, d)
		}
	}
	if text := (Destination{}).String(); text != "" {
		t.Errorf("nowhere is %s", text)
	}
}

// TestAddressesAreCompared checks which addresses are the same one.
func TestAddressesAreCompared(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		entry, network, address, memo string
		same                          bool
	}{
		{"crypto:ETHEREUM:0xabCD", "ETHEREUM", "0xABcd", "", true},
		{"crypto:ETHEREUM:0xabCD", "ETHEREUM", "0XabCD", "", false},
		{"crypto:ETHEREUM:0xabCD", "ETHEREUM", "0xabCDE", "", false},
		{"crypto:ETHEREUM:0xabCg", "ETHEREUM", "0xabcg", "", false},
		{"crypto:ETHEREUM:0xabCD", "ETHEREUM", "0xabCD", "any memo", true},
		{"crypto:ETHEREUM:0xabCD", "ethereum", "0xabCD", "", false},
		{"crypto:ETHEREUM:0xabCD", "BASE", "0xabCD", "", false},
		{"crypto:POLYGON:0xabCD", "POLYGON_POS", "0xabCD", "", false},
		{"crypto:BITCOIN:1BvB", "BITCOIN", "1BvB", "", true},
		{"crypto:BITCOIN:1BvB", "BITCOIN", "1bvb", "", false},
		{"crypto:STELLAR:GA", "STELLAR", "GA", "", true},
		{"crypto:STELLAR:GA", "STELLAR", "GA", "1", false},
		{"crypto:STELLAR:GA?memo=1", "STELLAR", "GA", "1", true},
		{"crypto:STELLAR:GA?memo=1", "STELLAR", "GA", "", false},
		{"crypto:STELLAR:GA?memo=1", "STELLAR", "GA", "2", false},
		{"crypto:STELLAR:GA?memo=1", "STELLAR", "GA", "1 ", false},
		{"crypto:stellar:GA", "stellar", "GA", "1", false},
		{"crypto:STELLAR:0xab?memo=Ab", "STELLAR", "0xAB", "ab", false},
	} {
		body := edited(t, bodies["CreateCryptoWithdrawal"][0], "crypto_network", c.network)
		body = edited(t, body, "destination_address", c.address)
		body = edited(t, body, "memo", remove{})
		if c.memo != "" {
			body = edited(t, body, "memo", c.memo)
		}
		policy := generous(t)
		policy.Destinations = []string{"fiat:x", c.entry}
		_, err := judge(t, policy, "CreateCryptoWithdrawal", body)
		var refusal *Refusal
		if c.same != (err == nil) || err != nil &&
			(!errors.As(err, &refusal) || refusal.Field != "destination_address") {
			t.Errorf("%+v: %v", c, err)
		}
	}
	policy := generous(t)
	policy.Destinations = []string{"profile:0xab", "fiat:0xab"}
	if _, err := judge(t, policy, "CreateInternalTransfer",
		edited(t, bodies["CreateInternalTransfer"][0], "to_profile_id",
			"0xAB")); err == nil {
		t.Error("the id of a profile is compared regardless of case")
	}
	for field, value := range map[string]string{"destination_address": "GA?memo=1", "crypto_network": "STELLAR:GA"} {
		wantMalformed(t, "CreateCryptoWithdrawal", edited(t, bodies["CreateCryptoWithdrawal"][0], field, value), field)
	}
	if _, err := judge(t, generous(t), "CreateOrchestration",
		edited(t, bodies["CreateOrchestration"][0], "memo", "1")); err == nil {
		t.Error("an orchestration has a memo")
	}
}

// TestCheckNeedsRead checks that a payment which did not come from Read is refused.
func TestCheckNeedsRead(t *testing.T) {
	t.Parallel()
	policy := generous(t)
	for _, m := range Movements() {
		for _, p := range []Payment{{Operation: m.Operation}, {Operation: m.Operation, Judged: m.Judged},
			{Operation: m.Operation, Judged: ByName + "s"}} {
			nothingToJudge := p.Judged == ByName && m.Source == "" && len(m.Destinations) == 0 ||
				p.Judged == Unlimited && m.Source == "" && len(m.Destinations) == 0
			if err := policy.Check(p); (err == nil) != nothingToJudge {
				t.Errorf("%+v: %v", p, err)
			}
		}
	}
	if err := policy.Check(Payment{}); err == nil {
		t.Error("nothing passes")
	}
}

// TestValidate checks what is refused of what an operator writes.
func TestValidate(t *testing.T) {
	t.Parallel()
	for parameter, policy := range map[string]Policy{
		"operations[1]":           {Operations: []string{"ListTransfers", "*"}},
		"operations[0]":           {Operations: []string{"createCryptoWithdrawal"}},
		"sources[0]":              {Sources: []string{""}},
		"sources[1]":              {Sources: []string{"a", "b c"}},
		"destinations[1]":         {Destinations: []string{"*", "0xab"}},
		"destinations[0]":         {Destinations: []string{"crypto:BASE:0xab?memo=1"}},
		"end_users[0]":            {EndUsers: []string{"\n"}},
		"unlimited_operations[0]": {UnlimitedOperations: []string{"CreateOrder"}},
		"unlimited_operations[1]": {Operations: []string{"CreateOrder", "CreateInternalTransfer"},
			UnlimitedOperations: []string{"CreateOrder", "CreateInternalTransfer"}},
		"unlimited_operations[2]": {Operations: []string{"CreateOrder", "CancelOrder"},
			UnlimitedOperations: []string{"CreateOrder", "CreateOrder", "CancelOrder"}},
		"extra_fields[0]": {ExtraFields: []string{"*"}},
		"extra_fields[1]": {ExtraFields: []string{"new", "amount"}},
		"extra_fields[2]": {ExtraFields: []string{"new", "new_er", "sourceAsset"}},
		"extra_fields[3]": {ExtraFields: []string{"new", "new_er", "x", "Legs"}},
	} {
		var invalid *Invalid
		if err := policy.Validate(); !errors.As(err, &invalid) || invalid.Parameter != parameter {
			t.Errorf("%+v: %v, want one that names %s", policy, err, parameter)
		}
	}
	err := Policy{Operations: []string{"CreateCryptoWithdrawals"}}.Validate()
	if err == nil || !strings.Contains(err.Error(), "did you mean CreateCryptoWithdrawal or") {
		t.Errorf("a misspelling: %v", err)
	}
	err = Policy{Operations: []string{Any}}.Validate()
	if err == nil || !strings.Contains(err.Error(), "* is not allowed here") {
		t.Errorf("any operation: %v", err)
	}
	if err := (Policy{}).Validate(); err != nil {
		t.Error(err)
	}
	for _, m := range Movements() {
		for _, field := range m.Fields() {
			for key := range strings.SplitSeq(strings.ReplaceAll(field, "[]", ""), ".") {
				for _, spelling := range []string{key, camelCase(key), strings.ToUpper(key)} {
					if err := (Policy{ExtraFields: []string{spelling}}).Validate(); err == nil {
						t.Errorf("%s is an extra field", spelling)
					}
				}
			}
		}
	}
}

// TestLimits reads limits that an operator wrote, and checks payments with those of the guardrails.
func TestLimits(t *testing.T) {
	t.Parallel()
	limits, err := ParseLimits("limits", map[string]any{"USD": "100.50", "BTC": "0"})
	if err != nil || len(limits) != 2 || limits["USD"].String() != "100.50" {
		t.Errorf("read %v, %v", limits, err)
	}
	for parameter, written := range map[string]map[string]any{
		"limits.USD": {"BTC": "1", "USD": 100},
		"limits.EUR": {"EUR": 1.5},
		"limits.A":   {"A": nil},
		"limits.B":   {"B": "-1"},
		"limits.C":   {"C": "1.0000000000000000001"},
		"limits.D":   {"D": "1e3"},
		"limits.E":   {"E": []any{"1"}},
		"limits":     {"*": "1"},
	} {
		var invalid *Invalid
		if _, err := ParseLimits("limits", written); !errors.As(err, &invalid) || invalid.Parameter != parameter {
			t.Errorf("%v: %v, want one that names %s", written, err, parameter)
		}
	}
	if _, err := ParseLimits("limits", map[string]any{"": "1"}); err == nil || CheckAsset("U SD") == nil ||
		CheckAsset("USD") != nil {
		t.Error("the names of assets are not checked")
	}
	p, err := Read(request(t, "CreateFiatWithdrawal", "", bodies["CreateFiatWithdrawal"][0]))
	if err != nil {
		t.Fatal(err)
	}
	var refusal *Refusal
	if err := limits.Check("sign_limits", p); err != nil {
		t.Error(err)
	}
	err = Limits{"USD": decimal(t, "99.99")}.Check("sign_limits", p)
	if !errors.As(err, &refusal) || refusal.Limit != "sign_limits" ||
		err.Error() != "amount is too large: sign_limits.USD allows at most 99.99 per request" {
		t.Errorf("above: %v", err)
	}
	if err := (Limits{"EUR": decimal(t, "1000")}).Check("sign_limits", p); !errors.As(err, &refusal) ||
		refusal.Field != "asset" {
		t.Errorf("lacking: %v", err)
	}
	if err := (Limits{}).Check("limits", Payment{Judged: ByAmount}); err == nil {
		t.Error("a payment without its amount passes")
	}
}

// FuzzPolicy checks every payment that passes against the policy, in another way.
func FuzzPolicy(f *testing.F) {
	f.Add("from-1", "ETHEREUM", "0xAb", "", "USD", "1.5", "from-1", "crypto:ETHEREUM:0xaB", "2", "u", "u")
	f.Add("from-1", "STELLAR", "GA", "7", "USD", "1.5", "*", "crypto:STELLAR:GA?memo=7", "1.5", "", "")
	f.Add("*", "BITCOIN_CASH", "bitcoincash:q", "7", "BCH", "3", "from-1", "*", "1.5", "u", "")
	f.Fuzz(func(t *testing.T, source, network, address, memo, asset, amount, sources, destination, limit, user,
		users string) {
		most, err := ParseDecimal(limit)
		if err != nil || !utf8.ValidString(memo) {
			return
		}
		body := edited(t, `{"ref_id":"r"}`, "profile_id", source)
		for field, value := range map[string]string{"crypto_network": network, "destination_address": address,
			"memo": memo, "asset": asset,
			"total": amount, "account_id": user} {
			if value != "" {
				body = edited(t, body, field, value)
			}
		}
		if len(body) > 8<<10 {
			return
		}
		policy := Policy{Operations: []string{"CreateCryptoWithdrawal"}, Sources: []string{sources},
			Destinations: []string{destination},
			EndUsers:     []string{users}, Limits: Limits{"USD": most, "BCH": most}}
		p, err := judge(t, policy, "CreateCryptoWithdrawal", body)
		if err != nil {
			return
		}
		to := "crypto:" + network + ":" + address
		if strings.EqualFold(network, "STELLAR") && memo != "" {
			to += "?memo=" + memo
		}
		switch {
		case source != sources && sources != "*", user != "" && user != users && users != "*",
			asset != "USD" &&
				asset != "BCH", p.Amounts[0].Value.String() != amount, p.Source != source, p.Destination.String() != to:
			t.Errorf("passes: %s with %+v", body, policy)
		case to != destination && destination != "*" &&
			!(strings.EqualFold(to, destination) && strings.HasPrefix(address, "0x")):
			t.Errorf("pays to %s, allowed %s", to, destination)
		case rational(t, amount).Cmp(rational(t, limit)) > 0 || rational(t, amount).Cmp(new(big.Rat)) <= 0:
			t.Errorf("pays %s, allowed %s", amount, limit)
		case !slices.Equal(p.ExtraFields, nil):
			t.Errorf("extra fields %q", p.ExtraFields)
		}
	})
}
