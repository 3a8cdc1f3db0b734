package payment

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Limits are the most that one request may move, by asset.
type Limits map[string]Decimal

// Check refuses a payment that moves more of an asset than the limits allow, or an asset that they
// lack. The parameter is the one that the limits are written in, such as limits. Every error is a
// *Refusal. A payment that is not judged by its amount has none, and passes.
func (l Limits) Check(parameter string, p Payment) error {
	if p.Judged == ByAmount && len(p.Amounts) == 0 {
		return &Refusal{Field: "amount", Limit: parameter,
			Reason: "could not be found in the body, so it cannot be compared with " + parameter}
	}
	for _, amount := range p.Amounts {
		limit, ok := l[amount.Asset]
		switch {
		case !ok:
			return &Refusal{Field: amount.AssetField, Limit: parameter,
				Reason: "names an asset that has no entry in " + parameter}
		case amount.Value.Cmp(limit) > 0:
			return &Refusal{Field: amount.Field, Limit: parameter, Reason: fmt.Sprintf(
				"is too large: %s.%s allows at most %s per request", parameter, amount.Asset, limit)}
		}
	}
	return nil
}

// ParseLimits reads limits that an operator wrote: a JSON object with an amount as a string for
// each asset. A limit may be zero. Every error is an *Invalid that names the asset.
func ParseLimits(parameter string, written map[string]any) (Limits, error) {
	limits := Limits{}
	for _, asset := range slices.Sorted(maps.Keys(written)) {
		if err := CheckAsset(asset); err != nil {
			return nil, &Invalid{Parameter: parameter, Reason: "has an asset whose name " + err.Error()}
		}
		name := parameter + "." + asset
		text, ok := written[asset].(string)
		if !ok {
			return nil, &Invalid{Parameter: name,
				Reason: `must be a string, such as "100.00": a JSON number may lose digits`}
		}
		limit, err := ParseDecimal(text)
		if err != nil {
			return nil, &Invalid{Parameter: name, Reason: err.Error()}
		}
		limits[asset] = limit
	}
	return limits, nil
}

// CheckAsset checks the name of an asset, such as USD. Whether Paxos has the asset is not known
// here. The error does not name the parameter.
func CheckAsset(asset string) error {
	if !isName(asset) {
		return errors.New("must have 1 to 64 letters and digits, such as USD")
	}
	return nil
}
