package catalog

import (
	"slices"
	"strings"
)

// A Set is a use case of Paxos with the scopes that its documentation names. The documentation may
// name more scopes than the use case needs: Resolve finds the least.
type Set struct {
	Name        string
	Description string
	Source      string // the address of the page that names the scopes
	Scopes      []string
}

// Sets returns the documented use cases. There is none for rewards, because no guide names the
// scopes, and none for webhooks, which have neither a scope nor an API.
func Sets() []Set {
	all := make([]Set, len(sets))
	for i, s := range sets {
		all[i] = s.copy()
	}
	return all
}

// LookupSet finds a documented use case by its name, and reports whether there is one.
func LookupSet(name string) (Set, bool) {
	i := slices.IndexFunc(sets, func(s Set) bool { return s.Name == name })
	if i < 0 {
		return Set{}, false
	}
	return sets[i].copy(), true
}

// copy returns a set that shares nothing with s.
func (s Set) copy() Set {
	s.Scopes = slices.Clone(s.Scopes)
	return s
}

// The pages that the sets are taken from. The description of a set says if its page is not current.
const (
	openAPIDocument     = "https://developer.paxos.com/docs/paxos-v2.openapi.json"
	guides              = "https://docs.paxos.com/guides/"
	orchestrationsGuide = guides + "developer/orchestrations/orchestrations"
)

