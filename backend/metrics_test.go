package backend_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"
	"github.com/prometheus/common/expfmt"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// metrics reads the metrics: each sample by its name and labels.
func (m *mount) metrics() map[string]float64 {
	m.T.Helper()
	text := m.Must(logical.ReadOperation, "metrics", nil).Data[logical.HTTPRawBody].(string)
	var parser expfmt.TextParser
	if _, err := parser.TextToMetricFamilies(strings.NewReader(text)); err != nil {
		m.T.Fatalf("Prometheus cannot read the metrics: %v\n%s", err, text)
	}
	samples := map[string]float64{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), " "); ok && !strings.HasPrefix(line, "#") {
			number, err := strconv.ParseFloat(value, 64)
			if err != nil {
				m.T.Fatal(err)
			}
			samples[name] = number
		}
	}
	return samples
}

// expect compares some of the metrics; a sample that is not there counts as -1.
func (m *mount) expect(want map[string]float64) {
	m.T.Helper()
	got := m.metrics()
	for name, value := range want {
		sample, ok := got[name]
		if !ok {
			sample = -1
		}
		if sample != value {
			m.T.Errorf("%s is %v, want %v", name, sample, value)
		}
	}
}

func TestMetricsComeAsPrometheusReadsThemAndOfOneMountOnly(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	got := m.Must(logical.ReadOperation, "metrics", nil).Data
	text, isText := got[logical.HTTPRawBody].(string)
	if !isText || !strings.Contains(text, "# TYPE paxos_live_tokens gauge\npaxos_live_tokens 0\n") {
		t.Errorf("the body is %T %v", got[logical.HTTPRawBody], got[logical.HTTPRawBody])
	}
	same := m.Must(logical.ReadOperation, "metrics", map[string]any{"format": "prometheus"}).Data
	if !strings.HasPrefix(fmt.Sprint(same[logical.HTTPRawBody]), "# HELP paxos_") {
		t.Errorf("with format=prometheus the body is %v", same[logical.HTTPRawBody])
	}
	if status, text := m.Refused(logical.ReadOperation, "metrics",
		map[string]any{"format": backendtest.Canary}); status != 400 || text != "format must be prometheus." {
		t.Errorf("of another format: %d %s", status, text)
	}
	other := newConfiguredMount(t)
	other.Must(logical.ReadOperation, "creds/mint", nil)
	m.expect(map[string]float64{`paxos_tokens_issued_total{kind="mint",role="mint"}`: -1})
	if got[logical.HTTPContentType] != "text/plain; version=0.0.4; charset=utf-8" ||
		got[logical.HTTPStatusCode] != float64(200) {
		t.Errorf("type %v, status %v", got[logical.HTTPContentType], got[logical.HTTPStatusCode])
	}
}

func TestMetricsCountWhatReadersGet(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	for range 3 {
		m.Must(logical.ReadOperation, "creds/mint", nil)
	}
	m.expect(map[string]float64{
		`paxos_tokens_issued_total{kind="mint",role="mint"}`: 1, `paxos_tokens_issued_total{kind="hit",role="mint"}`: 2,
		`paxos_tokens_issued_total{kind="stale",role="mint"}`:   0,
		`paxos_token_mints_total{outcome="minted",role="mint"}`: 1,
		`paxos_token_mint_duration_seconds_count`:               1, `paxos_live_tokens`: 1,
		`paxos_queued_revocations`: 0,
		// the proof of the secret is the other
		`paxos_token_budget`: 240, `paxos_token_budget_used`: 2, `paxos_banned`: 0,
	})
	m.Must(logical.UpdateOperation, "roles/own",
		map[string]any{"scopes": "funding:read_profile", "unique_tokens": true})
	own := m.Must(logical.ReadOperation, "creds/own", nil)
	if err := m.Revoke(own); err != nil {
		t.Fatal(err)
	}
	m.expect(map[string]float64{
		`paxos_tokens_issued_total{kind="mint",role="own"}`: 1, `paxos_tokens_issued_total{kind="hit",role="own"}`: 0,
		`paxos_revocations_total{outcome="revoked"}`: 1, `paxos_revocations_total{outcome="failed"}`: -1,
	})
	m.Clock.Advance(59 * time.Minute)
	m.Paxos.FailAll(paxostest.TokenEndpoint, paxostest.Fault{Status: 503})
	m.Must(logical.ReadOperation, "creds/mint", nil)
	m.expect(map[string]float64{`paxos_tokens_issued_total{kind="stale",role="mint"}`: 1})
	// a refresh may have followed
	if failed := m.metrics()[`paxos_token_mints_total{outcome="unavailable",role="mint"}`]; failed < 1 {
		t.Errorf("%v mints failed", failed)
	}
}

