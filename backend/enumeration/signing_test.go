package enumeration

import (
	"fmt"

	"github.com/hashicorp/vault/sdk/logical"
)

// payment is a request that signer payouts allows.
func payment(refID, amount string) map[string]any {
	return map[string]any{"method": "POST", "path": "/v2/transfer/crypto-withdrawals", "body": `{"ref_id":"` + refID +
		`","profile_id":"p","amount":"` + amount + `","asset":"USDC","crypto_network":"ETHEREUM",` +
		`"destination_address":"0xa"}`}
}

// withSigner has a key with a Key ID, a signer with a daily limit, and one payment of 10 that counts.
func (m *faultyMount) withSigner() {
	m.T.Helper()
	m.withTokens()
	m.write("keys/payments", map[string]any{"deletion_allowed": true})
	m.write("keys/payments/kid", map[string]any{"kid": "key-1"})
	m.write("signers/payouts", map[string]any{"key": "payments", "operations": "CreateCryptoWithdrawal",
		"sources": "p", "destinations": "crypto:ETHEREUM:0xa", "limits": "USDC=100", "daily_limits": "USDC=100"})
	m.write("sign/payouts", payment("first", "10"))
}

// withLeftKey is withSigner without the signer.
func (m *faultyMount) withLeftKey() {
	m.T.Helper()
	m.withSigner()
	m.succeed(logical.DeleteOperation, "signers/payouts", nil)
}

// signingScenarios store and change keys and signers, and sign.
func signingScenarios() []scenario {
	sign := func(when string, setUp func(*faultyMount)) scenario {
		return scenario{operation: logical.UpdateOperation, path: "sign/payouts", when: when, setUp: setUp,
			data: fixed(payment("second", "20")), counts: "30"}
	}
	return []scenario{
		{operation: logical.CreateOperation, path: "keys/new", when: "of the root client",
			setUp: (*faultyMount).withSigner},
		{operation: logical.UpdateOperation, path: "keys/payments", when: "to forbid its deletion",
			setUp: (*faultyMount).withSigner, data: fixed(map[string]any{"deletion_allowed": false})},
		{operation: logical.UpdateOperation, path: "keys/payments/rotate", when: "once",
			setUp: (*faultyMount).withSigner},
		{operation: logical.UpdateOperation, path: "keys/payments/kid", when: "by hand",
			setUp: (*faultyMount).withSigner, data: fixed(map[string]any{"kid": "key-2"})},
		{operation: logical.DeleteOperation, path: "keys/payments", when: "that nothing uses",
			setUp: (*faultyMount).withLeftKey},
		{operation: logical.DeleteOperation, path: "keys/payments", when: "that a signer uses",
			setUp: (*faultyMount).withSigner, refused: true},
		{operation: logical.CreateOperation, path: "signers/new", when: "with a key",
			setUp: (*faultyMount).withSigner, data: fixed(map[string]any{"key": "payments"})},
		{operation: logical.UpdateOperation, path: "signers/payouts", when: "with a lower limit",
			setUp: (*faultyMount).withSigner, data: fixed(map[string]any{"daily_limits": "USDC=50"}), counts: "10"},
		{operation: logical.PatchOperation, path: "signers/payouts", when: "to disable it",
			setUp: (*faultyMount).withSigner, data: fixed(map[string]any{"disabled": true})},
		{operation: logical.DeleteOperation, path: "signers/payouts", when: "whose payments count",
			setUp: (*faultyMount).withSigner},
		{operation: logical.ReadOperation, path: "signers/payouts", when: "whose payments count",
			setUp: (*faultyMount).withSigner},
		{operation: logical.UpdateOperation, path: "config/guardrails", when: "with a daily limit",
			setUp: (*faultyMount).withSigner, data: fixed(map[string]any{"sign_daily_limits": "USDC=50"}), counts: "10"},
		sign("that counts", (*faultyMount).withSigner),
		sign("after a restart", func(m *faultyMount) { m.withSigner(); m.restart() }),
		{operation: logical.UpdateOperation, path: "sign/payouts", when: "above the daily limit",
			setUp: (*faultyMount).withSigner, data: fixed(payment("second", "90.01")), refused: true, counts: "10"},
		{operation: initializing, when: "with payments that count", setUp: (*faultyMount).withSigner, counts: "10"},
	}
}

// checkPayments checks that what was signed counts, once.
func (r *run) checkPayments() {
	r.T.Helper()
	if r.counts == "" {
		return
	}
	read := r.succeed(logical.ReadOperation, "signers/payouts", nil)
	usage, _ := read.Data["daily_usage"].(map[string]any)["USDC"].(map[string]any)
	if fmt.Sprint(usage["used"]) != r.counts {
		r.T.Fatalf("payments of %v count, want %s (%s)", usage["used"], r.counts, r.outcome)
	}
}
