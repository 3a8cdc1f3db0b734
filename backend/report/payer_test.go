package report_test

import (
	"fmt"
	"testing"

	"vault-plugin-secrets-paxos/backend/report"
)

// Scopes of payments besides moneyScope.
const (
	fiatScope    = "transfer:write_fiat_withdrawal"
	accountScope = "transfer:write_fiat_account" // opens three operations, of which two decide who is paid
)

// payingMore adds a role of the root client that opens more than the signer of that client signs.
func payingMore(f *report.Facts, scopes ...string) {
	hold(f, scopes...)
	addRole(f, "pay", scopes...)
	addKey(f, "payments", "root", rootID)
	addSigner(f, "payouts", "payments")
}

// ofPayers are changes of roles whose readers can pay, where signers sign for the same client.
var ofPayers = []deserving{
	{"a role that opens what its signer signs", func(f *report.Facts) { payingMore(f, moneyScope) }, []want{
		{"medium moves-money roles/pay", moneyScope, moneyFix, payOff},
	}},
	{"a role that opens more than its signer signs, which Paxos refuses", func(f *report.Facts) {
		payingMore(f, moneyScope, fiatScope)
	}, []want{
		{"medium moves-money roles/pay", moneyScope + "; " + fiatScope, moneyFix, payOff},
		{"low role-beyond-signers roles/pay", "CreateFiatWithdrawal",
			"# ask the role's owner whether the application needs these operations. If so, name them in the signer " +
				"that it uses (signers/payouts)", "vault patch paxos/roles/pay scopes=" + moneyScope},
	}},
	{"a role that opens more than its signer signs, unsigned", func(f *report.Facts) {
		payingMore(f, moneyScope, fiatScope, readScope)
		listed(f).Signing = false
	}, []want{
		{"high signing-not-enforced client root", "client_id=root-id; roles/pay", "# let the readers of roles/pay",
			"root-id"},
		{"medium moves-money roles/pay", moneyScope + "; " + fiatScope, moneyFix,
			"vault patch paxos/roles/pay scopes=" + readScope},
		{"medium role-beyond-signers roles/pay", "CreateFiatWithdrawal", "# ask the role's owner",
			"vault patch paxos/roles/pay scopes=" + moneyScope + "," + readScope},
	}},
	{"a role whose scope opens what its signer signs and more, unsigned", func(f *report.Facts) {
		payingMore(f, accountScope)
		f.Signers[0].Operations = []string{"CreateFiatAccount"}
		listed(f).Signing = false
	}, []want{
		{"high signing-not-enforced client root", "client_id=root-id; roles/pay", "# let", "root-id"},
		{"medium moves-money roles/pay", accountScope, moneyFix, payOff},
		{"medium role-beyond-signers roles/pay", "UpdateFiatAccount", "# ask the role's owner", ""},
	}},
	{"a role whose scope opens what its signer signs and more, which Paxos refuses", func(f *report.Facts) {
		payingMore(f, accountScope)
		f.Signers[0].Operations = []string{"CreateFiatAccount"}
	}, []want{{"medium moves-money roles/pay", accountScope, moneyFix, payOff}}},
	{"a role that two signers sign for", func(f *report.Facts) {
		payingMore(f, moneyScope, fiatScope)
		addSigner(f, "fiat", "payments").Operations = []string{"CreateFiatWithdrawal"}
	}, []want{{"medium moves-money roles/pay", moneyScope + "; " + fiatScope, moneyFix, payOff}}},
	{"a role whose signers are disabled or of other clients", func(f *report.Facts) {
		payingMore(f, fiatScope)
		f.Signers[0].Disabled = true
		addClient(f, "two", "mint", readScope)
		addRole(f, "team", readScope).Client = "clients/two"
		addKey(f, "others", "clients/two", "two-id")
		addSigner(f, "other", "others")
	}, []want{
		{"medium moves-money roles/pay", fiatScope, moneyFix, payOff},
		{"info signer-disabled signers/payouts", "", "# ask", "vault delete"},
	}},
	{"a role that the guardrails keep from what no signer signs", func(f *report.Facts) {
		payingMore(f, moneyScope, fiatScope)
		forbid(f, fiatScope)
	}, []want{
		{"medium beyond-guardrails roles/pay", fiatScope + " (moves-money)", "scopes=" + moneyScope, ""},
		{"medium moves-money roles/pay", moneyScope, moneyFix, "vault patch paxos/roles/pay scopes=" + fiatScope},
	}},
}

// TestPayersAreShownWithTheirSigners shows who can pay with which client, and whether a signature is
// needed.
func TestPayersAreShownWithTheirSigners(t *testing.T) {
	t.Parallel()
	f := tidy(func(f *report.Facts) {
		payingMore(f, moneyScope, fiatScope)
		addRole(f, "off", moneyScope).Disabled = true
		addClient(f, "two", "lease", accountScope)
		addClient(f, "three", "lease", readScope)
		addLeasingRole(f, "vendor", "two", "three")
		addRole(f, "odd", unknownScope).Client = "clients/gone"
		f.List.Credentials[1].Signing = false
	})
	shown := report.LeastPrivilege(f).ShownPayers()
	wanted := []string{
		"odd clients/gone false [] [] unknown  ",
		"vendor clients/two true [CreateFiatAccount UpdateFiatAccount] [] not_enforced 2026-11-01T12:00:00Z list",
		"pay root false [CreateCryptoWithdrawal CreateFiatWithdrawal] [signers/payouts] enforced 2026-11-01T12:00:00Z request",
	}
	if len(shown) != len(wanted) {
		t.Fatalf("shown are %v", shown)
	}
	for i, want := range wanted {
		p := shown[i].(map[string]any)
		got := fmt.Sprint(p["role"], " ", p["client"], " ", p["leases_client"], " ", p["operations"], " ", p["signers"],
			" ", p["signing"], " ", p["signing_seen_at"], " ", p["signing_evidence"])
		if got != want {
			t.Errorf("shown is %s, want %s", got, want)
		}
	}
}
