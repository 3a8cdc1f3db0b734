package e2e

import (
	"fmt"
	"time"

	"vault-plugin-secrets-paxos/backend/paxostest"
)

// A terraformResource is what vault_generic_endpoint of Terraform writes to one path: text in JSON.
// Durations are numbers of seconds, because a read answers them so.
type terraformResource struct {
	path string // in the mount
	data string
}

// terraformConnection returns the resource of config/connection. It has a mount without a configuration,
// because what it writes is fixed while a secret is stored.
func terraformConnection(authority *paxostest.Server) terraformResource {
	return terraformResource{"config/connection", `{
		"token_url": "https://oauth.paxos.example/oauth2/token",
		"revoke_url": "https://oauth.paxos.example/oauth2/revoke",
		"api_url": "https://api.paxos.example/v2",
		"override_trusted_ca": ` + encode(authority.CACertificate()) + `,
		"proxy_url": "http://proxy.example.com:3128", "proxy_username": "vault",
		"auth_style": "basic", "request_timeout": 5, "never_revoke": true}`}
}

// terraformResources returns the other resources, in the order in which Terraform would create them. The
// clients have their secrets from somebody else.
func (m *mount) terraformResources() []terraformResource {
	m.storeClient("mint-1", "mint")
	m.storeClient("vendor-1", "lease")
	m.storeClient("vendor-2", "lease")
	return append(m.terraformSettings(), m.terraformSigners()...)
}

// storeClient stores a client with its secret, as a custodian does.
func (m *mount) storeClient(name, purpose string) {
	m.Helper()
	credential, secret, err := m.paxos.CreateCredential(paxostest.Credential{Scopes: []string{withdrawals, transfers,
		profiles}})
	if err != nil {
		m.Fatal(err)
	}
	m.guard(secret)
	m.write("clients/"+name, map[string]any{"client_id": credential.ClientID, "client_secret": secret,
		"purpose": purpose, "scopes": []string{withdrawals, profiles}})
}

// terraformSettings returns the resources of settings, clients, scope sets and roles.
func (m *mount) terraformSettings() []terraformResource {
	client := m.stocked("mint-1")
	return []terraformResource{
		{"config", fmt.Sprintf(`{"environment": "custom", "client_id": %q, "token_budget": 120, "api_rate": 20,
			"refresh_at": 0.5, "credential_max_age": 2592000, "egress_cidrs": ["203.0.113.0/24", "198.51.100.7/32"],
			"verify_scope": "transfer:read_transfer"}`, m.clientID)},
		{"config/guardrails", `{"allowed_scopes": ["transfer:*", "settlement:*", "funding:*"], "max_ttl": 7200,
			"allow_admin_scopes": false, "allow_uncatalogued_scopes": false, "allow_unchecked_clients": false,
			"require_entity_match": false, "deletable_label_prefix": "vault-prod-",
			"sign_limits": {"USDP": "2000.50", "USDC": "1000"}, "sign_daily_limits": {"USDC": "10000"}}`},
		{"clients/mint-1", fmt.Sprintf(`{"client_id": %q, "purpose": "mint", "label": "vault-prod-mint-1",
			"scopes": ["transfer:write_crypto_withdrawal", "funding:read_profile"],
			"allowed_roles": ["payouts", "mint"], "metadata": {"team": "payments", "cost": "12"}, "disabled": false}`,
			client["client_id"])},
		{"scope-sets/reporting", `{"description": "What the monthly reports read",
			"scopes": ["transfer:read_transfer", "funding:read_profile"]}`},
		{"roles/mint", `{"credential_type": "access_token", "scopes": ["transfer:read_transfer", "funding:read_profile"],
			"scope_sets": ["reporting"], "operations": ["ListTransfers", "GetTransfer"], "ttl": 900, "max_ttl": 2700,
			"min_ttl": 600, "idle_ttl": 0, "poll_interval": 60, "mint_limit": 30, "unique_tokens": true,
			"metadata": {"team": "payments"}, "disabled": true}`},
		{"roles/payouts", `{"scopes": ["transfer:write_crypto_withdrawal"], "client": "mint-1", "unique_tokens": false}`},
		{"roles/vendor", `{"credential_type": "client_credentials", "clients": ["vendor-2", "vendor-1"],
			"on_revoke": "delete", "delete_limit": 3, "max_leases_per_entity": 2, "require_entity": true}`},
	}
}

// terraformSigners returns the resources of keys, signers, exceptions and a lockdown.
func (m *mount) terraformSigners() []terraformResource {
	until := time.Now().Add(90 * 24 * time.Hour).UTC().Format(time.RFC3339)
	return []terraformResource{
		{"keys/payments", `{"type": "ed25519", "client": "mint-1", "deletion_allowed": true, "min_version": 1}`},
		{"signers/payouts", `{"key": "payments", "operations": ["CreateCryptoWithdrawal", "AffirmTransaction"],
			"unlimited_operations": ["AffirmTransaction"],
			"sources": ["42bb1a2e-a68e-44d7-b5f1-59ccc5c13e91", "0b5bd3a2-1b0e-4d3c-9a55-6f0a4f2f7c11"],
			"destinations": ["crypto:ETHEREUM:0x1DB3439A222C519ab44bb1144fc28167b4fa6ee6",
				"crypto:BITCOIN:bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"],
			"end_users": ["9d3c0b5b-1b0e-4d3c-9a55-6f0a4f2f7c11", "0b5bd3a2-1b0e-4d3c-9a55-6f0a4f2f7c11"],
			"limits": {"USDP": "2000.50", "USDC": "1000"}, "daily_limits": {"USDC": "10000.00"},
			"extra_fields": ["new_field", "another"], "metadata": {"team": "payments"}, "disabled": false}`},
		{"exceptions/plain-http", fmt.Sprintf(`{"rule": "dangerous-option", "subject": "config/connection",
			"reason": "Plain HTTP to this machine, SEC-123", "expires_at": %q}`, until)},
		{"lockdown", `{"reason": "Token leaked, incident 42"}`},
	}
}
