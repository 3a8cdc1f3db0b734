package backend_test

import (
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/spending"
	"vault-plugin-secrets-paxos/backend/store"
)

// pays asks for a signature of a body and sends what is signed to Paxos. It reports whether it was signed.
func (m *mount) pays(body string) bool {
	m.T.Helper()
	resp, err := m.Do(logical.UpdateOperation, "sign/payouts",
		map[string]any{"method": "POST", "path": withdrawals, "body": body})
	if err != nil || resp.IsError() {
		return false
	}
	m.pay(body, resp.Data["headers"])
	return true
}

// paid is the sum of what Paxos has executed.
func (m *mount) paid() string {
	sum := new(big.Rat)
	for _, execution := range m.Paxos.Executed() {
		sum.Add(sum, value(execution.Amount))
	}
	return strings.TrimSuffix(strings.TrimRight(sum.FloatString(18), "0"), ".")
}

// TestOnePaymentInManySpellings pays 30 of 100 in bodies and with ref_ids that mean the same to some
// reader. Whatever is signed, Paxos never executes more than the daily limit, and the signer counts no
// less than Paxos has executed.
func TestOnePaymentInManySpellings(t *testing.T) {
	t.Parallel()
	m := newDailyMount(t)
	body := withdrawal("caf\u00e9", "30")
	if !m.pays(body) {
		t.Fatal("the first payment is not signed")
	}
	for name, spelling := range map[string]string{
		"white space":          strings.Replace(body, `,`, ` , `, 1),
		"an escape in a value": strings.Replace(body, "caf\u00e9", `caf\u00e9`, 1),
		"an escape in a key":   strings.Replace(body, `"amount"`, `"\u0061mount"`, 1),
		"another order":        `{"asset":"USDC",` + strings.Replace(body, `"asset":"USDC",`, "", 1)[1:],
		"zeros":                strings.Replace(body, `"30"`, `"30.0"`, 1),
		"another case":         strings.Replace(body, "aa\"}", "AA\"}", 1),
		"a line break":         body + "\n",
	} {
		if status, text := m.unsigned(map[string]any{"body": spelling}); status != 403 ||
			!strings.HasPrefix(text, "ref_id ") {
			t.Errorf("%s: %d %s", name, status, text)
		}
	}
	for _, ref := range []string{"cafe\u0301", "CAF\u00c9", " caf\u00e9", "caf\u00e9 ", "caf\u00e9\u200b",
		"\uff43af\u00e9"} {
		m.pays(withdrawal(ref, "30")) // another ref_id to Paxos, so another payment
	}
	if got := m.paid(); got != "90" {
		t.Errorf("Paxos executed %s, want 90 of 100", got)
	}
	if got := m.usage("signers/payouts", "daily_usage"); !strings.HasPrefix(got, "90 10 ") {
		t.Errorf("used, left, next_at: %s", got)
	}
	for _, path := range []string{"/v2/transfer/Crypto-Withdrawals", withdrawals + "/",
		"/v2//transfer/crypto-withdrawals",
		"/v2/transfer/crypto%2dwithdrawals", "/V2/transfer/crypto-withdrawals", "/v2/transfer/./crypto-withdrawals",
		withdrawals + "?", withdrawals + "?a", withdrawals + "#", withdrawals + ";a=b"} {
		if status, text := m.unsigned(map[string]any{"path": path, "body": body}); status != 400 ||
			!strings.HasPrefix(text, "path ") {
			t.Errorf("%s: %d %s", path, status, text)
		}
	}
}

// TestALoweredDailyLimit lowers the limit below what is used, raises it again, and takes it away meanwhile:
// what was counted stays counted.
func TestALoweredDailyLimit(t *testing.T) {
	t.Parallel()
	m := newDailyMount(t)
	m.signed(withdrawal("a", "60"))
	limit := func(to map[string]any) {
		m.Must(logical.PatchOperation, "signers/payouts", map[string]any{"daily_limits": to})
	}
	limit(map[string]any{"USDC": "50"})
	if got := m.usage("signers/payouts", "daily_usage"); !strings.HasPrefix(got, "60 0 ") {
		t.Errorf("used, left, next_at: %s", got)
	}
	if status, text := m.unsigned(map[string]any{"body": withdrawal("b", "0.01")}); status != 403 ||
		!strings.Contains(text, "has 0 of 50 left") {
		t.Errorf("%d %s", status, text)
	}
	m.signed(withdrawal("a", "60")) // a repetition moves nothing more
	limit(map[string]any{})
	limit(map[string]any{"USDC": "100"})
	if status, _ := m.unsigned(map[string]any{"body": withdrawal("b", "40.01")}); status != 403 {
		t.Errorf("more than is left: %d", status)
	}
	m.signed(withdrawal("b", "40"))
}

// TestTheLargestSums pays amounts of 20 digits before the point and 18 after it.
func TestTheLargestSums(t *testing.T) {
	t.Parallel()
	const most, least = "99999999999999999999.999999999999999999", "0.000000000000000001"
	m := newSigningMount(t, map[string]any{"limits": "USDC=" + most, "daily_limits": "USDC=" + most})
	m.Must(logical.UpdateOperation, "config/guardrails", map[string]any{"sign_daily_limits": "USDC=" + most})
	m.signed(withdrawal("a", least))
	if status, _ := m.unsigned(map[string]any{"body": withdrawal("b", most)}); status != 403 {
		t.Errorf("more than is left by one step: %d", status)
	}
	m.signed(withdrawal("b", "99999999999999999999.999999999999999998"))
	if got := m.usage("config/guardrails", "sign_daily_usage"); !strings.HasPrefix(got, most+" 0 ") {
		t.Errorf("used, left, next_at: %s", got)
	}
	if status, _ := m.unsigned(map[string]any{"body": withdrawal("c", least)}); status != 403 {
		t.Errorf("one step more: %d", status)
	}
}

