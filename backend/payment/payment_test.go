package payment

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"vault-plugin-secrets-paxos/backend/catalog"
	"vault-plugin-secrets-paxos/backend/signing"
)

// bodies holds for each operation of the catalogue's table a body that names everything which is
// judged, in each of its forms.
var bodies = map[string][]string{
	"CreateCryptoWithdrawal": {
		`{"ref_id":"r-1","profile_id":"from-1","crypto_network":"ETHEREUM","destination_address":"0xAbC1",
			"asset":"USDG","amount":"100.00","balance_asset":"USD","identity_id":"user-1","account_id":"user-2",
			"memo":"m","fee_id":"f",
			"beneficiary":{"person_details":{"first_name":"A","last_name":"B"}},"metadata":{"k":"v"}}`,
		`{"ref_id":"r-1","profile_id":"from-1","crypto_network":"BITCOIN_CASH","destination_address":"bitcoincash:q1",
			"asset":"BCH","total":"100.00"}`,
	},
	"CreateFiatWithdrawal": {
		`{"ref_id":"r-1","profile_id":"from-1","fiat_account_id":"bank-1","asset":"USD","amount":"100.00",
			"identity_id":"user-1","account_id":"user-2","memo":"m","metadata":{"k":"v"}}`,
		`{"ref_id":"r-1","profile_id":"from-1","fiat_account_id":"bank-1","asset":"USD","total":"100.00"}`,
	},
	"CreateInternalTransfer": {
		`{"ref_id":"r-1","from_profile_id":"from-1","to_profile_id":"to-1","asset":"BTC","amount":"100.00",
			"from_identity_id":"user-1","from_account_id":"user-2","to_identity_id":"user-3","to_account_id":"user-4",
			"metadata":{"k":"v"},"recipient_metadata":{"k":"v"}}`,
	},
	"CreatePaxosTransfer": {
		`{"ref_id":"r-1","from_profile_id":"from-1","to_profile_id":"to-1","asset":"BTC","amount":"100.00",
			"from_identity_id":"user-1","from_account_id":"user-2","to_identity_id":"user-3","to_account_id":"user-4",
			"metadata":{"k":"v"},"recipient_metadata":{"k":"v"}}`,
	},
	"CreateOrchestration": {
		`{"ref_id":"r-1","source":{"profile":{"profile_id":"from-1"}},"source_asset":"USDC","source_amount":"100.00",
			"destination":{"crypto":{"network":"POLYGON","address":"0xAbC1"}},"destination_asset":"USDG",
			"identity_id":"user-1","account_id":"user-2","metadata":{"k":"v"}}`,
		`{"ref_id":"r-1","source":{"profile":{"profile_id":"from-1"}},"source_asset":"USDC","source_amount":"100.00",
			"destination":{"fiat":{"bank_account_id":"bank-1","memo":"m"}},"destination_asset":"USD"}`,
		`{"ref_id":"r-1","source":{"profile":{"profile_id":"from-1"}},"source_asset":"USDC","source_amount":"100.00",
			"destination":{"profile":{"profile_id":"to-1"}},"destination_asset":"USD"}`,
	},
	"CreateStablecoinConversion": {
		`{"ref_id":"r-1","profile_id":"from-1","recipient_profile_id":"to-1","source_asset":"USDC","target_asset":"USD",
			"amount":"100.00","identity_id":"user-1","account_id":"user-2","metadata":{"k":"v"}}`,
		`{"ref_id":"r-1","profile_id":"from-1","source_asset":"USDC","target_asset":"USD","amount":"100.00"}`,
	},
	"CreateTransaction": {
		`{"ref_id":"r-1","source_profile_id":"from-1","target_profile_id":"to-1","legs":[
			{"direction":"DELIVER","asset":"BTC","amount":"99.50"},
			{"direction":"RECEIVE","asset":"USD","amount":"7000000"},
			{"direction":"DELIVER","asset":"BTC","amount":"0.5"}],
			"settlement_window_start":"2026-01-01T00:00:00Z","settlement_window_end":"2026-01-02T00:00:00Z"}`,
		`{"ref_id":"r-1","source_profile_id":"from-1","target_profile_id":"to-1","legs":[
			{"direction":"DELIVER","asset":"BTC","amount":"100.00"}]}`,
	},
	"CreateOrchestrationRule": {
		`{"ref_id":"r-1","profile_id":"from-1","destination":{"crypto":{"network":"POLYGON","address":"0xAbC1"}},
			"source_asset":"USDC","destination_asset":"USDG","source":{"crypto":{"network":"ETHEREUM"}},
			"identity_id":"user-1","account_id":"user-2","nickname":"n"}`,
		`{"ref_id":"r-1","profile_id":"from-1","destination":{"fiat":{"fiat_account_id":"bank-1","memo":"m"}},
			"source_asset":"USDC","destination_asset":"USD","source":{"fiat":{"network":"WIRE","account_type":"ABA"}}}`,
		`{"ref_id":"r-1","profile_id":"from-1","destination":{"profile":{"profile_id":"to-1"}},
			"source_asset":"USDC","destination_asset":"USDG","source":{"crypto":{"network":"ETHEREUM"}}}`,
	},
	"CreateOrder": {
		`{"ref_id":"r-1","recipient_profile_id":"to-1","side":"BUY","market":"BTCUSD","type":"LIMIT","base_amount":"1",
			"quote_amount":"1","price":"1","stop_price":"1","time_in_force":"GTT","expiration_date":"1",
			"await_fill_millis":10000,"self_match_prevention_id":"s","identity_id":"user-1",
			"identity_account_id":"user-2","metadata":{"k":"v"}}`,
		`{"ref_id":"r-1","side":"BUY","market":"BTCUSD","type":"MARKET","quote_amount":"1"}`,
	},
	"CreateQuoteExecution": {
		`{"ref_id":"r-1","recipient_profile_id":"to-1","quote_id":"q","base_amount":"1","quote_amount":"1",
			"identity_id":"user-1","account_id":"user-2","metadata":{"k":"v"}}`,
		`{"ref_id":"r-1","quote_id":"q","base_amount":"1"}`,
	},
	"CreateIssuerQuoteExecution": {`{"profile_id":"from-1"}`},
	"AffirmTransaction":          {``, `{}`},
	"CreateFiatAccount": {
		`{"ref_id":"r-1","identity_id":"user-1","account_id":"user-2","fiat_account_owner":{"person_details":{}},
			"fiat_network_instructions":{"wire":{"account_number":"1"}},"metadata":{"k":"v"}}`,
	},
	"UpdateFiatAccount": {
		`{"fiat_account_owner":{"person_details":{}},"fiat_network_instructions":{"wire":null},"metadata":{"k":"v"}}`,
	},
	"CreatePayoutGroup": {
		`{"ledger":"ETHEREUM","claimer_address":"0xAbC1","asset_type":"USDG","jurisdiction":"US","name":"n",
			"schedule":{"hour":1}}`,
	},
	"UpdatePayoutGroup":               {`{"name":"n","jurisdiction":"US"}`},
	"CreateAttributionAddress":        {`{"address":{"payout_group_id":"p"}}`},
	"BatchCreateAttributionAddresses": {`{"addresses":[{"payout_group_id":"p"},[1,-2.5e3,true,null,"x",[]]]}`},
	"UpdateAttributionAddress": {
		`{"customer_id":"c","ledger":"PAXOS","address":"a","name":"n","created_at":"c","effective_at":"e","id":"i",
			"payout_group_id":"p","balance":"1","status":"s","asset_type":"USDG","verification_proof_id":"v",
			"verification_status":"v","verification_method":"v","verification_expires_at":"v"}`,
	},
	"PutCryptoDestinationAddress": {
		`{"crypto_network":"ETHEREUM","address":"0xAbC1","identity_id":"user-1","nickname":"n","bookmarked_status":true,
			"travelrule_metadata":{"beneficiary":{"self":true}}}`,
	},
	"CreateIssuerQuote":          {`{"profile_id":"from-1","market":"PAXGUSD","side":"BUY","base_amount":"1"}`},
	"DeleteFiatAccount":          {``},
	"CancelOrder":                {``},
	"CancelStablecoinConversion": {``},
	"CancelTransaction":          {``},
	"DeleteOrchestrationRule":    {``},
	"DeletePayoutGroup":          {``},
	"CreateClaimSchedule": {
		`{"payout_group_id":"p","schedule_type":"WEEKLY","days_of_week":[1],"days_of_month":[2],"hour":0,"minute":0}`,
	},
	"UpdateClaimSchedule": {
		`{"schedule_type":"WEEKLY","days_of_week":[1],"days_of_month":[2],"hour":0,"minute":0}`,
	},
	"DeleteClaimSchedule": {``},
}

