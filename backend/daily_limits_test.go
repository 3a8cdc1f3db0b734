package backend_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/paxostest"
	"vault-plugin-secrets-paxos/backend/spending"
)

// newDailyMount is newSigningMount with 100 USDC a day.
func newDailyMount(t *testing.T) *mount {
	t.Helper()
	return newSigningMount(t, map[string]any{"daily_limits": map[string]any{"USDC": "100"}})
}

// signedBy asks a signer for a signature of a withdrawal.
func (m *mount) signedBy(signer, body string) map[string]any {
	m.T.Helper()
	return m.Must(logical.UpdateOperation, "sign/"+signer,
		map[string]any{"method": "POST", "path": withdrawals, "body": body}).Data
}

// refusedBy is the refusal of a withdrawal.
func (m *mount) refusedBy(signer, body string) (status int, text string) {
	m.T.Helper()
	return m.Refused(logical.UpdateOperation, "sign/"+signer,
		map[string]any{"method": "POST", "path": withdrawals, "body": body})
}

// usage is what a read says of the daily limit for USDC: used, left and next_at.
func (m *mount) usage(path, field string) string {
	m.T.Helper()
	usage, _ := m.Must(logical.ReadOperation, path, nil).Data[field].(map[string]any)["USDC"].(map[string]any)
	return fmt.Sprintf("%v %v %v", usage["used"], usage["left"], usage["next_at"])
}

// TestADailyLimit pays ten times 10 of 100, and an eleventh time; repeats a payment; and pays again
// when the first ones have ended.
func TestADailyLimit(t *testing.T) {
	t.Parallel()
	m := newDailyMount(t)
	first := m.Clock.Now()
	for i := range 10 {
		m.signed(withdrawal(fmt.Sprint("ref-", i), "10"))
		m.Clock.Advance(time.Minute)
	}
	next := first.Add(spending.Window).UTC().Format(time.RFC3339)
	status, text := m.unsigned(map[string]any{"body": withdrawal("ref-10", "10")})
	if status != 403 || !strings.Contains(text, "daily_limits.USDC has 0 of 100 left") ||
		!strings.Contains(text, next) || !strings.Contains(text, "`vault read paxos/signers/payouts`") {
		t.Errorf("the eleventh: %d %s; want %s in it", status, text, next)
	}
	if got := m.usage("signers/payouts", "daily_usage"); got != "100 0 "+next {
		t.Errorf("used, left, next_at: %s; want %s", got, next)
	}
	m.signed(withdrawal("ref-9", "10")) // the same again counts once
	if got := m.usage("signers/payouts", "daily_usage"); got != "100 0 "+next {
		t.Errorf("after a repetition: %s", got)
	}
	m.Clock.Advance(spending.Window - 10*time.Minute)
	m.Tick()
	m.signed(withdrawal("ref-11", "10"))
	if status, _ := m.unsigned(map[string]any{"body": withdrawal("ref-12", "10.000000000000000001")}); status != 403 {
		t.Errorf("more than has ended: %d", status)
	}
}

// TestOneSumOfTheMount has two signers under one guardrail, one of which is deleted and made again,
// with another key.
func TestOneSumOfTheMount(t *testing.T) {
	t.Parallel()
	m := newSigningMount(t, nil)
	second := map[string]any{"key": "payments", "operations": "CreateCryptoWithdrawal", "sources": treasury,
		"destinations": "crypto:ETHEREUM:" + vendor, "limits": "USDC=100"}
	m.Must(logical.UpdateOperation, "signers/second", second)
	m.Must(logical.UpdateOperation, "config/guardrails", map[string]any{"sign_daily_limits": "USDC=100"})
	m.signed(withdrawal("a", "60"))
	m.signedBy("second", withdrawal("b", "30"))
	m.Must(logical.DeleteOperation, "signers/second", nil)
	m.Must(logical.UpdateOperation, "signers/second", second)
	for _, signer := range []string{"payouts", "second"} {
		if status, text := m.refusedBy(signer, withdrawal("c", "10.01")); status != 403 ||
			!strings.Contains(text, "sign_daily_limits.USDC has 10 of 100 left") ||
			!strings.Contains(text, "`vault read paxos/config/guardrails`") {
			t.Errorf("%s: %d %s", signer, status, text)
		}
	}
	m.signedBy("second", withdrawal("c", "10"))
	m.Restart()
	if got := m.usage("config/guardrails", "sign_daily_usage"); !strings.HasPrefix(got, "100 0 ") {
		t.Errorf("after a restart: %s", got)
	}
	if status, _ := m.refusedBy("second", withdrawal("d", "0.01")); status != 403 {
		t.Errorf("after a restart: %d", status)
	}
}

