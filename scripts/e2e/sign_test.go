package e2e

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"vault-plugin-secrets-paxos/backend/paxostest"
)

// usedOfLimit returns what a read of the signer says is used of its daily limit for USDC.
func (m *mount) usedOfLimit() (string, error) {
	answer, err := m.client.Logical().ReadWithContext(m.Context(), m.path+"/signers/payouts")
	if err != nil {
		return "", err
	}
	if answer == nil {
		return "", errors.New("there is no signer")
	}
	usage, _ := answer.Data["daily_usage"].(map[string]any)["USDC"].(map[string]any)
	return fmt.Sprint(usage["used"]), nil
}

// TestADailyLimitGoesWithItsMount signs, moves the mount to another path, and lets its plugin be killed.
// What was counted counts at the new path, and the key signs there.
func TestADailyLimitGoesWithItsMount(t *testing.T) {
	m := newMount(t, own(t), paxostest.Options{})
	m.write("keys/payments", nil)
	key, err := m.client.Logical().ReadWithContext(t.Context(), m.path+"/keys/payments")
	if err != nil {
		t.Fatal(err)
	}
	first := key.Data["versions"].(map[string]any)["1"].(map[string]any)
	registered, err := m.paxos.RegisterPublicKey(m.clientID, "vault", first["public_key"].(string))
	if err != nil {
		t.Fatal(err)
	}
	m.write("keys/payments/kid", map[string]any{"kid": registered.ID})
	m.write("signers/payouts", map[string]any{"key": "payments", "operations": "CreateCryptoWithdrawal",
		"sources": treasury, "destinations": "crypto:ETHEREUM:" + vendor, "limits": "USDC=100", "daily_limits": "USDC=100"})
	sign := func(refID, amount string) error {
		_, err := m.client.Logical().WriteWithContext(t.Context(), m.path+"/sign/payouts", map[string]any{
			"method": "POST", "path": "/v2/transfer/crypto-withdrawals", "body": payment(refID, amount)})
		return err
	}
	if err := sign("a", "60"); err != nil {
		t.Fatal(err)
	}
	to := m.path + "-moved"
	if err := m.client.Sys().RemountWithContext(t.Context(), m.path, to); err != nil {
		t.Fatal(err)
	}
	m.path = to
	for _, after := range []string{"the move", "the death of the plugin"} {
		await(t, func() error {
			used, err := m.usedOfLimit()
			if err == nil && used != "60" {
				err = fmt.Errorf("after %s, %s is used, want 60", after, used)
			}
			return err
		})
		if err := sign("b", "40.01"); err == nil || !strings.Contains(err.Error(), "daily_limits.USDC has 40 of 100 left") {
			t.Errorf("after %s: %v", after, err)
		}
		if _, err := m.server.KillPlugin(); err != nil {
			t.Fatal(err)
		}
	}
	await(t, func() error { return sign("a", "60") })
	if err := sign("b", "40"); err != nil {
		t.Error(err)
	}
}