// generous returns a policy that allows every body above, and at most 100 of each asset.
func generous(t testing.TB) Policy {
	t.Helper()
	p := Policy{Sources: []string{"from-1"}, EndUsers: []string{"user-1", "user-2", "user-3", "user-4"},
		Destinations: []string{"crypto:ETHEREUM:0xabc1", "crypto:POLYGON:0xABC1", "crypto:BITCOIN_CASH:bitcoincash:q1",
			"fiat:bank-1", "profile:to-1", "profile:from-1"},
		Limits: Limits{}}
	for _, asset := range []string{"USD", "USDG", "USDC", "BTC", "BCH"} {
		p.Limits[asset] = decimal(t, "100")
	}
	for _, o := range catalog.Operations() {
		p.Operations = append(p.Operations, o.ID)
		if m, ok := LookupMovement(o.ID); ok && m.Judged == Unlimited {
			p.UnlimitedOperations = append(p.UnlimitedOperations, o.ID)
		}
	}
	if err := p.Validate(); err != nil {
		t.Fatal(err)
	}
	return p
}

// decimal returns the decimal of a text.
func decimal(t testing.TB, text string) Decimal {
	t.Helper()
	d, err := ParseDecimal(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// request returns a request for an operation. In its path, the profile is from-1.
func request(t testing.TB, id, query, body string) signing.Request {
	t.Helper()
	o, ok := catalog.LookupOperation(id)
	if !ok {
		t.Fatalf("no operation %s", id)
	}
	segments := strings.Split(o.Path, "/")
	for i, segment := range segments {
		if strings.HasPrefix(segment, "{") {
			segments[i] = strings.ReplaceAll(segment[1:len(segment)-1], "profile_id", "from-1")
		}
	}
	r, err := signing.NewRequest(o.Method, strings.Join(segments, "/")+query, []byte(body))
	if err != nil {
		t.Fatalf("%s: %v", id, err)
	}
	return r
}

// judge reads a request and checks it.
func judge(t testing.TB, p Policy, id, body string) (Payment, error) {
	t.Helper()
	payment, err := Read(request(t, id, "", body))
	if err != nil {
		var malformed *Malformed
		if !errors.As(err, &malformed) || malformed.Field == "" || malformed.Reason == "" {
			t.Errorf("%s: another error: %#v", id, err)
		}
		return payment, err
	}
	err = p.Check(payment)
	if refusal := new(Refusal); err != nil &&
		(!errors.As(err, &refusal) || refusal.Field == "" || refusal.Limit == "") {
		t.Errorf("%s: another error: %#v", id, err)
	}
	return payment, err
}

// everyBody calls a function for every body above.
func everyBody(t *testing.T, each func(t *testing.T, m Movement, body string)) {
	t.Helper()
	for _, m := range Movements() {
		if len(bodies[m.Operation]) == 0 {
			t.Errorf("%s has no body here", m.Operation)
		}
		for i, body := range bodies[m.Operation] {
			t.Run(fmt.Sprint(m.Operation, i), func(t *testing.T) {
				t.Parallel()
				each(t, m, body)
			})
		}
	}
}

// edited returns a body with the value of a field replaced; with remove, the field is taken away.
// Parents that are missing are made. A field of a list is edited in each element.
func edited(t *testing.T, body, field string, value any) string {
	t.Helper()
	var tree map[string]any
	decoder := json.NewDecoder(strings.NewReader(body))
	decoder.UseNumber()
	if err := decoder.Decode(&tree); err != nil {
		t.Fatal(err)
	}
	edit(tree, strings.Split(field, "."), value)
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(tree); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// remove takes a field away.
type remove struct{}

func edit(tree map[string]any, keys []string, value any) {
	key, list := strings.CutSuffix(keys[0], "[]")
	_, takeAway := value.(remove)
	switch {
	case len(keys) == 1 && takeAway:
		delete(tree, key)
	case len(keys) == 1:
		tree[key] = value
	case list:
		for _, element := range tree[key].([]any) {
			edit(element.(map[string]any), keys[1:], value)
		}
	default:
		if tree[key] == nil {
			tree[key] = map[string]any{}
		}
		edit(tree[key].(map[string]any), keys[1:], value)
	}
}

// wantMalformed reads a body that must be refused for a field.
func wantMalformed(t *testing.T, id, body, field string) {
	t.Helper()
	_, err := Read(request(t, id, "", body))
	var malformed *Malformed
	if !errors.As(err, &malformed) || malformed.Field != field {
		t.Errorf("%s %s: %v, want one that names %s", id, body, err, field)
	}
}

// TestEveryBody checks that what is complete and allowed passes, with all that is known of it.
func TestEveryBody(t *testing.T) {
	t.Parallel()
	policy := generous(t)
	everyBody(t, func(t *testing.T, m Movement, body string) {
		p, err := judge(t, policy, m.Operation, body)
		if err != nil {
			t.Fatal(err)
		}
		if p.Operation != m.Operation || p.Judged != m.Judged || (p.RefID == "r-1") != (m.RefID != "") ||
			(p.Source == "from-1") != (m.Source != "") || (p.Destination.Kind != "") != (len(m.Destinations) > 0) {
			t.Errorf("read %+v", p)
		}
		for _, amount := range p.Amounts {
			if amount.Value.Cmp(decimal(t, "100")) != 0 {
				t.Errorf("the amount is %s %s", amount.Value, amount.Asset)
			}
		}
		if (len(p.Amounts) > 0) != (m.Judged == ByAmount) {
			t.Errorf("the amounts are %v", p.Amounts)
		}
		for _, field := range m.EndUsers {
			named := slices.ContainsFunc(p.EndUsers, func(user EndUser) bool { return user.Field == field })
			if named != strings.Contains(body, `"`+field+`"`) {
				t.Errorf("the end users are %v", p.EndUsers)
			}
		}
	})
}

// TestEveryOperation sends every operation of the API through a policy that names it alone.
func TestEveryOperation(t *testing.T) {
	t.Parallel()
	for _, o := range catalog.Operations() {
		m, moves := LookupMovement(o.ID)
		body, policy := "", Policy{Operations: []string{o.ID}}
		switch {
		case moves:
			body = bodies[o.ID][0]
		case o.Method == "POST" || o.Method == "PUT":
			body = "\xff any bytes"
		}
		p, err := judge(t, policy, o.ID, body)
		enough := !moves || m.Judged == ByName && m.Source == "" && len(m.Destinations) == 0
		if (err == nil) != enough {
			t.Errorf("%s, which moves money: %t: %v", o.ID, moves, err)
		}
		if _, err := judge(t, Policy{}, o.ID, body); err == nil {
			t.Errorf("%s passes a policy that allows nothing", o.ID)
		}
		if !moves && p.Judged != "" {
			t.Errorf("%s is judged by %s", o.ID, p.Judged)
		}
	}
}

// TestWhatIsNotNamed takes away from the policy what allows a body, one thing at a time.
func TestWhatIsNotNamed(t *testing.T) {
	t.Parallel()
	everyBody(t, func(t *testing.T, m Movement, body string) {
		policy := generous(t)
		p, err := judge(t, policy, m.Operation, body)
		if err != nil {
			t.Fatal(err)
		}
		refused := func(limit, field string, narrow func(*Policy)) {
			t.Helper()
			narrowed := policy
			narrow(&narrowed)
			err := narrowed.Check(p)
			var refusal *Refusal
			if !errors.As(err, &refusal) || refusal.Limit != limit || refusal.Field != field {
				t.Errorf("without %s: %v, want one that names %s", limit, err, field)
			}
		}
		refused("operations", "operation", func(p *Policy) { p.Operations = []string{"", Any, "ListTransfers"} })
		if m.Judged == Unlimited {
			refused("unlimited_operations", "operation", func(p *Policy) { p.UnlimitedOperations = nil })
		}
		if m.Source != "" {
			refused("sources", m.Source, func(p *Policy) { p.Sources = []string{"from-2", "From-1", "from-1 "} })
		}
		if len(m.Destinations) > 0 {
			refused("destinations", p.names.destination, func(p *Policy) {
				p.Destinations = []string{"crypto:ETHEREUM:0xabc2", "crypto:POLYGON_POS:0xAbC1", "fiat:to-1",
					"profile:bank-1",
					"crypto:BITCOIN_CASH:q1", "nonsense"}
			})
		}
		for _, user := range p.EndUsers {
			refused("end_users", user.Field, func(p *Policy) {
				p.EndUsers = slices.DeleteFunc(slices.Clone(p.EndUsers), func(id string) bool { return id == user.ID })
			})
		}
		for _, amount := range p.Amounts {
			refused("limits", amount.AssetField, func(p *Policy) {
				p.Limits = maps.Clone(policy.Limits)
				p.Limits[strings.ToLower(amount.Asset)] = decimal(t, "1000")
				delete(p.Limits, amount.Asset)
			})
			refused("limits", amount.Field, func(p *Policy) {
				p.Limits = maps.Clone(policy.Limits)
				p.Limits[amount.Asset] = decimal(t, "99.999999999999999999")
			})
		}
		everything := Policy{Operations: policy.Operations, UnlimitedOperations: policy.UnlimitedOperations,
			Sources: []string{Any}, Destinations: []string{Any}, EndUsers: []string{Any}, Limits: policy.Limits}
		if err := everything.Check(p); err != nil {
			t.Errorf("with * everywhere: %v", err)
		}
	})
}

// TestAmountsInEveryForm replaces each amount that a body can have: at the limit it passes, above it is
// refused, and anything but a plain decimal in a string is malformed.
func TestAmountsInEveryForm(t *testing.T) {
	t.Parallel()
	policy := generous(t)
	everyBody(t, func(t *testing.T, m Movement, body string) {
		if strings.Contains(body, `"99.50"`) { // the sum of legs is tested below
			return
		}
		for _, field := range m.Amounts {
			if !strings.Contains(body, `"`+field[strings.LastIndex(field, ".")+1:]+`"`) {
				continue
			}
			for _, value := range []string{"100", "100.0", "100.000000000000000000", "0.000000000000000001"} {
				if p, err := judge(t, policy, m.Operation, edited(t, body, field, value)); err != nil ||
					p.Amounts[0].Value.String() != value {
					t.Errorf("%s %s: %v, read %v", field, value, err, p.Amounts)
				}
			}
			for _, value := range []string{"100.000000000000000001", "101", "1000", "99999999999999999999"} {
				var refusal *Refusal
				_, err := judge(t, policy, m.Operation, edited(t, body, field, value))
				if !errors.As(err, &refusal) || refusal.Field != field || refusal.Limit != "limits" {
					t.Errorf("%s %s: %v", field, value, err)
				}
			}
			for _, value := range []any{"1e1", "1E1", "01", "00", "0", "0.0", "-1", "+1", " 1", "1 ", "1\n", ".5",
				"5.", "1,0",
				"1_0", "0x1", "NaN", "Infinity", "", "1.0000000000000000001", "100000000000000000000",
				strings.Repeat("9", 40), "\u0661", json.Number("1"), json.Number("1e0"), nil, true, []any{"1"},
				map[string]any{"value": "1"}} {
				wantMalformed(t, m.Operation, edited(t, body, field, value), field)
			}
			wantMissing(t, m, edited(t, body, field, remove{}))
		}
	})
}

// wantMissing reads a body without an amount.
func wantMissing(t *testing.T, m Movement, body string) {
	t.Helper()
	if _, err := Read(request(t, m.Operation, "", body)); err == nil || !strings.Contains(err.Error(), "is missing") {
		t.Errorf("%s: %v", body, err)
	}
}

// TestEveryField spoils each field that the catalogue names, in every body: as null, empty, of
// another type, under another spelling, twice, and where it must not be.
func TestEveryField(t *testing.T) {
	t.Parallel()
	everyBody(t, func(t *testing.T, m Movement, body string) {
		if m.Fields() == nil || body == "" {
			return
		}
		for _, field := range m.Fields() {
			if slices.Contains(m.Forbidden, field) {
				for _, value := range []any{"x", nil, ""} {
					wantMalformed(t, m.Operation, edited(t, body, field, value), field)
				}
				continue
			}
			if list, _, ok := strings.Cut(field, "[]."); ok {
				wantMalformed(t, m.Operation, edited(t, body, list, map[string]any{}), list+"[]")
				wantMalformed(t, m.Operation, edited(t, body, list, []any{"x"}), list+"[]")
				wantMalformed(t, m.Operation, edited(t, body, list, []any{}), list+"[]")
				wantMalformed(t, m.Operation, edited(t, body, list, nil), list+"[]")
				wantMissing(t, m, edited(t, body, list, remove{}))
				wantMissing(t, m, edited(t, body, field, remove{}))
			}
			for _, value := range []any{nil, "", []any{}, map[string]any{}} {
				wantMalformed(t, m.Operation, edited(t, body, field, value), field)
			}
			if !slices.Contains(m.Other, field) {
				for _, value := range []any{json.Number("7"), true, []any{"x"}, map[string]any{"x": "y"}} {
					wantMalformed(t, m.Operation, edited(t, body, field, value), field)
				}
			}
			parent, key := "", field
			if i := strings.LastIndexByte(field, '.'); i >= 0 {
				parent, key = field[:i+1], field[i+1:]
			}
			for _, alias := range []string{camelCase(key), strings.ToUpper(key), strings.ReplaceAll(key, "_", ""),
				"_" + key,
				key + "_", strings.Replace(key, "k", "\u212a", 1), strings.Replace(key, "s", "\u017f", 1)} {
				if alias == key {
					continue
				}
				_, err := Read(request(t, m.Operation, "",
					edited(t, edited(t, body, field, remove{}), parent+alias, "x")))
				var malformed *Malformed
				if !errors.As(err, &malformed) {
					t.Errorf("%s as %s: %v", field, alias, err)
				}
			}
		}
	})
}

// TestValuesReadTheSame checks that what is judged has no character that some reader may drop or
// show in another way.
func TestValuesReadTheSame(t *testing.T) {
	t.Parallel()
	everyBody(t, func(t *testing.T, m Movement, body string) {
		fields := slices.Clone(m.EndUsers)
		if !m.InPath && m.Source != "" {
			fields = append(fields, m.Source)
		}
		for _, asset := range m.Assets {
			fields = append(fields, asset.Field)
		}
		for _, target := range m.Destinations {
			if strings.Contains(body, `"`+target.ID[strings.LastIndex(target.ID, ".")+1:]+`"`) &&
				len(m.Destinations) == 1 {
				fields = append(fields, target.ID)
			}
		}
		for _, field := range fields {
			for _, value := range []string{" ", "from-1 ", " to-1", "a b", "a\n", "a\x7f", "a\u00a0", "\u200bto-1",
				"\uff21", "\u202eUSD"} {
				wantMalformed(t, m.Operation, edited(t, body, field, value), field)
			}
		}
	})
	r := request(t, "CreateOrder", "", bodies["CreateOrder"][0])
	r.Path = "/v2"
	var malformed *Malformed
	if _, err := Read(r); !errors.As(err, &malformed) || malformed.Field != "profile_id" {
		t.Errorf("a path without the profile: %v", err)
	}
}

// camelCase returns snake_case in lowerCamelCase.
func camelCase(key string) string {
	words := strings.Split(key, "_")
	for i := 1; i < len(words); i++ {
		words[i] = strings.ToUpper(words[i][:1]) + words[i][1:]
	}
	return strings.Join(words, "")
}

// TestQuery checks that an operation of the table takes no query, and any other one does.
func TestQuery(t *testing.T) {
	t.Parallel()
	everyBody(t, func(t *testing.T, m Movement, body string) {
		_, err := Read(request(t, m.Operation, "?amount=1", body))
		var malformed *Malformed
		if !errors.As(err, &malformed) || malformed.Field != "path" {
			t.Errorf("with a query: %v", err)
		}
	})
	if _, err := Read(request(t, "ListTransfers", "?limit=1", "")); err != nil {
		t.Error(err)
	}
}

// TestRefID checks how long a ref_id may be, and which operations read one of a body that is not
// judged.
func TestRefID(t *testing.T) {
	t.Parallel()
	body := bodies["CreateInternalTransfer"][0]
	for length, ok := range map[int]bool{1: true, 128: true, 129: false} {
		_, err := Read(request(t, "CreateInternalTransfer", "", edited(t, body, "ref_id", strings.Repeat("é", length))))
		if (err == nil) != ok {
			t.Errorf("%d characters: %v", length, err)
		}
	}
	wantMalformed(t, "CreateInternalTransfer", edited(t, body, "ref_id", remove{}), "ref_id")
	for text, want := range map[string]string{`{"ref_id":"r-2","x":[{}]}`: "r-2", `{"ref_id":7}`: "",
		`{"ref_id":"a","ref_id":"b"}`: "",
		`{"ref_id":"a","refId":"b"}`:  "", `["ref_id"]`: "", `{"ref_id":`: "", ``: "", "\xff": "",
		`{"ref_id":null}`: "",
		`{"ref_id":"` + strings.Repeat("x", 129) + `"}`: ""} {
		if p, err := Read(request(t, "CreateDepositAddress", "", text)); err != nil || p.RefID != want ||
			p.Judged != "" {
			t.Errorf("%s: %+v, %v", text, p, err)
		}
	}
}

// TestLegs checks the sum of the legs that the source delivers.
func TestLegs(t *testing.T) {
	t.Parallel()
	policy := generous(t)
	legs := func(all ...string) string {
		text := `{"ref_id":"r","source_profile_id":"from-1","target_profile_id":"to-1","legs":[`
		for i, leg := range all {
			parts := strings.Split(leg, " ")
			text += strings.Repeat(",", min(i, 1)) +
				fmt.Sprintf(`{"direction":%q,"asset":%q,"amount":%q}`, parts[0], parts[1], parts[2])
		}
		return text + `]}`
	}
	p, err := judge(t, policy, "CreateTransaction", legs("DELIVER BTC 60.10", "RECEIVE ETH 1", "DELIVER BTC 39.90"))
	if err != nil || p.Amounts[0].Value.String() != "100" || p.Amounts[0].Asset != "BTC" || len(p.Amounts) != 1 {
		t.Errorf("read %+v, %v", p.Amounts, err)
	}
	if p, err := judge(t, policy, "CreateTransaction", legs("DELIVER BTC 60.10")); err != nil ||
		p.Amounts[0].Value.String() != "60.10" {
		t.Errorf("read %+v, %v", p.Amounts, err)
	}
	for text, field := range map[string]string{
		legs("DELIVER BTC 60.10", "DELIVER BTC 39.900000000000000001"): "legs[].amount",
		legs("DELIVER BTC 50", "DELIVER BTC 50", "DELIVER BTC 1"):      "legs[].amount",
		legs("DELIVER ETH 1"): "legs[].asset",
	} {
		var refusal *Refusal
		if _, err := judge(t, policy, "CreateTransaction", text); !errors.As(err, &refusal) || refusal.Field != field {
			t.Errorf("%s: %v", text, err)
		}
	}
	many := slices.Repeat([]string{"DELIVER BTC 99999999999999999999"}, 60)
	if p, err := Read(request(t, "CreateTransaction", "", legs(many...))); err != nil ||
		p.Amounts[0].Value.String() != "5999999999999999999940" {
		t.Errorf("read %+v, %v", p.Amounts, err)
	}
	for text, field := range map[string]string{
		legs("DELIVER BTC 1", "DELIVER USD 1"):                                    "legs[].asset",
		legs("RECEIVE BTC 1"):                                                     "legs[].direction",
		legs("deliver BTC 1"):                                                     "legs[].direction",
		legs("DELIVER BTC 1", "SEND BTC 1"):                                       "legs[].direction",
		legs("DELIVER BTC 1", "RECEIVE BTC 0"):                                    "legs[].amount",
		legs("DELIVER BTC 1", "RECEIVE BTC 1e5"):                                  "legs[].amount",
		strings.Replace(legs("DELIVER BTC 1"), `"asset"`, `"fee":"1","asset"`, 1): "legs[].fee",
		strings.Replace(legs("DELIVER BTC 1"), `}]`, `},{"direction":"DELIVER","asset":"BTC"}]`, 1): "legs[].amount",
		strings.Replace(legs("DELIVER BTC 1"), `}]`, `},[]]`, 1):                                    "legs[]",
		strings.Replace(legs("DELIVER BTC 1"), `"legs":[`, `"legs":[],"legs":[`, 1):                 "legs[]",
	} {
		wantMalformed(t, "CreateTransaction", text, field)
	}
}

// TestBothAssetsCount checks that a withdrawal counts against its asset and against the asset that
// is debited.
func TestBothAssetsCount(t *testing.T) {
	t.Parallel()
	body, policy := bodies["CreateCryptoWithdrawal"][0], generous(t)
	for field, asset := range map[string]string{"asset": "USDG", "balance_asset": "USD"} {
		policy.Limits = Limits{"USD": decimal(t, "100"), "USDG": decimal(t, "100")}
		policy.Limits[asset] = decimal(t, "99")
		_, err := judge(t, policy, "CreateCryptoWithdrawal", body)
		if err == nil || !strings.HasSuffix(err.Error(), "limits."+asset+" allows at most 99 per request") {
			t.Errorf("%s: %v", field, err)
		}
	}
	p, err := Read(request(t, "CreateCryptoWithdrawal", "", edited(t, body, "balance_asset", "USDG")))
	if err != nil || len(p.Amounts) != 1 {
		t.Errorf("the same asset twice counts as %v, %v", p.Amounts, err)
	}
}

// TestExactlyOne checks the fields of which a body has exactly one.
func TestExactlyOne(t *testing.T) {
	t.Parallel()
	withdrawal := bodies["CreateFiatWithdrawal"][0]
	wantMalformed(t, "CreateFiatWithdrawal", edited(t, withdrawal, "total", "1"), "total")
	wantMalformed(t, "CreateFiatWithdrawal", edited(t, withdrawal, "total", nil), "total")
	wantMalformed(t, "CreateFiatWithdrawal", edited(t, withdrawal, "amount", remove{}), "amount or total")
	for _, id := range []string{"CreateOrchestration", "CreateOrchestrationRule"} {
		crypto, fiat, profile := bodies[id][0], bodies[id][1], bodies[id][2]
		wantMalformed(t, id, edited(t, crypto, "destination.profile.profile_id", "to-1"), "destination.profile")
		wantMalformed(t, id, edited(t, crypto, "destination.fiat.memo", "m"), "destination.fiat")
		wantMalformed(t, id, edited(t, crypto, "destination.fiat", map[string]any{}), "destination.fiat")
		wantMalformed(t, id, edited(t, fiat, "destination.crypto.network", "POLYGON"), "destination.fiat")
		wantMalformed(t, id, edited(t, profile, "destination.profile.name", "n"), "destination.profile.name")
		wantMalformed(t, id, edited(t, profile, "destination.wallet.id", "n"), "destination.wallet")
		wantMalformed(t, id, edited(t, profile, "destination", remove{}), "destination")
		wantMalformed(t, id, edited(t, profile, "destination", "profile:to-1"), "destination")
		wantMalformed(t, id, edited(t, profile, "destination.profile", map[string]any{}), "destination.profile")
		wantMalformed(t, id, edited(t, profile, "destination", map[string]any{}), "destination")
		wantMalformed(t, id, edited(t, crypto, "destination.crypto.network", remove{}), "destination.crypto.network")
		wantMalformed(t, id, edited(t, crypto, "destination.crypto.address", remove{}), "destination.crypto.address")
	}
	wantMalformed(t, "CreateOrchestration", edited(t, bodies["CreateOrchestration"][0], "source", remove{}),
		"source.profile.profile_id")
}

// TestAbsentRecipient checks that a conversion without a recipient stays in the source.
func TestAbsentRecipient(t *testing.T) {
	t.Parallel()
	policy := generous(t)
	policy.Destinations = []string{"profile:from-1"}
	for _, id := range []string{"CreateStablecoinConversion", "CreateOrder", "CreateQuoteExecution"} {
		if p, err := judge(t, policy, id, bodies[id][1]); err != nil || p.Destination.String() != "profile:from-1" {
			t.Errorf("%s: %s, %v", id, p.Destination, err)
		}
		if _, err := judge(t, policy, id, bodies[id][0]); err == nil {
			t.Errorf("%s: another recipient passes", id)
		}
	}
}

// TestExtraFields checks that a field which the catalogue lacks passes only at the top and only by
// name.
func TestExtraFields(t *testing.T) {
	t.Parallel()
	policy, body := generous(t), bodies["CreateInternalTransfer"][0]
	extra := edited(t, body, "new_field", map[string]any{"a": nil, "b": []any{"", map[string]any{}}})
	_, err := judge(t, policy, "CreateInternalTransfer", extra)
	var refusal *Refusal
	if !errors.As(err, &refusal) || refusal.Field != "new_field" || refusal.Limit != "extra_fields" {
		t.Errorf("not named: %v", err)
	}
	policy.ExtraFields = []string{"new_field"}
	if p, err := judge(t, policy, "CreateInternalTransfer", extra); err != nil ||
		!slices.Equal(p.ExtraFields, policy.ExtraFields) {
		t.Errorf("named: %+v, %v", p, err)
	}
	for _, alias := range []string{"newField", "NEW_FIELD"} {
		if _, err := judge(t, policy, "CreateInternalTransfer", edited(t, body, alias, "x")); err == nil {
			t.Errorf("%s passes", alias)
		}
		wantMalformed(t, "CreateInternalTransfer", edited(t, extra, alias, "x"), "new_field")
	}
	wantMalformed(t, "CreateOrchestration", edited(t, bodies["CreateOrchestration"][2], "destination.new_field", "x"),
		"destination.new_field")
	policy.ExtraFields = []string{"new_field", "other"}
	if _, err := judge(t, policy, "AffirmTransaction", `{"other":1,"new_field":"x"}`); err != nil {
		t.Error(err)
	}
}
