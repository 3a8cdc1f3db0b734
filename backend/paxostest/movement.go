package paxostest

import (
	"fmt"
	"math/big"
	"net/http"
	"regexp"
	"strings"
)

// A movement says which fields of the body of an operation decide what money moves. A name has dots
// between its parts; one that begins with path: is a parameter of the path. Of several alternatives the
// last that is set counts.
type movement struct {
	source       string   // the profile that pays
	destinations []string // kind:field, or kind:field:field where two fields name it
	toItself     bool     // without a destination, the source is the destination
	memo         string
	asset        string
	amounts      []string
	legs         bool // assets and amounts are those of the legs with the direction DELIVER
}

// movements are the operations that move money or decide where money goes, by their ids. An operation
// with an empty movement does so by its body or its path as a whole.
var movements = map[string]movement{
	"CreateCryptoWithdrawal": {source: "profile_id", memo: "memo", asset: "asset",
		destinations: []string{"crypto:crypto_network:destination_address"}, amounts: []string{"amount", "total"}},
	"CreateFiatWithdrawal": {source: "profile_id", asset: "asset", destinations: []string{"fiat:fiat_account_id"},
		amounts: []string{"amount", "total"}},
	"CreateInternalTransfer": {source: "from_profile_id", destinations: []string{"profile:to_profile_id"},
		asset: "asset", amounts: []string{"amount"}},
	"CreatePaxosTransfer": {source: "from_profile_id", destinations: []string{"profile:to_profile_id"},
		asset: "asset", amounts: []string{"amount"}},
	"CreateOrchestration": {source: "source.profile.profile_id", asset: "source_asset",
		amounts: []string{"source_amount"}, destinations: []string{"profile:destination.profile.profile_id",
			"fiat:destination.fiat.bank_account_id", "crypto:destination.crypto.network:destination.crypto.address",
			"address:destination.crypto.address_id"}},
	"CreateOrchestrationRule": {source: "profile_id", destinations: []string{
		"profile:destination.profile.profile_id", "fiat:destination.fiat.fiat_account_id",
		"crypto:destination.crypto.network:destination.crypto.address",
		"address:destination.crypto.crypto_address_id"}},
	"CreateStablecoinConversion": {source: "profile_id", destinations: []string{"profile:recipient_profile_id"},
		toItself: true, asset: "source_asset", amounts: []string{"amount"}},
	"CreateTransaction": {source: "source_profile_id", destinations: []string{"profile:target_profile_id"},
		legs: true},
	"CreateOrder": {source: "path:profile_id", destinations: []string{"profile:recipient_profile_id"},
		toItself: true},
	"CreateQuoteExecution": {source: "path:profile_id", destinations: []string{"profile:recipient_profile_id"},
		toItself: true},
	"CreateIssuerQuoteExecution":      {source: "profile_id"},
	"CreateIssuerQuote":               {source: "profile_id"},
	"CancelOrder":                     {source: "path:profile_id"},
	"CreatePayoutGroup":               {destinations: []string{"crypto:ledger:claimer_address"}},
	"PutCryptoDestinationAddress":     {destinations: []string{"crypto:crypto_network:address", "address:id"}},
	"AffirmTransaction":               {},
	"CreateFiatAccount":               {},
	"UpdateFiatAccount":               {},
	"UpdatePayoutGroup":               {},
	"CreateAttributionAddress":        {},
	"BatchCreateAttributionAddresses": {},
	"UpdateAttributionAddress":        {},
}

// endUserFields name whose money moves inside a profile.
var endUserFields = []string{"identity_id", "account_id", "identity_account_id", "from_identity_id",
	"from_account_id", "to_identity_id", "to_account_id"}

// resolve sets the fields of the execution that the movement decides. Its body must be set. The error
// names a field that has a wrong type.
func (m movement) resolve(e *Execution, r *http.Request) (err error) {
	field := func(name string) string {
		if name == "" {
			return ""
		}
		if parameter, ok := strings.CutPrefix(name, "path:"); ok {
			return r.PathValue(parameter)
		}
		text, wrong := textAt(e.Body, name)
		if wrong != nil && err == nil {
			err = wrong
		}
		return text
	}
	last := func(names []string, value func(string) string) (found string) {
		for _, name := range names {
			if set := value(name); set != "" {
				found = set
			}
		}
		return found
	}
	e.Source, e.Memo, e.Asset = field(m.source), field(m.memo), field(m.asset)
	e.BalanceAsset = field("balance_asset")
	e.Amount = last(m.amounts, field)
	e.Destination = last(m.destinations, func(form string) string { return destination(form, field) })
	for _, name := range endUserFields {
		if set := field(name); set != "" {
			e.EndUsers = append(e.EndUsers, name+"="+set)
		}
	}
	if err == nil && m.legs {
		e.Asset, e.Amount, err = delivered(e.Body["legs"])
	}
	return err
}

// destination returns the destination that a form like crypto:crypto_network:address describes; empty
// if none of its fields is set.
func destination(form string, field func(string) string) string {
	parts := strings.Split(form, ":")
	set := false
	for i, name := range parts[1:] {
		parts[i+1] = field(name)
		set = set || parts[i+1] != ""
	}
	if !set {
		return ""
	}
	return strings.Join(parts, ":")
}

// plainDecimal matches an amount that can be summed.
var plainDecimal = regexp.MustCompile(`^-?[0-9]{1,40}(\.[0-9]{1,40})?$`)

// delivered returns the assets of the legs that deliver, in order and with commas in between, and the
// sum of each in the same order.
func delivered(legs any) (assets, amounts string, err error) {
	list, _ := legs.([]any)
	var order, sums []string
	total := map[string]*big.Rat{}
	for _, leg := range list {
		fields, ok := leg.(map[string]any)
		if !ok {
			return "", "", fmt.Errorf("legs: not an object")
		}
		asset, _ := textAt(fields, "asset")
		amount, _ := textAt(fields, "amount")
		if direction, _ := textAt(fields, "direction"); direction != "DELIVER" {
			continue
		}
		if !plainDecimal.MatchString(amount) {
			return "", "", fmt.Errorf("legs: amount is not a decimal number")
		}
		value, _ := new(big.Rat).SetString(amount) // plainDecimal allows only what SetString accepts
		if total[asset] == nil {
			order, total[asset] = append(order, asset), new(big.Rat)
		}
		total[asset].Add(total[asset], value)
	}
	for _, asset := range order {
		sum := total[asset].FloatString(40)
		sums = append(sums, strings.TrimSuffix(strings.TrimRight(sum, "0"), "."))
	}
	return strings.Join(order, ","), strings.Join(sums, ","), nil
}