func TestMetricsCountWhatReadersAreDenied(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.Must(logical.UpdateOperation, "roles/off", map[string]any{"scopes": "funding:read_profile", "disabled": true})
	m.Must(logical.UpdateOperation, "roles/beyond", map[string]any{"scopes": "rewards:write_everything"})
	m.Refused(logical.ReadOperation, "creds/off", nil)
	m.Refused(logical.ReadOperation, "creds/"+backendtest.Canary+"x", nil)
	m.Refused(logical.UpdateOperation, "token/mint", map[string]any{"scopes": backendtest.Canary + ":x"})
	m.Refused(logical.ReadOperation, "creds/beyond", nil)
	m.Paxos.FailNext(paxostest.TokenEndpoint, paxostest.Fault{Status: 503}, paxostest.Fault{Status: 429})
	m.Refused(logical.ReadOperation, "creds/mint", nil)
	m.Refused(logical.ReadOperation, "creds/mint", nil)
	m.Refused(logical.ReadOperation, "token/mint", nil)
	m.expect(map[string]float64{
		`paxos_tokens_denied_total{reason="forbidden",role="off"}`:    1,
		`paxos_tokens_denied_total{reason="invalid",role=""}`:         1,
		`paxos_tokens_denied_total{reason="invalid",role="mint"}`:     1,
		`paxos_tokens_denied_total{reason="refused",role="beyond"}`:   1,
		`paxos_tokens_denied_total{reason="unavailable",role="mint"}`: 1,
		`paxos_tokens_denied_total{reason="throttled",role="mint"}`:   2,
		`paxos_token_mints_total{outcome="refused",role="beyond"}`:    1,
		`paxos_token_mints_total{outcome="throttled",role="mint"}`:    2,
		`paxos_banned`: 1,
	})
	for name := range m.metrics() {
		if strings.Contains(name, backendtest.Canary) {
			t.Errorf("a label holds what a caller sent: %s", name)
		}
	}
	status := m.Must(logical.ReadOperation, "status", nil).Data
	if !strings.Contains(status["last_mint_error"].(string), "rate-limiting") ||
		status["last_mint_error_at"] != "2026-11-01T12:00:00Z" || status["calls_banned_until"] != "" {
		t.Errorf("status is %v", status)
	}
}

func TestMetricsShowTheQueue(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.queueOf(2)
	m.expect(map[string]float64{`paxos_queued_revocations`: 2, `paxos_live_tokens`: 2,
		`paxos_revocations_total{outcome="failed"}`: 2})
	m.Paxos.Heal()
	m.Paxos.FailNext(paxostest.Revoke, paxostest.Fault{Status: 429})
	m.Clock.Advance(time.Minute)
	m.Tick()
	if got := m.Must(logical.ReadOperation, "status", nil).Data["calls_banned_until"]; got != "2026-11-01T12:06:00Z" {
		t.Errorf("revocations are banned until %v", got)
	}
	m.Clock.Advance(10 * time.Minute)
	m.Tick()
	m.expect(map[string]float64{`paxos_queued_revocations`: 0, `paxos_live_tokens`: 0,
		`paxos_revocations_total{outcome="revoked"}`: 2})
}

func TestMetricsShowTheStateOfTheMount(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	m.expect(map[string]float64{
		`paxos_lockdown`: 0, `paxos_root_secret_age_seconds`: 0,
		`paxos_last_token_request_success_timestamp_seconds`: 0, `paxos_last_comparison_timestamp_seconds`: 0,
	})
	m = newListingMount(t)
	begun := float64(m.Clock.Now().Unix())
	m.Clock.Advance(time.Hour)
	m.Must(logical.ReadOperation, "token/mint", nil)
	m.Clock.Advance(time.Minute)
	m.expect(map[string]float64{
		`paxos_root_secret_age_seconds`: 3660, `paxos_last_token_request_success_timestamp_seconds`: begun +
			3600, `paxos_last_comparison_timestamp_seconds`: 0,
		`paxos_token_budget`: 240,
	})
	m.compare()
	m.Paxos.FailAll(paxostest.TokenEndpoint, paxostest.Fault{Status: 503})
	m.Refused(logical.ReadOperation, "creds/mint", nil)
	m.Restart()
	m.expect(map[string]float64{`paxos_last_token_request_success_timestamp_seconds`: begun + 3600,
		`paxos_last_comparison_timestamp_seconds`: begun + 3720})
	m.Must(logical.UpdateOperation, "lockdown", nil)
	m.expect(map[string]float64{`paxos_lockdown`: 1})
	m.Must(logical.DeleteOperation, "lockdown", nil)
	m.expect(map[string]float64{`paxos_lockdown`: 0})
}