// TestAClockThatIsSetBack sets the clock back by a day and more: nothing that counts is forgotten, and it
// ends when the clock has caught up.
func TestAClockThatIsSetBack(t *testing.T) {
	t.Parallel()
	m := newDailyMount(t)
	m.signed(withdrawal("a", "100"))
	refused := func(when string) {
		t.Helper()
		if status, text := m.unsigned(map[string]any{"body": withdrawal("b", "0.01")}); status != 403 ||
			!strings.Contains(text, "daily_limits.USDC has 0 of 100 left") {
			t.Errorf("with the clock %s: %d %s", when, status, text)
		}
	}
	for _, restarts := range []bool{false, true} {
		m.Clock.Advance(-30 * time.Hour)
		if restarts {
			m.Restart()
		}
		m.Tick()
		refused("set back")
		m.Clock.Advance(30 * time.Hour)
		m.Tick()
		m.Must(logical.UpdateOperation, "config/resume", nil) // to the mount it was a gap
		refused("set right")
	}
	m.Clock.Advance(spending.Window)
	m.Tick()
	m.Must(logical.UpdateOperation, "config/resume", nil)
	m.signed(withdrawal("b", "100"))
}

// TestAClockThatRunsAhead sets the clock ahead by a day and more, and right again: nothing that counts
// is forgotten, whatever is asked for meanwhile.
func TestAClockThatRunsAhead(t *testing.T) {
	t.Parallel()
	for name, meanwhile := range map[string]func(m *mount){
		"a tick": func(m *mount) { m.Tick() },
		"a payment": func(m *mount) {
			m.Refused(logical.UpdateOperation, "sign/payouts", map[string]any{"method": "POST", "path": withdrawals,
				"body": withdrawal("c", "1")})
		},
		"one that does not count": func(m *mount) { m.signedBy("free", withdrawal("c", "1")) },
		"a read":                  func(m *mount) { m.Must(logical.ReadOperation, "signers/payouts", nil) },
		"a restart and a tick":    func(m *mount) { m.Restart(); m.Tick() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newDailyMount(t)
			m.Must(logical.UpdateOperation, "signers/free", map[string]any{"key": "payments", "limits": "USDC=100",
				"operations": "CreateCryptoWithdrawal", "sources": treasury, "destinations": "crypto:ETHEREUM:" + vendor})
			m.Tick()
			m.signed(withdrawal("a", "100"))
			m.Clock.Advance(30 * time.Hour)
			meanwhile(m)
			m.Clock.Advance(-30 * time.Hour)
			m.Tick()
			m.Must(logical.UpdateOperation, "config/resume", nil)
			if status, text := m.unsigned(map[string]any{"body": withdrawal("b", "0.01")}); status != 403 ||
				!strings.Contains(text, "daily_limits.USDC has 0 of 100 left") {
				t.Errorf("%d %s", status, text)
			}
		})
	}
}

// TestAFullLedger fills the ledger: what counts is refused and says why, also to a signer with much left.
// What does not count is signed as before.
func TestAFullLedger(t *testing.T) {
	t.Parallel()
	m := newDailyMount(t)
	m.Must(logical.UpdateOperation, "signers/free", map[string]any{"key": "payments", "limits": "USDC=100",
		"operations": "CreateCryptoWithdrawal", "sources": treasury, "destinations": "crypto:ETHEREUM:" + vendor})
	m.signed(withdrawal("a", "1"))
	page := spending.Page{}
	for i := range spending.MaxPayments - 1 {
		page.Rows = append(page.Rows, spending.Row{At: m.Clock.Now(), Payment: spending.Payment{
			Key: spending.HashOf(fmt.Sprint("key-", i)), Ref: spending.HashOf(fmt.Sprint("ref-", i)), Signer: "another"}})
		if len(page.Rows) == spending.PageSize || i == spending.MaxPayments-2 {
			if err := store.Put(t.Context(), m.Storage, fmt.Sprint("spending/page-", i), struct {
				store.Versioned
				spending.Page
			}{store.Current, page}); err != nil {
				t.Fatal(err)
			}
			page.Rows = nil
		}
	}
	m.Restart()
	if status, text := m.unsigned(map[string]any{"body": withdrawal("b", "1")}); status != 403 ||
		!strings.Contains(text, "counts 20000 payments") {
		t.Errorf("%d %s", status, text)
	}
	m.signed(withdrawal("a", "1")) // it counts already
	m.signedBy("free", withdrawal("c", "1"))
	if status, text := m.refusedBy("free", withdrawal("ref-7", "1")); status != 403 ||
		!strings.HasPrefix(text, "ref_id ") {
		t.Errorf("a ref_id that counts: %d %s", status, text)
	}
}

// TestManyAssets has limits for as many assets as a signer may have, and for one more.
func TestManyAssets(t *testing.T) {
	t.Parallel()
	limits := map[string]any{"USDC": "100"}
	for i := range 999 {
		limits[fmt.Sprint("ASSET", i)] = "1"
	}
	m := newSigningMount(t, map[string]any{"limits": limits, "daily_limits": limits})
	m.signed(withdrawal("a", "60"))
	if status, text := m.unsigned(map[string]any{"body": withdrawal("b", "60")}); status != 403 ||
		!strings.Contains(text, "daily_limits.USDC") || len(text) > 300 {
		t.Errorf("%d %s", status, text)
	}
	limits["ONE-MORE"] = "1"
	if status, text := m.Refused(logical.PatchOperation, "signers/payouts",
		map[string]any{"limits": limits}); status != 400 || !strings.HasPrefix(text, "limits ") {
		t.Errorf("%d %s", status, text)
	}
}
