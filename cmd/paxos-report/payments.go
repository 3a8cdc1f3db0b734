package main

import (
	"fmt"
	"maps"
	"slices"
)

// What the reports say of Paxos's enforcement of signatures.
const (
	signingEnforced    = "enforced"
	signingNotEnforced = "not_enforced"
	byRequest          = "request" // the evidence is an unsigned request; else it is Paxos's list
)

// everything stands for all values of a list of a signer.
const everything = "*"

// LimitedOperations are the operations whose amounts the limits of the signer bound.
func (s signer) LimitedOperations() []string {
	return listed(slices.DeleteFunc(slices.Clone(s.Operations), func(operation string) bool {
		return slices.Contains(s.UnlimitedOperations, operation)
	}), "")
}

// Limits returns the limits of a signer for each asset, beside those of the guardrails. There are none if
// no operation of the signer is limited.
func (m *mount) Limits(s signer) []limit {
	var all []limit
	if len(s.LimitedOperations()) == 0 {
		return nil
	}
	for _, asset := range slices.Sorted(maps.Keys(s.Limits)) {
		all = append(all, limit{Asset: asset, Request: s.Limits[asset], Day: s.day(asset), Guardrail: m.guardrail(asset)})
	}
	return all
}

// day is the daily limit of a signer for an asset, and what is used of it.
func (s signer) day(asset string) string {
	limit, ok := s.DailyLimits[asset]
	switch used, known := s.DailyUsage[asset]; {
	case !ok:
		return "no limit"
	case !known:
		return limit
	default:
		return fmt.Sprintf("%s (used: %s)", limit, used.Used)
	}
}

// guardrail is what the guardrails let all signers sign of an asset.
func (m *mount) guardrail(asset string) string {
	request, ok := m.SignLimits[asset]
	day, okDay := m.SignDailyLimits[asset]
	switch {
	case len(m.SignLimits) > 0 && !ok, len(m.SignDailyLimits) > 0 && !okDay:
		return "refused: this asset is not in the guardrails"
	case ok && okDay:
		return fmt.Sprintf("%s per request, %s per day for all signers together", request, day)
	case ok:
		return request + " per request"
	case okDay:
		return day + " per day for all signers together"
	}
	return "no limit"
}

// Seen says what shows that Paxos enforces signatures, or does not. It is empty if that is not known.
func (e enforcement) Seen() string {
	switch {
	case e.Signing != signingEnforced && e.Signing != signingNotEnforced:
		return ""
	case e.Evidence == byRequest:
		return "tested with an unsigned request at " + e.SeenAt
	}
	return "Paxos's list of credentials says so, read at " + e.SeenAt
}

// Enforced reports whether Paxos is known to enforce signatures.
func (e enforcement) Enforced() bool { return e.Signing == signingEnforced }

// Holds says whether the limits of a signer hold at Paxos.
func (e enforcement) Holds() string {
	switch e.Signing {
	case signingEnforced:
		return "yes"
	case signingNotEnforced:
		return "no: a token alone is enough"
	}
	return "not known: assume that a token alone is enough"
}

// Unsigned says what the holder of a token can pay without a signature.
func (e enforcement) Unsigned() string {
	switch e.Signing {
	case signingEnforced:
		return "no"
	case signingNotEnforced:
		return "yes: any amount to anyone"
	}
	return "not known: assume any amount to anyone"
}

// listed is a list as the page shows it: with words for everything, and cut where it is long.
func listed(values []string, all string) []string {
	const most = 20
	shown := make([]string, 0, min(len(values), most+1))
	for _, value := range values[:min(len(values), most)] {
		if value == everything {
			value = all
		}
		shown = append(shown, value)
	}
	if more := len(values) - most; more > 0 {
		shown = append(shown, fmt.Sprintf("and %d more (paxos-report -json shows all)", more))
	}
	return shown
}
