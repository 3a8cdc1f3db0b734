package backend_test

import (
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend"
	"vault-plugin-secrets-paxos/backend/paxostest"
	"vault-plugin-secrets-paxos/backend/spending"
)

func TestMetricsNameTheVersion(t *testing.T) {
	t.Parallel()
	newMount(t).expect(map[string]float64{`paxos_build_info{version="` + backend.Version + `"}`: 1})
}

func TestMetricsShowSinceWhenNothingIsIssued(t *testing.T) {
	t.Parallel()
	m := newPool(t, 1, nil)
	m.expect(map[string]float64{`paxos_lockdown_since_timestamp_seconds`: 0, `paxos_stopped_since_timestamp_seconds`: 0})
	m.Clock.Advance(80 * time.Minute) // without periodic work, as after a restore
	stopped := float64(m.Clock.Now().Unix())
	m.Tick()
	m.Clock.Advance(time.Minute)
	locked := float64(m.Clock.Now().Unix())
	m.Must(logical.UpdateOperation, "lockdown", nil)
	m.Clock.Advance(time.Minute)
	m.expect(map[string]float64{`paxos_lockdown`: 1, `paxos_lockdown_since_timestamp_seconds`: locked,
		`paxos_stopped`: 1, `paxos_stopped_since_timestamp_seconds`: stopped})
	m.Must(logical.DeleteOperation, "lockdown", nil)
	m.Must(logical.UpdateOperation, "config/resume", nil)
	m.expect(map[string]float64{`paxos_lockdown`: 0, `paxos_lockdown_since_timestamp_seconds`: 0, `paxos_stopped`: 0,
		`paxos_stopped_since_timestamp_seconds`: 0})
}

func TestMetricsShowTheAgeThatTheRootSecretMayHave(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	m.expect(map[string]float64{`paxos_root_secret_max_age_seconds`: 0})
	m.Configure()
	m.expect(map[string]float64{`paxos_root_secret_max_age_seconds`: 90 * 86400})
	m.Must(logical.UpdateOperation, "config", map[string]any{"credential_max_age": "720h"})
	m.expect(map[string]float64{`paxos_root_secret_max_age_seconds`: 720 * 3600})
}

// TestMetricsShowWhenBansEnd has Paxos refuse a token request and later a revocation with status 429. Only the
// second stops all requests.
func TestMetricsShowWhenBansEnd(t *testing.T) {
	t.Parallel()
	const tokens, calls = `paxos_ban_end_timestamp_seconds{requests="token"}`,
		`paxos_ban_end_timestamp_seconds{requests="api"}`
	m := newConfiguredMount(t)
	m.expect(map[string]float64{tokens: 0, calls: 0, `paxos_banned`: 0})
	ends := func(field string) float64 {
		at, err := time.Parse(time.RFC3339, m.Must(logical.ReadOperation, "status", nil).Data[field].(string))
		if err != nil {
			t.Fatal(err)
		}
		return float64(at.Unix())
	}
	m.queueOf(1)
	m.Paxos.Heal()
	m.Paxos.FailNext(paxostest.TokenEndpoint, paxostest.Fault{Status: 429})
	m.Refused(logical.UpdateOperation, "creds/mint", map[string]any{"scopes": "funding:read_profile"})
	m.expect(map[string]float64{tokens: ends("banned_until"), calls: 0, `paxos_banned`: 1})
	m.Clock.Advance(10 * time.Minute)
	m.expect(map[string]float64{tokens: 0, calls: 0, `paxos_banned`: 0})
	m.Paxos.FailNext(paxostest.Revoke, paxostest.Fault{Status: 429})
	m.Tick()
	m.expect(map[string]float64{tokens: ends("banned_until"), calls: ends("calls_banned_until"), `paxos_banned`: 1})
	m.Clock.Advance(10 * time.Minute)
	m.expect(map[string]float64{tokens: 0, calls: 0, `paxos_banned`: 0})
}

// TestMetricsShowDailyLimits pays with two signers of which one has a limit, under a limit of the mount.
func TestMetricsShowDailyLimits(t *testing.T) {
	t.Parallel()
	const payouts, mount = `paxos_daily_limit_used_ratio{asset="USDC",signer="payouts"}`,
		`paxos_daily_limit_used_ratio{asset="USDC",signer=""}`
	m := newDailyMount(t)
	m.Must(logical.UpdateOperation, "signers/second", map[string]any{"key": "payments",
		"operations": "CreateCryptoWithdrawal", "sources": treasury, "destinations": "crypto:ETHEREUM:" + vendor,
		"limits": "USDC=100"})
	m.expect(map[string]float64{payouts: 0, mount: -1})
	m.Must(logical.UpdateOperation, "config/guardrails", map[string]any{"sign_daily_limits": "USDC=400"})
	m.signed(withdrawal("a", "80"))
	m.signedBy("second", withdrawal("b", "20"))
	m.expect(map[string]float64{payouts: .8, mount: .25, `paxos_daily_limit_used_ratio{asset="USDC",signer="second"}`: -1})
	m.Restart()
	m.expect(map[string]float64{payouts: .8, mount: .25})
	m.Must(logical.UpdateOperation, "signers/payouts", map[string]any{"daily_limits": map[string]any{"USDC": "40"}})
	m.expect(map[string]float64{payouts: 2})
	m.Clock.Advance(spending.Window)
	m.expect(map[string]float64{payouts: 0, mount: 0})
	m.Must(logical.DeleteOperation, "signers/payouts", nil)
	m.Must(logical.UpdateOperation, "config/guardrails", map[string]any{"sign_daily_limits": map[string]any{}})
	m.expect(map[string]float64{payouts: -1, mount: -1})
}

// TestSignersCostAScrapeNothing reads the metrics with one signer and with 21, whose limits are in memory.
func TestSignersCostAScrapeNothing(t *testing.T) {
	t.Parallel()
	m := newDailyMount(t)
	scrape := func() int64 {
		m.metrics() // signers that were not read before are read once
		before := m.Storage.Operations.Load()
		m.metrics()
		return m.Storage.Operations.Load() - before
	}
	one := scrape()
	for i := range 20 {
		m.Must(logical.UpdateOperation, "signers/s"+string(rune('a'+i)), map[string]any{"key": "payments",
			"operations": "CreateCryptoWithdrawal", "sources": treasury, "destinations": "crypto:ETHEREUM:" + vendor,
			"limits": "USDC=100", "daily_limits": "USDC=100"})
	}
	m.Clock.Advance(time.Second) // the reports are not due: they are made once a minute
	if many := scrape(); many > one {
		t.Errorf("with 20 more signers a scrape costs %d storage operations instead of %d", many, one)
	}
}

func TestMetricsTellAnEmptyPoolFromAMistake(t *testing.T) {
	t.Parallel()
	m := newPool(t, 1, nil)
	for _, entity := range []string{"a", "a", "b"} {
		_, _ = m.lease(entity, entity) // what each gets is counted
	}
	m.expect(map[string]float64{
		`paxos_tokens_denied_total{reason="exhausted",role="vendor"}`: 1,
		`paxos_tokens_denied_total{reason="invalid",role="vendor"}`:   -1,
	})
}
