package cluster

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/hashicorp/vault/api"
)

// withdrawal is the body of a payment of 10 USDC. Its parameter is the ref_id.
const withdrawal = `{"ref_id":"%s","profile_id":"profile-1","amount":"10","asset":"USDC",` +
	`"crypto_network":"ETHEREUM","destination_address":"0x00000000000000000000000000000000000000aa"}`

// signer gives the mount a key that Paxos knows, and a signer for withdrawals with a daily limit for USDC.
func (m *mount) signer(dailyLimit string) {
	m.Helper()
	m.write("keys/payments")
	versions, _ := m.readData("keys/payments")["versions"].(map[string]any)
	first, _ := versions["1"].(map[string]any)
	var registered struct {
		ID string `json:"id"`
	}
	if err := m.paxos.Control(m.Context(), http.MethodPost, "credentials/"+m.paxos.ClientID+"/keys",
		map[string]any{"nickname": "vault", "public_key": first["public_key"]}, &registered); err != nil {
		m.Fatal(err)
	}
	m.write("keys/payments/kid", map[string]any{"kid": registered.ID})
	m.write("signers/payouts", map[string]any{"key": "payments", "operations": "CreateCryptoWithdrawal",
		"sources": "*", "destinations": "*", "limits": "USDC=10", "daily_limits": "USDC=" + dailyLimit})
}

// readData returns the answer of a path of the mount.
func (m *mount) readData(path string) map[string]any {
	m.Helper()
	answer, err := m.client.Logical().ReadWithContext(m.Context(), m.path+"/"+path)
	if err != nil || answer == nil {
		m.Fatalf("reading %s: %v, %v", path, answer, err)
	}
	return answer.Data
}

// sign has a payment signed, and returns its signature.
func (m *mount) sign(client *api.Client, refID string) (string, error) {
	answer, err := client.Logical().WriteWithContext(m.Context(), m.path+"/sign/payouts", map[string]any{
		"method": "POST", "path": "/v2/transfer/crypto-withdrawals", "body": fmt.Sprintf(withdrawal, refID)})
	if err != nil {
		return "", err
	}
	headers, _ := answer.Data["headers"].(map[string]any)
	signature, _ := headers["Paxos-Signature"].(string)
	if signature == "" {
		return "", fmt.Errorf("the answer has no signature: %v", answer.Data)
	}
	return signature, nil
}

// spent is what a refusal of a payment that the daily limit does not allow says.
const spent = "daily_limits.USDC has 0 of"

// decide repeats a request until it is signed or refused for the limit, which it returns. Whatever else
// happens is counted.
func (m *mount) decide(client *api.Client, refID string, undecided *atomic.Int64) (signed bool) {
	await(m.T, 2*patience, func() error {
		_, err := m.sign(client, refID)
		signed = err == nil
		if err != nil && !strings.Contains(err.Error(), spent) {
			undecided.Add(1)
			return err
		}
		return nil
	})
	return signed
}

// expectUsed checks what a read of the signer says is used of the daily limit for USDC.
func (m *mount) expectUsed(used, left string) {
	m.Helper()
	await(m.T, patience, func() error { // a node that has just become active may not answer yet
		answer, err := m.client.Logical().ReadWithContext(m.Context(), m.path+"/signers/payouts")
		if err != nil {
			return err
		}
		usage, _ := answer.Data["daily_usage"].(map[string]any)["USDC"].(map[string]any)
		if usage["used"] != used || usage["left"] != left {
			return fmt.Errorf("daily_usage is %v, want %s used and %s left", usage, used, left)
		}
		return nil
	})
}
