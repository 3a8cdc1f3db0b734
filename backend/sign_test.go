package backend_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

const (
	withdrawals = "/v2/transfer/crypto-withdrawals"
	treasury    = "42bb1a2e-a68e-44d7-b5f1-59ccc5c13e91"
	vendor      = "0x00000000000000000000000000000000000000aa"
)

// newSigningMount returns a mount whose signer "payouts" may pay up to 100 USDC to one address, and a
// Paxos that enforces signatures of withdrawals.
func newSigningMount(t *testing.T, change map[string]any) *mount {
	t.Helper()
	m := newConfiguredMount(t)
	m.Must(logical.UpdateOperation, "roles/payer", map[string]any{"scopes": "transfer:write_crypto_withdrawal"})
	m.Must(logical.UpdateOperation, "keys/payments", nil)
	registered, err := m.Paxos.RegisterPublicKey(m.Client.ClientID, "vault",
		m.keyVersion("payments", 1)["public_key"].(string))
	if err == nil {
		err = m.Paxos.EnforceSignatures(paxostest.Enforcement{Operations: []string{"CreateCryptoWithdrawal"}})
	}
	if err != nil {
		t.Fatal(err)
	}
	m.Must(logical.UpdateOperation, "keys/payments/kid", map[string]any{"kid": registered.ID})
	data := map[string]any{"key": "payments", "operations": "CreateCryptoWithdrawal", "sources": treasury,
		"destinations": "crypto:ETHEREUM:" + vendor, "limits": map[string]any{"USDC": "100"}}
	for name, value := range change {
		data[name] = value
	}
	m.Must(logical.UpdateOperation, "signers/payouts", data)
	return m
}

// withdrawal is the body of a withdrawal.
func withdrawal(refID, amount string) string {
	return `{"ref_id":"` + refID + `","profile_id":"` + treasury + `","amount":"` + amount + `","asset":"USDC",` +
		`"crypto_network":"ETHEREUM","destination_address":"` + vendor + `"}`
}

// signed asks for a signature of a withdrawal.
func (m *mount) signed(body string) map[string]any {
	m.T.Helper()
	return m.Must(logical.UpdateOperation, "sign/payouts",
		map[string]any{"method": "POST", "path": withdrawals, "body": body}).Data
}

// unsigned is the refusal of a signature.
func (m *mount) unsigned(data map[string]any) (status int, text string) {
	m.T.Helper()
	request := map[string]any{"method": "POST", "path": withdrawals}
	for name, value := range data {
		request[name] = value
	}
	return m.Refused(logical.UpdateOperation, "sign/payouts", request)
}

// pay sends a withdrawal to Paxos with these headers, and returns the status of the answer.
func (m *mount) pay(body string, headers any) int {
	m.T.Helper()
	req, err := http.NewRequestWithContext(m.T.Context(), http.MethodPost, m.Paxos.URL()+withdrawals,
		strings.NewReader(body))
	if err != nil {
		m.T.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+backendtest.Token(m.Must(logical.ReadOperation, "creds/payer", nil)))
	if headers, ok := headers.(map[string]any); ok {
		for name, value := range headers {
			req.Header.Set(name, value.(string))
		}
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		m.T.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		m.T.Fatal(err)
	}
	return resp.StatusCode
}

// TestASignedPaymentIsAccepted signs a withdrawal, and sends it, changes it, repeats it, and sends
// it with no signature, to a Paxos that enforces signatures.
func TestASignedPaymentIsAccepted(t *testing.T) {
	t.Parallel()
	m := newSigningMount(t, nil)
	body := withdrawal("ref-1", "99.50")
	if status := m.pay(body, nil); status != http.StatusUnauthorized {
		t.Errorf("without a signature Paxos answers %d", status)
	}
	answer := m.signed(body)
	if answer["operation"] != "CreateCryptoWithdrawal" || answer["amount"] != "99.50" || answer["asset"] != "USDC" ||
		answer["source"] != treasury || answer["destination"] != "crypto:ETHEREUM:"+vendor ||
		answer["ref_id"] != "ref-1" {
		t.Errorf("signed is %v", answer)
	}
	if status := m.pay(withdrawal("ref-1", "9950"), answer["headers"]); status != http.StatusUnauthorized {
		t.Errorf("another amount under the same signature: %d", status)
	}
	if status := m.pay(body, answer["headers"]); status >= 300 {
		t.Errorf("the signed withdrawal: %d", status)
	}
	if status := m.pay(body, answer["headers"]); status != http.StatusConflict {
		t.Errorf("the same withdrawal again: %d", status)
	}
	executed := m.Paxos.Executed()
	if len(executed) != 1 || executed[0].Amount != "99.50" || executed[0].Destination != "crypto:ETHEREUM:"+vendor {
		t.Errorf("Paxos executed %v", executed)
	}
}

