package load

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/vault/api"

	"vault-plugin-secrets-paxos/backend/spending"
	"vault-plugin-secrets-paxos/scripts/stack"
)

// payers is how many callers sign at once.
const payers = 64

// withdrawal is the body of a payment of one USDC. Its parameter is the ref_id.
const withdrawal = `{"ref_id":"ref-%d","profile_id":"profile-1","amount":"1","asset":"USDC",` +
	`"crypto_network":"ETHEREUM","destination_address":"0x00000000000000000000000000000000000000aa"}`

// TestADayOfPayments signs one payment less than a mount counts, with storage in files, and kills Vault.
// The next process knows them all: it signs the last one, no further one, and the first again. The log
// says how long the first signature took.
func TestADayOfPayments(t *testing.T) {
	server, err := servers.Start(stack.Options{Vault: os.Getenv("VAULT_BIN"), Plugin: shared(t).Plugin,
		LogLevel: "info"})
	if err != nil {
		t.Fatal(err)
	}
	m := newMount(t, server, withdrawals)
	m.allowPayments()
	started := time.Now()
	m.signMany(spending.MaxPayments - 1)
	t.Logf("%d payments signed by %d callers in %s", spending.MaxPayments-1, payers, time.Since(started))

	server.Kill()
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	m.client = client(t, server, server.RootToken)
	started = time.Now()
	if err := m.sign(m.client, spending.MaxPayments-1); err != nil {
		t.Errorf("the last payment: %v", err)
	}
	t.Logf("after the restart, the first signature took %s", time.Since(started))
	if err := m.sign(m.client, spending.MaxPayments); err == nil ||
		!strings.Contains(err.Error(), fmt.Sprintf("counts %d payments", spending.MaxPayments)) {
		t.Errorf("one more payment: %v", err)
	}
	if err := m.sign(m.client, 0); err != nil {
		t.Errorf("the first payment again: %v", err)
	}
	usage, _ := m.read("signers/payouts")["daily_usage"].(map[string]any)["USDC"].(map[string]any)
	if usage["used"] != fmt.Sprint(spending.MaxPayments) {
		t.Errorf("daily_usage is %v", usage)
	}
}

// allowPayments gives the mount a key that Paxos knows, and a signer with a daily limit that is not reached.
func (m *mount) allowPayments() {
	m.Helper()
	m.write("keys/payments", nil)
	versions, _ := m.read("keys/payments")["versions"].(map[string]any)
	first, _ := versions["1"].(map[string]any)
	public, _ := first["public_key"].(string)
	registered, err := m.paxos.RegisterPublicKey(m.clientID, "vault", public)
	if err != nil {
		m.Fatal(err)
	}
	m.write("keys/payments/kid", map[string]any{"kid": registered.ID})
	m.write("signers/payouts", map[string]any{"key": "payments", "operations": "CreateCryptoWithdrawal",
		"sources": "*", "destinations": "*", "limits": "USDC=1", "daily_limits": "USDC=1000000"})
}

// signMany has this number of payments signed, each once.
func (m *mount) signMany(count int) {
	m.Helper()
	turns := make(chan int, count)
	for i := range count {
		turns <- i
	}
	close(turns)
	var callers sync.WaitGroup
	for range payers {
		c := client(m.T, m.server, m.server.RootToken)
		callers.Go(func() {
			for i := range turns {
				if err := m.sign(c, i); err != nil {
					m.Error(err)
					return
				}
			}
		})
	}
	callers.Wait()
	if m.Failed() {
		m.FailNow()
	}
}

// sign has a payment signed.
func (m *mount) sign(c *api.Client, number int) error {
	_, err := c.Logical().WriteWithContext(m.Context(), m.path+"/sign/payouts", map[string]any{"method": "POST",
		"path": "/v2/transfer/crypto-withdrawals", "body": fmt.Sprintf(withdrawal, number)})
	return err
}