// TestGuardrailsOfSignatures has a limit of the mount that is lower than the signer's, and an asset
// that the mount's limits lack.
func TestGuardrailsOfSignatures(t *testing.T) {
	t.Parallel()
	for name, guardrails := range map[string]map[string]any{
		"above the limit":        {"sign_limits": "USDC=50"},
		"lacks the asset":        {"sign_limits": "USD=1000"},
		"lacks the asset, daily": {"sign_daily_limits": "USD=1000"},
	} {
		m := newSigningMount(t, nil)
		m.Must(logical.UpdateOperation, "config/guardrails", guardrails)
		if status, text := m.unsigned(map[string]any{"body": withdrawal("a", "50.1")}); status != 403 ||
			!strings.Contains(text, "sign_") {
			t.Errorf("%s: %d %s", name, status, text)
		}
		if !strings.Contains(m.Stored(), `guardrails={"schema":2`) {
			t.Errorf("%s: an older version of the plugin would ignore the limit", name)
		}
		m.Must(logical.DeleteOperation, "config/guardrails", nil)
		m.signed(withdrawal("a", "50.1"))
	}
}

// TestARefIDIsUsedOnce reuses the ref_id of a payment that counts, through the same signer and through
// one that has no daily limit.
func TestARefIDIsUsedOnce(t *testing.T) {
	t.Parallel()
	m := newDailyMount(t)
	m.Must(logical.UpdateOperation, "signers/free", map[string]any{"key": "payments", "limits": "USDC=100",
		"operations": "CreateCryptoWithdrawal,CreateFiatAccount", "unlimited_operations": "CreateFiatAccount",
		"sources": treasury, "destinations": "crypto:ETHEREUM:" + vendor})
	m.signed(withdrawal("a", "1"))
	for _, signer := range []string{"payouts", "free"} {
		if status, text := m.refusedBy(signer, withdrawal("a", "2")); status != 403 || !strings.HasPrefix(text, "ref_id ") {
			t.Errorf("%s, another amount: %d %s", signer, status, text)
		}
	}
	if status, text := m.Refused(logical.UpdateOperation, "sign/free", map[string]any{"method": "POST",
		"path": "/v2/transfer/fiat-accounts", "body": `{"ref_id":"a"}`}); status != 403 ||
		!strings.HasPrefix(text, "ref_id ") {
		t.Errorf("another operation: %d %s", status, text)
	}
	m.Clock.Advance(spending.Window)
	m.Tick()
	m.signed(withdrawal("a", "2"))
}

// TestWhatACountedSignatureStores counts the writes, and looks at what is on disk.
func TestWhatACountedSignatureStores(t *testing.T) {
	t.Parallel()
	m := newDailyMount(t)
	m.signed(withdrawal("a", "1"))
	for _, ref := range []string{"b", "b"} { // a repetition too
		operations, calls := m.Storage.Operations.Load(), m.Paxos.TotalCalls()
		m.signed(withdrawal(ref, "1"))
		if got := m.Storage.Operations.Load() - operations; got != 1 || m.Paxos.TotalCalls() != calls {
			t.Errorf("a signature costs %d storage operations, want 1, and %d calls", got, m.Paxos.TotalCalls()-calls)
		}
	}
	before := m.Stored()
	m.Must(logical.UpdateOperation, "sign/payouts", map[string]any{"method": "POST", "path": withdrawals,
		"body": withdrawal("c", "98"), "dry_run": true})
	if m.Stored() != before {
		t.Error("a dry run stores something")
	}
	if status, _ := m.unsigned(map[string]any{"body": withdrawal("c", "98.1"), "dry_run": true}); status != 403 {
		t.Errorf("a dry run above what is left: %d", status)
	}
	m.signed(withdrawal("d", "98")) // the dry run of c counts nothing
	for line := range strings.Lines(m.Stored()) {
		if strings.HasPrefix(line, "spending/") && (strings.Contains(line, vendor) || strings.Contains(line, treasury)) {
			t.Errorf("who was paid is stored with the payments: %s", line)
		}
	}
	m.Clock.Advance(spending.Window)
	m.Tick()
	if strings.Contains(m.Stored(), "\nspending/") {
		t.Error("payments that have ended are still stored")
	}
}