// sets are the documented use cases, as of the dates that the package comment gives for the tables.
var sets = []Set{
	{
		Name: "mint-redeem-convert",
		Description: "Mint, redeem and convert Paxos-issued stablecoins: the example of Paxos's own guide to " +
			"credentials",
		Source: guides + "developer/credentials",
		Scopes: strings.Fields(`
			orchestration:read_orchestration orchestration:write_orchestration
			orchestration:read_orchestration_rule orchestration:write_orchestration_rule
			funding:read_profile funding:write_profile
			transfer:read_deposit_address transfer:read_transfer
			transfer:read_fiat_account transfer:read_fiat_deposit_instructions
			transfer:write_internal_transfer transfer:write_crypto_withdrawal
			transfer:write_deposit_address transfer:write_fiat_account
			transfer:write_fiat_deposit_instructions transfer:write_fiat_withdrawal`),
	},
	{
		Name:        "mint-redeem-convert-legacy",
		Description: "Mint, redeem and convert by the Stablecoin Conversions API, deprecated on 24 April 2026",
		Source:      "https://docs.paxos.com/developer/credentials",
		Scopes: strings.Fields(`
			conversion:read_conversion_stablecoin conversion:write_conversion_stablecoin
			funding:read_profile funding:write_profile
			transfer:read_deposit_address transfer:read_transfer
			transfer:read_fiat_account transfer:read_fiat_deposit_instructions
			transfer:write_internal_transfer transfer:write_crypto_withdrawal
			transfer:write_deposit_address transfer:write_fiat_account
			transfer:write_fiat_deposit_instructions transfer:write_fiat_withdrawal`),
	},
	{
		Name:        "conversions-to-orchestrations",
		Description: "What takes the place of the conversion scopes when moving from conversions to orchestrations",
		Source:      "https://docs.paxos.com/api-reference/endpoints/stablecoin-conversion/overview",
		Scopes:      strings.Fields("orchestration:read_orchestration orchestration:write_orchestration"),
	},
	{
		Name:        "orchestrations-ad-hoc",
		Description: "Orchestrate single movements between assets and rails",
		Source:      orchestrationsGuide,
		Scopes:      strings.Fields("orchestration:read_orchestration orchestration:write_orchestration"),
	},
	{
		Name:        "orchestrations-rules",
		Description: "Have deposits orchestrated by standing rules",
		Source:      orchestrationsGuide,
		Scopes:      strings.Fields("orchestration:read_orchestration_rule orchestration:write_orchestration_rule"),
	},
	{
		Name:        "orchestrations-events",
		Description: "In addition, read the events that webhooks announce",
		Source:      orchestrationsGuide,
		Scopes:      strings.Fields("events:read_event"),
	},
	{
		Name:        "orchestrations-fiat",
		Description: "In addition, manage the bank accounts and deposit instructions of fiat legs",
		Source:      orchestrationsGuide,
		Scopes: strings.Fields(`
			transfer:read_fiat_account transfer:write_fiat_account
			transfer:read_fiat_deposit_instructions transfer:write_fiat_deposit_instructions`),
	},
	{
		Name:        "orchestrations-crypto-addresses",
		Description: "In addition, where wanted, manage the crypto addresses that money goes to",
		Source:      orchestrationsGuide,
		Scopes: strings.Fields("transfer:read_crypto_destination_address " +
			"transfer:write_crypto_destination_address"),
	},
	{
		Name:        "fiat-transfers-sandbox",
		Description: "Deposit and withdraw fiat in the sandbox",
		Source:      guides + "developer/fiat-transfers/quickstart",
		Scopes: strings.Fields(`
			funding:read_profile transfer:read_transfer
			transfer:read_fiat_account transfer:write_fiat_account
			transfer:read_fiat_deposit_instructions transfer:write_fiat_deposit_instructions
			transfer:write_fiat_withdrawal transfer:write_sandbox_fiat_deposit`),
	},
	{
		Name:        "stablecoin-pay-ins",
		Description: "Take payments in stablecoins",
		Source:      guides + "payments/quickstart",
		Scopes: strings.Fields(`
			funding:read_profile funding:write_profile
			transfer:read_transfer transfer:write_crypto_withdrawal transfer:write_deposit_address`),
	},
	{
		Name:        "held-rate-quotes",
		Description: "Buy and sell crypto at a quoted rate",
		Source:      guides + "crypto-brokerage/quotes/quickstart",
		Scopes: strings.Fields(`
			exchange:read_quote exchange:read_quote_execution exchange:write_quote_execution
			funding:read_profile`),
	},
	{
		Name:        "identity-brokerage",
		Description: "Onboard persons or institutions and trade crypto for them",
		Source:      guides + "identity/person-crypto-brokerage",
		Scopes: strings.Fields(`
			identity:read_identity identity:write_identity identity:read_account identity:write_account
			funding:read_profile funding:write_profile exchange:read_order exchange:write_order`),
	},
	{
		Name:        "identity-controls",
		Description: "Put controls on identities, and lift them",
		Source:      openAPIDocument,
		Scopes:      strings.Fields("identity:read_identity_control identity:write_identity_control"),
	},
	{
		Name: "settlement",
		Description: "Settle transactions between parties; the guide was removed in March 2026, the " +
			"endpoints are there",
		Source: "https://docs.paxos.com/settlements/quickstart",
		Scopes: strings.Fields(`
			settlement:read_transaction settlement:write_transaction
			funding:read_profile funding:write_profile`),
	},
	{
		Name:        "smart-order-routing",
		Description: "Open the WebSocket of aggregated market data, for allow-listed customers",
		Source:      "https://docs.paxos.com/api-reference/websockets/smart-order-routing-overview",
		Scopes:      strings.Fields("exchange:read_aggregated_marketdata_stream"),
	},
	{
		Name:        "first-call",
		Description: "Try out a client by listing profiles",
		Source:      guides + "developer/request",
		Scopes:      strings.Fields("funding:read_profile"),
	},
	{
		Name:        "deposit-address-signing",
		Description: "Try out request signing by creating a deposit address",
		Source:      guides + "developer/request-signing",
		Scopes:      strings.Fields("transfer:write_deposit_address"),
	},
	{
		Name:        "fireblocks",
		Description: "Connect Fireblocks, as Fireblocks documents it; it asks for an IP allow-list too",
		Source:      "https://support.fireblocks.io/hc/en-us/articles/4428283517212",
		Scopes: strings.Fields(`
			funding:read_profile transfer:read_transfer
			transfer:read_deposit_address transfer:write_deposit_address transfer:write_crypto_withdrawal`),
	},
}
