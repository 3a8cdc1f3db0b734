package browser

import (
	"fmt"
	"strings"
	"testing"
)

// hostile is text that would change the page if it were not escaped.
const hostile = `</style><script>console.error("ran")</script><img src=x onerror=console.error(1)>`

// emptyMount is a mount that nobody has configured.
func emptyMount(t *testing.T) *mount {
	t.Helper()
	return newMount(t, "paxos-empty")
}

// smallMount has two roles with owners, a signer, a leased client, an accepted finding and an exception
// that accepts nothing.
func smallMount(t *testing.T, path string) *mount {
	t.Helper()
	m := newMount(t, path)
	m.configure("funding:read_profile", "transfer:read_transfer", "transfer:write_crypto_withdrawal",
		"conversion:write_conversion_stablecoin", "conversion:read_conversion_stablecoin", "api_creds:read_credentials")
	m.write("config/guardrails", map[string]any{"allowed_scopes": "funding:*,transfer:*,conversion:*,exchange:*",
		"max_ttl":           "8h",
		"sign_limits":       map[string]any{"USDC": "250000", "PYUSD": "250000"},
		"sign_daily_limits": map[string]any{"USDC": "1000000", "PYUSD": "1000000"}})
	m.write("roles/reconciliation", map[string]any{"scopes": "funding:read_profile,transfer:read_transfer",
		"metadata": map[string]any{"team": "finance-data", "contact": "finance-data@acme.example"}})
	m.write("roles/payouts", map[string]any{"scopes": "transfer:write_crypto_withdrawal,transfer:read_transfer",
		"metadata": map[string]any{"team": "payments", "on-call": "payments-oncall"}})
	m.write("roles/treasury", map[string]any{
		"scopes":        "conversion:write_conversion_stablecoin,conversion:read_conversion_stablecoin",
		"unique_tokens": true, "metadata": map[string]any{"team": "treasury", "note": hostile}})
	m.write("keys/payments", nil)
	m.write("signers/payouts", map[string]any{"key": "payments", "operations": "CreateCryptoWithdrawal,CreateOrder",
		"sources":      "4d1c2a30-7d5b-4f0e-9a52-0e6f2b8f3c11",
		"destinations": "crypto:ETHEREUM:0x1d1479c185d32eb90533a08b36b3cfa5f84a0e6b",
		"limits":       map[string]any{"USDC": "50000", "PYUSD": "50000"}, "unlimited_operations": "CreateOrder",
		"daily_limits": map[string]any{"USDC": "200000"}, "metadata": map[string]any{"team": "payments"}})
	id, secret := m.credential("vault-vendor-1", "transfer:read_transfer")
	m.write("clients/vendor-1", map[string]any{"purpose": "lease", "client_id": id, "client_secret": secret,
		"scopes": "transfer:read_transfer", "allowed_roles": "vendor", "metadata": map[string]any{"vendor": "Ledgerly"}})
	m.write("roles/vendor", map[string]any{"credential_type": "client_credentials", "clients": "vendor-1",
		"metadata": map[string]any{"team": "procurement"}})
	m.credential("Old test key "+hostile, "funding:read_profile")
	m.read("creds/payouts")
	m.read("creds/vendor")
	m.read("report/least-privilege")
	m.write("exceptions/dev-allowlist", map[string]any{"rule": "moves-money", "subject": "roles/payouts",
		"reason": "The payouts team is reviewed each quarter (SEC-118) " + hostile, "expires_at": "90d"})
	return m
}

// bigMount has 60 roles, every scope of the catalogue, long names and many findings.
func bigMount(t *testing.T) *mount {
	t.Helper()
	m := newMount(t, "paxos-big")
	scopes := m.scopes()
	if len(scopes) < 60 {
		t.Fatalf("the catalogue has only %d scopes", len(scopes))
	}
	m.configure(append(scopes, "settlement:write_very_long_scope_name_that_this_version_of_the_engine_does_not_know")...)
	m.write("config/guardrails", map[string]any{"allowed_scopes": "*", "allow_admin_scopes": true})
	for i := range 60 {
		var held []string
		for j, scope := range scopes {
			if (j+i)%(2+i%9) == 0 {
				held = append(held, scope)
			}
		}
		name := fmt.Sprintf("treasury-operations-europe-settlement-reconciliation-application-%02d", i)
		metadata := map[string]any{"team": fmt.Sprintf("settlement-%d", i%7)}
		if i == 0 {
			name = strings.Repeat("unbroken", 8)
			held = scopes
			metadata["owner"] = strings.Repeat("0123456789", 20)
		}
		m.write("roles/"+name, map[string]any{"scopes": held, "metadata": metadata})
	}
	m.write("roles/unknown-scope", map[string]any{
		"scopes": "settlement:write_very_long_scope_name_that_this_version_of_the_engine_does_not_know"})
	m.write("keys/payments", nil)
	limits := map[string]any{}
	for _, asset := range []string{"BTC", "ETH", "EUR", "PAXG", "PYUSD", "SGD", "SOL", "USD", "USDC", "USDG", "USDP"} {
		limits[asset] = "123456789.123456789012345678"
	}
	for i := range 6 {
		var destinations []string
		for j := range 30 {
			destinations = append(destinations, fmt.Sprintf("crypto:ETHEREUM:0x%040x", i*100+j))
		}
		m.write(fmt.Sprintf("signers/signer-of-a-team-with-a-rather-long-name-%d", i), map[string]any{"key": "payments",
			"operations": "CreateCryptoWithdrawal", "sources": "*", "destinations": destinations, "limits": limits})
	}
	return m
}