// TestMetricsCountFindings reads the metrics while the reports are made in the
// background, and what it costs to read them again.
func TestMetricsCountFindings(t *testing.T) {
	t.Parallel()
	m := newTidyMount(t)
	count := func(report, severity, accepted string) float64 {
		number, ok := m.metrics()[`paxos_findings{accepted="`+accepted+`",report="`+report+`",severity="`+severity+`"}`]
		if !ok {
			return -1
		}
		return number
	}
	backendtest.WaitUntil(t, func() bool { return count("least-privilege", "medium", "false") == 1 })
	if count("drift", "high", "true") != 0 || count("least-privilege", "high", "false") != 0 {
		t.Error("kinds without findings are not 0")
	}
	before := m.Storage.Operations.Load()
	m.metrics()
	one := m.Storage.Operations.Load() - before
	for i := range 50 {
		m.Must(logical.UpdateOperation, "roles/r"+strconv.Itoa(i), map[string]any{"scopes": "funding:read_profile"})
	}
	before = m.Storage.Operations.Load()
	for range 10 {
		m.metrics()
	}
	if each := (m.Storage.Operations.Load() - before) / 10; each > one {
		t.Errorf("with 50 more roles a scrape costs %d storage operations instead of %d", each, one)
	}
	m.Must(logical.UpdateOperation, "exceptions/url", urlException)
	backendtest.WaitUntil(t, func() bool {
		return count("least-privilege", "medium", "true") == 1 && count("least-privilege", "medium", "false") == 0
	})
	m.Must(logical.UpdateOperation, "config/connection", map[string]any{"never_revoke": true})
	if count("least-privilege", "high", "false") != 0 {
		t.Error("the reports were made twice within a minute")
	}
	m.Clock.Advance(time.Minute)
	backendtest.WaitUntil(t, func() bool { return count("least-privilege", "high", "false") == 1 })
	m.Must(logical.DeleteOperation, "exceptions/url", nil)
	backendtest.WaitUntil(t, func() bool {
		return count("least-privilege", "medium", "true") == 0 && count("least-privilege", "medium", "false") == 1
	})
}

// TestALockdownsRefusalsCountUnderTheirRoles reads roles of both types in a lockdown, and
// one that does not exist.
func TestALockdownsRefusalsCountUnderTheirRoles(t *testing.T) {
	t.Parallel()
	m := newPool(t, 1, nil)
	m.Must(logical.UpdateOperation, "roles/mint", map[string]any{"scopes": "funding:read_profile"})
	m.Must(logical.UpdateOperation, "lockdown", nil)
	m.Refused(logical.ReadOperation, "creds/mint", nil)
	m.Refused(logical.ReadOperation, "token/mint", nil)
	m.Refused(logical.ReadOperation, "creds/vendor", nil)
	m.Refused(logical.ReadOperation, "creds/"+backendtest.Canary+"x", nil)
	m.expect(map[string]float64{
		`paxos_tokens_denied_total{reason="forbidden",role="mint"}`:   2,
		`paxos_tokens_denied_total{reason="forbidden",role="vendor"}`: 1,
		`paxos_tokens_denied_total{reason="forbidden",role=""}`:       1,
	})
	for name := range m.metrics() {
		if strings.Contains(name, backendtest.Canary) {
			t.Errorf("a label holds what a caller sent: %s", name)
		}
	}
}

func TestMetricsForgetADeletedRole(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	labelled := func() (names []string) {
		for name := range m.metrics() {
			if strings.Contains(name, `role="mint"`) {
				names = append(names, name)
			}
		}
		return names
	}
	m.Must(logical.ReadOperation, "creds/mint", nil)
	m.Refused(logical.UpdateOperation, "creds/mint", map[string]any{"scopes": ""})
	if len(labelled()) != 5 {
		t.Errorf("the role has the samples %v", labelled())
	}
	m.Must(logical.DeleteOperation, "roles/mint", nil)
	if names := labelled(); len(names) != 0 {
		t.Errorf("a deleted role has the samples %v", names)
	}
	m.Must(logical.UpdateOperation, "roles/mint", map[string]any{"scopes": "funding:read_profile"})
	m.Must(logical.ReadOperation, "token/mint", nil)
	other := *m
	other.Restart()
	other.Must(logical.DeleteOperation, "roles/mint", nil)
	if names := labelled(); len(names) != 0 {
		t.Errorf("a role that another node deleted has the samples %v", names)
	}
}