// TestStorageThatFailsWhileItCounts lets the write of a payment fail, before and after it happened.
// Nothing is signed, and the same request is signed and counted once as soon as storage works.
func TestStorageThatFailsWhileItCounts(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func(m *mount, on bool){
		"before the write": func(m *mount, on bool) { m.Storage.FailWrites.Store(on) },
		"after the write":  func(m *mount, on bool) { m.Storage.LoseWrites.Store(on) },
		"also reads":       func(m *mount, on bool) { m.Storage.LoseWrites.Store(on); m.Storage.FailReads.Store(on) },
	} {
		m := newDailyMount(t)
		m.signed(withdrawal("a", "40"))
		fault(m, true)
		for range 3 {
			status, text := m.unsigned(map[string]any{"body": withdrawal("b", "60")})
			if status != 500 || !strings.HasPrefix(text, "Not signed: storage failed") {
				t.Errorf("%s: %d %s", name, status, text)
			}
		}
		fault(m, false)
		m.signed(withdrawal("b", "60"))
		if got := m.usage("signers/payouts", "daily_usage"); !strings.HasPrefix(got, "100 0 ") {
			t.Errorf("%s: %s", name, got)
		}
		m.Restart()
		if status, _ := m.unsigned(map[string]any{"body": withdrawal("c", "0.01")}); status != 403 {
			t.Errorf("%s, after a restart: %d", name, status)
		}
	}
}

// TestAReadOnlyNodeSignsNothing lets a node find out at the write that it is no longer active.
func TestAReadOnlyNodeSignsNothing(t *testing.T) {
	t.Parallel()
	m := newDailyMount(t)
	m.Storage.ReadOnly.Store(true)
	if _, err := m.Do(logical.UpdateOperation, "sign/payouts", map[string]any{"method": "POST", "path": withdrawals,
		"body": withdrawal("a", "1")}); err == nil || !strings.Contains(err.Error(), logical.ErrReadOnly.Error()) {
		t.Errorf("error %v, want the one that makes Vault forward the request", err)
	}
}

// TestADamagedPageStopsWhatCounts damages the record of payments.
func TestADamagedPageStopsWhatCounts(t *testing.T) {
	t.Parallel()
	m := newDailyMount(t)
	m.signed(withdrawal("a", "1"))
	keys, err := m.Storage.List(t.Context(), "spending/")
	if err != nil || len(keys) != 1 {
		t.Fatal(keys, err)
	}
	entry := &logical.StorageEntry{Key: "spending/" + keys[0], Value: []byte("{")}
	if err := m.Storage.Put(t.Context(), entry); err != nil {
		t.Fatal(err)
	}
	m.Restart()
	if status, text := m.unsigned(map[string]any{"body": withdrawal("b", "1")}); status != 500 ||
		!strings.Contains(text, entry.Key) {
		t.Errorf("%d %s", status, text)
	}
	if read := m.Must(logical.ReadOperation, "signers/payouts", nil); len(read.Warnings) == 0 {
		t.Error("a read of the signer does not say that its usage is unknown")
	}
	if status := m.Must(logical.ReadOperation, "status", nil); len(status.Warnings) == 0 {
		t.Error("status does not say that the payments are unknown")
	}
	forgotten := m.Must(logical.UpdateOperation, "config/resume", map[string]any{"forget_damaged_payments": true})
	if forgotten.Data["forgotten_pages"] != 1.0 {
		t.Errorf("forgotten is %v", forgotten.Data)
	}
	m.signed(withdrawal("b", "1"))
}

