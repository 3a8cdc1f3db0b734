package backend

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/prometheus/common/expfmt"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/spec"
)

// prometheusFormat is the only value that the parameter format takes.
const prometheusFormat = "prometheus"

// metricsContent is the content type of the response.
var metricsContent = string(expfmt.NewFormat(expfmt.TypeTextPlain))

// A measurement is the state of the mount at one moment, for the gauges.
type measurement struct {
	rows        []broker.Row
	ending      int            // tokens that are still to be revoked at Paxos
	clients     map[string]int // stored clients by state
	stopped     bool           // the mount is paused, because it may be a restored snapshot
	locked      bool
	throttling  throttlingState
	secretAge   time.Duration // of the root client's secret
	lastSuccess int64         // Unix time of the latest successful token request, 0 if there is none
	listedAt    time.Time     // time of the latest list of credentials from Paxos
	findings    map[tally]int
}

func (b *backend) pathMetrics() *framework.Path {
	return &framework.Path{
		Pattern: "metrics$",
		HelpSynopsis: "The mount's metrics in Prometheus's text format. Read them with -format=raw. Makes no request " +
			"to Paxos.",
		HelpDescription: metricsHelp,
		DisplayAttrs:    &framework.DisplayAttributes{OperationPrefix: "paxos"},
		Fields: spec.Parameters{
			"format": {
				Type: framework.TypeString, Query: true, Default: prometheusFormat, Example: prometheusFormat,
				Allowed: []string{prometheusFormat},
				Text:    "Format of the metrics, as for Vault's own sys/metrics. Only prometheus is supported.",
			},
		}.Fields(),
		Operations: spec.Operations{
			logical.ReadOperation: spec.Displayed(spec.OnActive(b.readMetrics,
				"Read the metrics as plain text. With the command line: vault read -format=raw.",
				spec.Text("The metrics in Prometheus's text format, not as JSON.")), "read", "metrics"),
		},
	}
}

// readMetrics answers GET metrics. The body must be a string: gRPC delivers a value of any other
// type as another type, and an audit log hashes only strings.
func (b *backend) readMetrics(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	if format, ok := input.Given[string](d, "format"); ok && format != prometheusFormat {
		return nil, fault.BadRequest("format must be %s.", prometheusFormat)
	}
	state, err := b.measure(ctx, req.Storage)
	if err != nil {
		return nil, err
	}
	// Another node may have deleted roles since the last read. Their counters must go, or the
	// number of counters grows without end.
	names, err := req.Storage.List(ctx, rolesPrefix)
	if err != nil {
		return nil, fmt.Errorf("listing the roles: %w", err)
	}
	b.metrics.keep(names)
	if names, err = req.Storage.List(ctx, signersPrefix); err != nil {
		return nil, fmt.Errorf("listing the signers: %w", err)
	}
	b.metrics.signatures.keep(names)
	text, err := b.metrics.text(state.set)
	if err != nil {
		return nil, err
	}
	return &logical.Response{Data: map[string]any{
		logical.HTTPStatusCode:  http.StatusOK,
		logical.HTTPContentType: metricsContent,
		logical.HTTPRawBody:     text,
	}}, nil
}

// measure collects a measurement from storage, the broker and the limits. It makes no request to
// Paxos.
func (b *backend) measure(ctx context.Context, s logical.Storage) (state measurement, err error) {
	settings, err := b.loadSettings(ctx, s)
	if err != nil {
		return state, err
	}
	if state.rows, err = b.broker.Live(ctx); err != nil {
		return state, err
	}
	if state.clients, err = clientsByState(ctx, s); err != nil {
		return state, err
	}
	state.ending = countEnding(state.rows, b.options.Now())
	state.stopped, state.locked = !settings.pulse.Stopped.IsZero(), settings.lockdown.refuse() != nil
	state.listedAt = settings.list.ListedAt
	if g, ok := settings.root.current(); ok {
		state.secretAge = b.options.Now().Sub(g.Since)
	}
	state.lastSuccess = b.metrics.minted.Load()
	// Live tokens may be from an earlier process, whose successes this one has not counted.
	for _, row := range state.rows {
		if row.Key.Role != "" {
			state.lastSuccess = max(state.lastSuccess, row.MintedAt.Unix())
		}
	}
	state.throttling, state.findings = b.throttling(settings.config, settings.connection), b.tallied()
	return state, nil
}

// set sets the gauges.
func (m measurement) set(g gauges) {
	g.live.Set(float64(len(m.rows)))
	g.queued.Set(float64(m.ending))
	g.budget.Set(float64(m.throttling.budget))
	g.used.Set(float64(m.throttling.used))
	g.known.Set(oneIf(m.throttling.known))
	g.banned.Set(oneIf(!m.throttling.bannedUntil.IsZero()))
	g.stopped.Set(oneIf(m.stopped))
	g.lockdown.Set(oneIf(m.locked))
	g.secretAge.Set(m.secretAge.Seconds())
	g.lastSuccess.Set(float64(m.lastSuccess))
	g.lastComparison.Set(0)
	if !m.listedAt.IsZero() {
		g.lastComparison.Set(float64(m.listedAt.Unix()))
	}
	for state, count := range m.clients {
		g.clients.WithLabelValues(state).Set(float64(count))
	}
	for kind, count := range m.findings {
		g.findings.WithLabelValues(kind.report, kind.severity.String(),
			strconv.FormatBool(kind.accepted)).Set(float64(count))
	}
}

// oneIf is the value of a gauge that says yes or no: 1 or 0.
func oneIf(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

const metricsHelp = `
Returns the counters and gauges of this mount in Prometheus's text format. The answer is
plain text, not JSON. So a plain vault read fails with "invalid character '#'". Use:

    vault read -format=raw paxos/metrics
    curl -H "X-Vault-Token: ..." "$VAULT_ADDR/v1/paxos/metrics?format=prometheus"

format=prometheus is the default, and it is accepted because Vault's own sys/metrics
needs it. The caller needs a Vault policy with read on this path.

Counters begin at 0 when the plugin starts. Labels are the names of roles and signers
that exist, and fixed words. They never contain what a caller sent. paxos_findings is
counted in the background, at most once a minute, when the metrics are read.
`
