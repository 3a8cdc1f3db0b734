package backend

import (
	"context"
	"fmt"
	"net/http"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/prometheus/common/expfmt"

	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/spec"
)

// prometheusFormat is the only value that the parameter format takes.
const prometheusFormat = "prometheus"

// metricsContent is the content type of the response.
var metricsContent = string(expfmt.NewFormat(expfmt.TypeTextPlain))

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
	state.dailyShares = b.dailyShares(ctx, req.Storage, names, state.signDailyLimits)
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