// TestWhatIsNotSigned checks that each refusal names the field, has the right status, and repeats
// nothing of the body.
func TestWhatIsNotSigned(t *testing.T) {
	t.Parallel()
	m := newSigningMount(t, nil)
	ok := withdrawal("ref-1", "1")
	for name, test := range map[string]struct {
		data   map[string]any
		status int
		says   string
	}{
		"above the limit": {map[string]any{"body": withdrawal("r", "100.01")}, 403, "limits"},
		"another destination": {map[string]any{"body": strings.Replace(ok, vendor, vendor[:41]+"b", 1)}, 403,
			"destination_address"},
		"another source": {map[string]any{"body": strings.Replace(ok, treasury, "other-profile-canary", 1)}, 403,
			"profile_id"},
		"another asset": {map[string]any{"body": strings.Replace(ok, "USDC", "BTC", 1)}, 403, "asset"},
		"another operation": {map[string]any{"path": "/v2/transfer/fiat-withdrawals",
			"body": `{"ref_id":"r","profile_id":"p","amount":"1","asset":"USD","fiat_account_id":"f"}`}, 403, "operation"},
		"a key in another case": {map[string]any{"body": strings.Replace(ok, `"amount"`, `"Amount"`, 1)}, 0, ""},
		"an alias of a key": {map[string]any{"body": strings.TrimSuffix(ok, "}") +
			`,"destinationAddress":"0xcanary"}`}, 0, ""},
		"a key twice": {map[string]any{"body": strings.TrimSuffix(ok, "}") + `,"amount":"2"}`}, 400, ""},
		"a number":    {map[string]any{"body": strings.Replace(ok, `"1"`, "1", 1)}, 400, "amount"},
		"an exponent": {map[string]any{"body": withdrawal("r", "1e2")}, 400, "amount"},
		"no ref_id": {map[string]any{"body": strings.Replace(ok, `"ref_id":"ref-1",`, "", 1)}, 400,
			"ref_id"},
		"a query":                {map[string]any{"path": withdrawals + "?amount=1", "body": ok}, 400, ""},
		"no JSON":                {map[string]any{"body": "canary"}, 400, "body"},
		"a method in lower case": {map[string]any{"method": "post", "body": ok}, 400, "method"},
		"an escaped path": {map[string]any{"path": "/v2/transfer/%2e%2e/crypto-withdrawals", "body": ok}, 400,
			"path"},
		"too long":        {map[string]any{"body": strings.Repeat("a", 9<<10)}, 400, "8"},
		"a body with GET": {map[string]any{"method": "GET", "path": "/v2/profiles", "body": ok}, 400, "body"},
	} {
		status, text := m.unsigned(test.data)
		if test.status != 0 && status != test.status || status != 400 && status != 403 ||
			!strings.Contains(text, test.says) {
			t.Errorf("%s: %d %s; want %d and %q", name, status, text, test.status, test.says)
		}
		for _, value := range []string{vendor, "canary", "ref-1", "100.01"} {
			if strings.Contains(text, value) {
				t.Errorf("%s: the refusal repeats %q: %s", name, value, text)
			}
		}
	}
	if status, text := m.Refused(logical.UpdateOperation, "sign/none",
		map[string]any{"method": "GET", "path": "/v2/profiles"}); status != 400 ||
		!strings.Contains(text, `Signer "none" does not exist`) {
		t.Errorf("%d %s", status, text)
	}
}

// TestADryRunSignsNothing judges as a signature does.
func TestADryRunSignsNothing(t *testing.T) {
	t.Parallel()
	m := newSigningMount(t, nil)
	tried := m.Must(logical.UpdateOperation, "sign/payouts",
		map[string]any{"method": "POST", "path": withdrawals, "body": withdrawal("r", "1"), "dry_run": true}).Data
	if tried["headers"] != nil || tried["amount"] != "1" {
		t.Errorf("a dry run answers %v", tried)
	}
	if status, _ := m.unsigned(map[string]any{"body": withdrawal("r", "101"), "dry_run": true}); status != 403 {
		t.Errorf("a dry run above the limit: %d", status)
	}
}

// TestWhatStopsASigner changes what a signer depends on: nothing is signed afterwards.
func TestWhatStopsASigner(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(m *mount)
		says   string
	}{
		"disabled": {func(m *mount) {
			m.Must(logical.PatchOperation, "signers/payouts", map[string]any{"disabled": true})
		},
			"is disabled"},
		"a lockdown": {func(m *mount) { m.Must(logical.UpdateOperation, "lockdown", nil) }, "in lockdown since"},
		"the guardrails": {func(m *mount) {
			m.Must(logical.UpdateOperation, "config/guardrails", map[string]any{"allowed_scopes": "funding:*"})
		}, "guardrails"},
		"no Key ID": {func(m *mount) {
			m.Must(logical.UpdateOperation, "keys/payments/kid", map[string]any{"kid": ""})
		}, "register the public key"},
		"another client": {func(m *mount) {
			id, secret := m.another(backendtest.RootScopes...)
			m.Must(logical.UpdateOperation, "config/replace-root",
				map[string]any{"client_id": id, "client_secret": secret})
		}, "register the public key"},
		"the signer is gone": {func(m *mount) {
			m.Must(logical.DeleteOperation, "signers/payouts", nil)
		}, "does not exist"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newSigningMount(t, nil)
			m.signed(withdrawal("r", "1"))
			test.change(m)
			if _, text := m.unsigned(map[string]any{"body": withdrawal("r", "1")}); !strings.Contains(text, test.says) {
				t.Errorf("it is refused with %s", text)
			}
		})
	}
}

// TestASignatureStoresAndCallsNothing counts what a signature without a daily limit costs.
func TestASignatureStoresAndCallsNothing(t *testing.T) {
	t.Parallel()
	m := newSigningMount(t, nil)
	m.signed(withdrawal("r", "1"))
	operations, calls, questions := m.Storage.Operations.Load(), m.Paxos.TotalCalls(), m.System.Calls.Load()
	m.signed(withdrawal("r2", "1"))
	if got := m.Storage.Operations.Load() - operations; got != 0 || m.Paxos.TotalCalls() != calls {
		t.Errorf("a signature costs %d storage operations and %d calls", got, m.Paxos.TotalCalls()-calls)
	}
	if got := m.System.Calls.Load() - questions; got != 0 {
		t.Errorf("a signature asks Vault %d times", got)
	}
}
