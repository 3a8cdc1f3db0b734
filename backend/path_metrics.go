package backend

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/prometheus/common/expfmt"
)

func (b *backend) pathMetrics() *framework.Path {
	return &framework.Path{
		Pattern:         "metrics$",
		HelpSynopsis:    "The mount's metrics, as Prometheus reads them. Calls nobody.",
		HelpDescription: metricsHelp,
		DisplayAttrs:    &framework.DisplayAttributes{OperationPrefix: "paxos"},
		Operations: operations{
			logical.ReadOperation: displayed(onActive(b.readMetrics, "Read the metrics.", answer("The metrics in Prometheus's text format, not as JSON.", nil)), "read", "metrics"),
		},
	}
}

// metricsContent is the text format of Prometheus.
var metricsContent = string(expfmt.NewFormat(expfmt.TypeTextPlain))

// readMetrics answers GET metrics. The body must be a string: over gRPC anything
// else arrives as something else, and only strings are HMACed in an audit log.
func (b *backend) readMetrics(ctx context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	c, err := b.configs.get(ctx, req.Storage, configKey)
	if err != nil && !errors.Is(err, errNotFound) {
		return reply(err)
	}
	settings, err := b.connections.get(ctx, req.Storage, connectionKey)
	if err != nil {
		return reply(err)
	}
	rows, err := b.broker.Live(ctx)
	if err != nil {
		return reply(err)
	}
	names, err := req.Storage.List(ctx, rolesPrefix) // another node may have deleted some
	if err != nil {
		return reply(fmt.Errorf("listing the roles: %w", err))
	}
	b.metrics.keep(names)
	stocked, err := clientsByState(ctx, req.Storage)
	if err != nil {
		return reply(err)
	}
	stop, err := storedPulse(ctx, req.Storage)
	if err != nil {
		return reply(err)
	}
	limits := b.throttling(c, settings)
	text, err := b.metrics.text(func(g gauges) {
		g.live.Set(float64(len(rows)))
		g.queued.Set(float64(ending(rows, b.options.Now())))
		g.budget.Set(float64(limits.budget))
		g.used.Set(float64(limits.used))
		g.known.Set(oneIf(limits.known))
		g.banned.Set(oneIf(!limits.bannedUntil.IsZero()))
		g.stopped.Set(oneIf(!stop.Stopped.IsZero()))
		for state, count := range stocked {
			g.clients.WithLabelValues(state).Set(float64(count))
		}
	})
	if err != nil {
		return reply(err)
	}
	return &logical.Response{Data: map[string]any{
		logical.HTTPStatusCode:  http.StatusOK,
		logical.HTTPContentType: metricsContent,
		logical.HTTPRawBody:     text,
	}}, nil
}

// oneIf is how a gauge says yes.
func oneIf(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
