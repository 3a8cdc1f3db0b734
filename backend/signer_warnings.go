package backend

import (
	"fmt"
	"maps"
	"slices"

	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/payment"
)

// signerWarnings tell the writer of a signer what it cannot sign although it may seem so, and which limits
// the write has removed.
func signerWarnings(before, after signer) []string {
	warnings := append(unknownAssets("limits", after.Limits), oddNetworks(after.Destinations)...)
	if !after.Disabled {
		warnings = append(warnings, emptyLists(after)...)
	}
	warnings = append(warnings, lowLimits(after)...)
	payable := payment.Limits{} // an asset that limits does not name is refused, so it needs no daily limit
	for asset, daily := range before.DailyLimits {
		if _, ok := after.Limits[asset]; ok {
			payable[asset] = daily
		}
	}
	return append(warnings, liftedLimits("daily_limits", payable, after.DailyLimits)...)
}

// emptyLists warns of lists that are empty, so that the signer refuses every request, or every request of
// some of its operations.
func emptyLists(s signer) (warnings []string) {
	if len(s.Operations) == 0 {
		return []string{"operations is empty, so this signer signs nothing."}
	}
	refused := map[string][]string{} // operations by the empty parameter that refuses them
	for _, id := range s.Operations {
		m, ok := payment.LookupMovement(id)
		if !ok || m.Judged == payment.ByName {
			continue
		}
		for parameter, empty := range map[string]bool{
			"sources":      m.Source != "" && len(s.Sources) == 0,
			"destinations": len(m.Destinations) > 0 && len(s.Destinations) == 0,
			"limits":       m.Judged == payment.ByAmount && len(s.Limits) == 0,
		} {
			if empty {
				refused[parameter] = append(refused[parameter], id)
			}
		}
	}
	for _, parameter := range slices.Sorted(maps.Keys(refused)) {
		warnings = append(warnings, fmt.Sprintf("%s is empty, so these operations are never signed: %s.", parameter,
			input.Shortened(refused[parameter])))
	}
	return warnings
}

// lowLimits warns of daily limits that are lower than the limit for one request.
func lowLimits(s signer) (warnings []string) {
	for _, asset := range slices.Sorted(maps.Keys(s.DailyLimits)) {
		if daily, limit := s.DailyLimits[asset], s.Limits[asset]; daily.Cmp(limit) < 0 {
			warnings = append(warnings, fmt.Sprintf("daily_limits.%s (%s) is lower than limits.%s (%s), so a request for "+
				"more than %s is refused.", asset, daily, asset, limit, daily))
		}
	}
	return warnings
}

// liftedLimits warns of assets whose limit the write has removed. A write replaces a map as a whole, so an
// asset that was left out by mistake has no limit any more.
func liftedLimits(parameter string, before, after payment.Limits) []string {
	var lifted []string
	for _, asset := range slices.Sorted(maps.Keys(before)) {
		if _, ok := after[asset]; !ok {
			lifted = append(lifted, asset)
		}
	}
	if len(lifted) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%s no longer limits: %s. A write replaces a map as a whole.", parameter,
		input.Shortened(lifted))}
}
