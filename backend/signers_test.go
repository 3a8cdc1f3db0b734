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
		`Key "none" does not exist`: {"key": "none"},
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

// TestASignerThatCannotSignIsWarnedOf writes signers that look complete but refuse every request, or some
// requests that their limits seem to allow.
func TestASignerThatCannotSignIsWarnedOf(t *testing.T) {
	t.Parallel()
	const refused = " is empty, so these operations are never signed: CreateCryptoWithdrawal."
	usdc := func(amount string) map[string]any { return map[string]any{"USDC": amount} }
	for name, test := range map[string]struct {
		change map[string]any
		says   string // "" for no warning
	}{
		"complete":                 {nil, ""},
		"a daily limit":            {map[string]any{"daily_limits": usdc("100")}, ""},
		"no operation":             {map[string]any{"operations": ""}, "operations is empty, so this signer signs nothing."},
		"no operation, disabled":   {map[string]any{"operations": "", "disabled": true}, ""},
		"no limit":                 {map[string]any{"limits": map[string]any{}}, "limits" + refused},
		"no source":                {map[string]any{"sources": ""}, "sources" + refused},
		"no destination":           {map[string]any{"destinations": ""}, "destinations" + refused},
		"by name, without a limit": {map[string]any{"operations": "CancelOrder", "limits": map[string]any{}}, ""},
		"a lower daily limit": {map[string]any{"daily_limits": usdc("10.5")},
			"daily_limits.USDC (10.5) is lower than limits.USDC (100), so a request for more than 10.5 is refused."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newSigningMount(t, nil)
			resp := m.Must(logical.PatchOperation, "signers/payouts", test.change)
			said := ""
			if resp != nil {
				said = strings.Join(resp.Warnings, "\n")
			}
			if said != test.says {
				t.Errorf("the warnings are %q, want %q", said, test.says)
			}
		})
	}
}

// TestALimitThatAWriteRemovesIsWarnedOf leaves assets out of maps that had them.
func TestALimitThatAWriteRemovesIsWarnedOf(t *testing.T) {
	t.Parallel()
	m := newSigningMount(t, nil)
	both := map[string]any{"USDC": "100", "USD": "100"}
	m.Must(logical.UpdateOperation, "signers/payouts", map[string]any{"limits": both, "daily_limits": both})
	m.Must(logical.UpdateOperation, "config/guardrails", map[string]any{"sign_limits": both, "sign_daily_limits": both})
	write := func(operation logical.Operation, path string, data map[string]any, says string) {
		t.Helper()
		resp, said := m.Must(operation, path, data), ""
		if resp != nil {
			said = strings.Join(resp.Warnings, "\n")
		}
		if said != says {
			t.Errorf("%s %s %v: the warnings are %q, want %q", operation, path, data, said, says)
		}
	}
	const whole = " A write replaces a map as a whole."
	write(logical.UpdateOperation, "signers/payouts", map[string]any{"daily_limits": both}, "")
	write(logical.UpdateOperation, "signers/payouts", map[string]any{"daily_limits": map[string]any{"USDC": "100"}},
		"daily_limits no longer limits: USD."+whole)
	write(logical.PatchOperation, "signers/payouts", map[string]any{"daily_limits": nil},
		"daily_limits no longer limits: USDC."+whole)
	write(logical.UpdateOperation, "signers/payouts", map[string]any{"daily_limits": both}, "")
	// An asset that is in limits no more is refused, so no limit is missing.
	write(logical.PatchOperation, "signers/payouts", map[string]any{"limits": map[string]any{"USD": "100"},
		"daily_limits": map[string]any{"USD": "100"}}, "")
	// Limits of the guardrails for some assets refuse all others.
	write(logical.UpdateOperation, "config/guardrails", map[string]any{"sign_daily_limits": map[string]any{"USD": "1"}},
		"")
	write(logical.UpdateOperation, "config/guardrails", map[string]any{"sign_daily_limits": map[string]any{}},
		"sign_daily_limits no longer limits: USD."+whole)
	write(logical.DeleteOperation, "config/guardrails", nil, "sign_limits no longer limits: USD, USDC."+whole)
	write(logical.DeleteOperation, "config/guardrails", nil, "")
}