// TestARestoredCopyCountsNothing has a gap, before the first tick and after it, on a mount with a
// daily limit and on one without.
func TestARestoredCopyCountsNothing(t *testing.T) {
	t.Parallel()
	for name, ticks := range map[string]bool{"before a tick": false, "after a tick": true} {
		m := newDailyMount(t)
		m.Must(logical.UpdateOperation, "signers/free", map[string]any{"key": "payments", "limits": "USDC=100",
			"operations": "CreateCryptoWithdrawal", "sources": treasury, "destinations": "crypto:ETHEREUM:" + vendor})
		m.Tick()
		m.signed(withdrawal("a", "1"))
		m.Clock.Advance(2 * time.Hour)
		m.Restart()
		if ticks {
			m.Tick()
		}
		for range 2 {
			if status, text := m.unsigned(map[string]any{"body": withdrawal("b", "1")}); status != 403 ||
				!strings.Contains(text, "config/resume") {
				t.Errorf("%s: %d %s", name, status, text)
			}
		}
		if status, _ := m.unsigned(map[string]any{"body": withdrawal("b", "1"), "dry_run": true}); status != 403 {
			t.Errorf("%s, a dry run: %d", name, status)
		}
		m.signedBy("free", withdrawal("c", "1"))
		m.Must(logical.UpdateOperation, "config/resume", nil)
		m.signed(withdrawal("b", "1"))
	}
	m := newSigningMount(t, nil)
	m.Tick()
	m.Clock.Advance(2 * time.Hour)
	m.Tick()
	m.signed(withdrawal("a", "1"))
	if m.stopped() != "" {
		t.Error("a mount that counts nothing has stopped")
	}
}

// TestAWrongClockCountsNothing has a Paxos whose clock differs by 6 minutes, and then by 4.
func TestAWrongClockCountsNothing(t *testing.T) {
	t.Parallel()
	m := newDailyMount(t)
	tokenFrom := func(ahead time.Duration) {
		date := m.Clock.Now().Add(ahead).UTC().Format(http.TimeFormat)
		m.Paxos.FailAll(paxostest.TokenEndpoint, paxostest.Fault{Header: http.Header{"Date": {date}}})
		m.Must(logical.UpdateOperation, "roles/payer/rotate", nil)
		m.Must(logical.ReadOperation, "token/payer", nil)
	}
	for _, ahead := range []time.Duration{6 * time.Minute, -6 * time.Minute} {
		tokenFrom(ahead)
		if status, text := m.unsigned(map[string]any{"body": withdrawal("a", "1")}); status != 403 ||
			!strings.Contains(text, "clock") || !strings.Contains(text, "6m0s") {
			t.Errorf("%s: %d %s", ahead, status, text)
		}
	}
	tokenFrom(4 * time.Minute)
	m.signed(withdrawal("a", "1"))
}

// TestALockdownNamesSignatures reads what a lockdown cannot end, before and after a restart.
func TestALockdownNamesSignatures(t *testing.T) {
	t.Parallel()
	m := newSigningMount(t, nil)
	m.Clock.Advance(time.Hour)
	m.signed(withdrawal("a", "1"))
	until := m.Clock.Now().Add(30 * time.Minute).UTC().Format(time.RFC3339)
	locked := fmt.Sprint(m.Must(logical.UpdateOperation, "lockdown", nil).Data["cannot_end"])
	if locked != "[signatures of signer payouts: Paxos accepts the latest one until "+until+"]" {
		t.Errorf("cannot_end is %s, want %s", locked, until)
	}
	m.Restart()
	if locked := fmt.Sprint(m.Must(logical.ReadOperation, "lockdown", nil).Data["cannot_end"]); !strings.Contains(locked,
		": Paxos may accept them until "+until) {
		t.Errorf("after a restart cannot_end is %s", locked)
	}
	m.Clock.Advance(30 * time.Minute)
	if locked := m.Must(logical.ReadOperation, "lockdown", nil).Data["cannot_end"]; fmt.Sprint(locked) != "[]" {
		t.Errorf("when the last has expired, cannot_end is %v", locked)
	}
}

// TestSignaturesAreCounted reads the metric, whose labels no caller can invent.
func TestSignaturesAreCounted(t *testing.T) {
	t.Parallel()
	m := newDailyMount(t)
	m.signed(withdrawal("a", "60"))
	m.unsigned(map[string]any{"body": withdrawal("b", "60")})
	m.unsigned(map[string]any{"body": withdrawal("b", "101")})
	m.unsigned(map[string]any{"body": withdrawal("b", "101"), "dry_run": true})
	m.unsigned(map[string]any{"body": "{"})
	m.refusedBy("invented", withdrawal("b", "1"))
	m.Must(logical.UpdateOperation, "lockdown", nil)
	m.unsigned(map[string]any{"body": withdrawal("b", "1")})
	m.Must(logical.DeleteOperation, "lockdown", nil)
	text := m.Must(logical.ReadOperation, "metrics", nil).Data[logical.HTTPRawBody].(string)
	for _, line := range []string{
		`paxos_signatures_total{outcome="signed",signer="payouts"} 1`,
		`paxos_signatures_total{outcome="daily_limits",signer="payouts"} 1`,
		`paxos_signatures_total{outcome="limits",signer="payouts"} 1`,
		`paxos_signatures_total{outcome="invalid",signer="payouts"} 1`,
		`paxos_signatures_total{outcome="invalid",signer=""} 1`,
		`paxos_signatures_total{outcome="lockdown",signer="payouts"} 1`,
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("%s is missing", line)
		}
	}
	m.Must(logical.DeleteOperation, "signers/payouts", nil)
	text = m.Must(logical.ReadOperation, "metrics", nil).Data[logical.HTTPRawBody].(string)
	if strings.Contains(text, `signer="payouts"`) || strings.Contains(text, "invented") {
		t.Error("a signer that does not exist is in the metrics")
	}
}

