package backend_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"
)

// TestWhatASignerMayNotHold writes signers that would not mean what their author thinks. Each refusal
// names the parameter, and nothing is stored.
func TestWhatASignerMayNotHold(t *testing.T) {
	t.Parallel()
	m := newSigningMount(t, nil)
	before := m.Stored()
	for says, data := range map[string]map[string]any{
		`key "none" does not exist`: {"key": "none"},
		"key must be":               {"key": ""},
		"operations[0]":             {"operations": "*"},
		"operations[1]":             {"operations": "CreateOrder,createCryptoWithdrawal"},
		"destinations[0]":           {"destinations": "0xab"},
		"limits must be":            {"limits": map[string]any{"USDC": 100}},
		"limits.USDC":               {"limits": map[string]any{"USDC": "-1"}},
		"limits.USD":                {"limits": map[string]any{"USDC": "1", "USD": "0.1234567890123456789"}},
		"limits has an asset":       {"limits": map[string]any{"*": "1"}},
		"daily_limits.USD needs":    {"daily_limits": map[string]any{"USD": "1"}},
		"daily_limits.USDC needs":   {"limits": map[string]any{"USD": "1"}, "daily_limits": map[string]any{"USDC": "1"}},
		"unlimited_operations[0]":   {"unlimited_operations": "CreateOrder"},
		"extra_fields[0]":           {"extra_fields": "amount"},
	} {
		for _, operation := range []logical.Operation{logical.UpdateOperation, logical.PatchOperation} {
			status, text := m.Refused(operation, "signers/payouts", data)
			if status != 400 || !strings.Contains(text, says) {
				t.Errorf("%v: %d %s; want %q", data, status, text, says)
			}
		}
	}
	if m.Stored() != before {
		t.Error("a refused write has stored something")
	}
}

// TestAnUnknownAssetIsAWarning writes limits for assets that differ from Paxos's by their case, and for one
// that Paxos may have added.
func TestAnUnknownAssetIsAWarning(t *testing.T) {
	t.Parallel()
	m := newSigningMount(t, nil)
	for path, parameter := range map[string]string{"signers/payouts": "limits", "config/guardrails": "sign_limits"} {
		warnings := m.Must(logical.UpdateOperation, path, map[string]any{
			parameter: map[string]any{"usdc": "1", "NEW": "1", "USDC": "100"}}).Warnings
		if all := strings.Join(warnings, "\n"); !strings.Contains(all, "NEW") || strings.Contains(all, "USDC,") ||
			!strings.Contains(all, "usdc (did you mean USDC?)") {
			t.Errorf("%s: %s", path, all)
		}
	}
	m.signed(withdrawal("a", "1"))
}

// TestADisabledClientSignsNothing disables the client whose key a signer uses.
func TestADisabledClientSignsNothing(t *testing.T) {
	t.Parallel()
	m := newSigningMount(t, nil)
	id, secret := m.another("transfer:write_crypto_withdrawal")
	m.Must(logical.UpdateOperation, "clients/team", map[string]any{"client_id": id, "client_secret": secret,
		"purpose": "mint", "scopes": "transfer:write_crypto_withdrawal"})
	m.Must(logical.UpdateOperation, "keys/team", map[string]any{"client": "team"})
	m.Must(logical.UpdateOperation, "keys/team/kid", map[string]any{"kid": "team-1"})
	m.Must(logical.PatchOperation, "signers/payouts", map[string]any{"key": "team"})
	if answer := m.signed(withdrawal("a", "1")); answer["client_id"] != id || answer["kid"] != "team-1" {
		t.Errorf("signed is %v", answer)
	}
	m.Must(logical.PatchOperation, "clients/team", map[string]any{"disabled": true})
	if status, text := m.unsigned(map[string]any{"body": withdrawal("a", "1")}); status != 403 ||
		!strings.Contains(text, `Client "team"`) {
		t.Errorf("%d %s", status, text)
	}
}

// TestANetworkInLowerCaseIsWarnedOf stores a destination that no body of Paxos's matches.
func TestANetworkInLowerCaseIsWarnedOf(t *testing.T) {
	t.Parallel()
	m := newSigningMount(t, nil)
	for network, warned := range map[string]bool{"ethereum": true, "ETHEREUM": false} {
		resp := m.Must(logical.PatchOperation, "signers/payouts",
			map[string]any{"destinations": "crypto:" + network + ":0xaa"})
		said := resp != nil && strings.Contains(strings.Join(resp.Warnings, " "), "in upper case")
		if said != warned {
			t.Errorf("%s: warned %v, want %v", network, said, warned)
		}
	}
}
