package payment

import (
	"slices"
	"strings"
)

// knownAssets are assets that Paxos's pages name. Paxos adds assets at any time, so one that is not here
// is only worth a warning.
var knownAssets = strings.Fields(`
	AAVE AUD AVAX BCH BRL BTC BUSD CAD CHF DOGE ETH EUR GBP HKD JPY LINK LTC MATIC MXN PAXG PEPE POL PYUSD
	SGD SHIB SOL UNI USD USDC USDG USDL USDP USDT WBTC XRP`)

// UnknownAssets lists the assets of limits that this version does not know, sorted. Each is followed by
// the asset that differs only by case, if there is one: assets are compared exactly.
func (l Limits) UnknownAssets() []string {
	var unknown []string
	for asset := range l {
		if slices.Contains(knownAssets, asset) {
			continue
		}
		if meant := strings.ToUpper(asset); meant != asset && slices.Contains(knownAssets, meant) {
			asset += " (did you mean " + meant + "?)"
		}
		unknown = append(unknown, asset)
	}
	slices.Sort(unknown)
	return unknown
}