// TestManyPayAtOnce has 64 callers for the last 10 payments of a limit.
func TestManyPayAtOnce(t *testing.T) {
	t.Parallel()
	m := newDailyMount(t)
	var waiting sync.WaitGroup
	var mu sync.Mutex
	signed := 0
	for i := range 64 {
		waiting.Go(func() {
			resp, err := m.Do(logical.UpdateOperation, "sign/payouts", map[string]any{"method": "POST",
				"path": withdrawals, "body": withdrawal(fmt.Sprint("ref-", i), "10")})
			if err == nil && resp != nil && !resp.IsError() {
				mu.Lock()
				signed++
				mu.Unlock()
			}
		})
	}
	waiting.Wait()
	if signed != 10 {
		t.Errorf("%d were signed, want 10", signed)
	}
}

// TestWhatIsForbiddenMeanwhile changes what a signature depends on while storage is slow: while the
// payment is being stored, and while the key is being read for a signature that stores nothing.
func TestWhatIsForbiddenMeanwhile(t *testing.T) {
	t.Parallel()
	storing := func(m *mount) (arrived, proceed chan struct{}) {
		pages, err := m.Storage.List(m.T.Context(), "spending/")
		if err != nil || len(pages) != 1 {
			m.T.Fatal(pages, err)
		}
		return m.Storage.Hold("spending/" + pages[0])
	}
	reading := func(m *mount) (arrived, proceed chan struct{}) {
		m.Must(logical.UpdateOperation, "signers/payouts", map[string]any{"daily_limits": map[string]any{}})
		m.Restart()
		return m.Storage.HoldRead("keys/payments")
	}
	for name, change := range map[string]func(m *mount){
		"the signer is disabled": func(m *mount) {
			m.Must(logical.PatchOperation, "signers/payouts", map[string]any{"disabled": true})
		},
		"the signer is deleted": func(m *mount) { m.Must(logical.DeleteOperation, "signers/payouts", nil) },
		"the guardrails": func(m *mount) {
			m.Must(logical.UpdateOperation, "config/guardrails", map[string]any{"sign_limits": "USDC=1"})
		},
		"a daily limit": func(m *mount) {
			m.Must(logical.UpdateOperation, "config/guardrails", map[string]any{"sign_daily_limits": "USDC=1"})
		},
		"the key":    func(m *mount) { m.Must(logical.UpdateOperation, "keys/payments/kid", map[string]any{"kid": ""}) },
		"a lockdown": func(m *mount) { m.Must(logical.UpdateOperation, "lockdown", nil) },
	} {
		for during, hold := range map[string]func(m *mount) (arrived, proceed chan struct{}){
			"storing": storing, "reading": reading} {
			t.Run(name+" while "+during, func(t *testing.T) {
				t.Parallel()
				m := newDailyMount(t)
				m.signed(withdrawal("a", "1"))
				arrived, proceed := hold(m)
				refused := make(chan string)
				go func() {
					resp, err := m.Do(logical.UpdateOperation, "sign/payouts", map[string]any{"method": "POST",
						"path": withdrawals, "body": withdrawal("b", "2")})
					refused <- fmt.Sprint(err, resp.IsError(), resp != nil && resp.Data["headers"] != nil)
				}()
				<-arrived
				change(m)
				close(proceed)
				if said := <-refused; strings.Contains(said, "true true") || said == "<nil> false true" {
					t.Errorf("it is signed: %s", said)
				}
			})
		}
	}
}
