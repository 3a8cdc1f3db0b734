package clients

import (
	"net/http"
	"strings"
)

const (
	paymentsPath = "/v2/transfer/crypto-withdrawals"
	treasury     = "42bb1a2e-a68e-44d7-b5f1-59ccc5c13e91"
	vendor       = "0x00000000000000000000000000000000000000aa"
)

// preparePayments makes a signer that pays up to 100 USDC to one address, and a Paxos that demands
// signatures of withdrawals.
func (m *mount) preparePayments() {
	m.Helper()
	m.write("keys/payments", nil)
	key, err := m.root.Logical().ReadWithContext(m.Context(), m.path+"/keys/payments")
	if err != nil {
		m.Fatal(err)
	}
	first, _ := key.Data["versions"].(map[string]any)["1"].(map[string]any)
	var registered struct {
		ID string `json:"id"`
	}
	m.control(http.MethodPost, "credentials/"+m.clientID+"/keys", map[string]any{"nickname": "vault",
		"public_key": first["public_key"]}, &registered)
	m.control(http.MethodPut, "signatures", map[string]any{"operations": []string{"CreateCryptoWithdrawal"}}, nil)
	m.write("keys/payments/kid", map[string]any{"kid": registered.ID})
	m.write("signers/payouts", map[string]any{"key": "payments", "operations": "CreateCryptoWithdrawal",
		"sources": treasury, "destinations": "crypto:ETHEREUM:" + vendor, "limits": map[string]any{"USDC": "100"}})
}

// payment returns the body of a withdrawal. White space and characters that encoders of JSON write in
// different ways must reach Paxos unchanged.
func payment(refID, amount string) string {
	return `{"ref_id":"` + refID + `",  "profile_id":"` + treasury + `","amount":"` + amount + `","asset":"USDC",` +
		`"crypto_network":"ETHEREUM","destination_address":"` + vendor + `",` + "\n" +
		`"metadata":{"note":"<Zürich & \u00e9 😀>/\/"}}`
}

// pays has a payment signed, and sends it. A payment above the limit is refused.
func (j *journey) pays() {
	body := payment("invoice-1", "99.50")
	signed, err := j.Write(j.Context(), j.path+"/sign/payouts", map[string]any{"method": "POST", "path": paymentsPath,
		"body": body})
	j.must(err)
	headers, _ := signed.Data["headers"].(map[string]any)
	signature, _ := headers["Paxos-Signature"].(string)
	j.guard(signature)
	j.send(body, signature)
	var said struct {
		Executed []struct {
			Amount string         `json:"amount"`
			KeyID  string         `json:"key_id"`
			Body   map[string]any `json:"body"`
		} `json:"executed"`
	}
	j.control(http.MethodGet, "executed", nil, &said)
	if len(said.Executed) != 1 {
		j.Fatalf("Paxos executed %d payments, want 1", len(said.Executed))
	}
	paid := said.Executed[0]
	note, _ := paid.Body["metadata"].(map[string]any)
	if paid.Amount != "99.50" || paid.KeyID != signed.text("kid") || note["note"] != "<Zürich & é 😀>//" {
		j.Errorf("Paxos paid %s, signed by %q, with %q", paid.Amount, paid.KeyID, note["note"])
	}
	_, err = j.Write(j.Context(), j.path+"/sign/payouts", map[string]any{"method": "POST", "path": paymentsPath,
		"body": payment("invoice-2", "100.01")})
	wantText(j, err, "amount is too large: limits.USDC allows at most 100 per request.")
}

// send sends a payment to Paxos, with the token of the role and the signature.
func (j *journey) send(body, signature string) {
	j.Helper()
	url := strings.TrimSuffix(j.paxos.APIURL, "/v2") + paymentsPath
	request, err := http.NewRequestWithContext(j.Context(), http.MethodPost, url, strings.NewReader(body))
	j.must(err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+j.read("token/app").text("access_token"))
	request.Header.Set("Paxos-Signature", signature)
	response, err := http.DefaultClient.Do(request)
	j.must(err)
	response.Body.Close()
	if response.StatusCode != http.StatusOK && response.StatusCode != http.StatusCreated {
		j.Errorf("Paxos answered %s", response.Status)
	}
}
