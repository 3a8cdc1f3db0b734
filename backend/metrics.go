package backend

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/limits"
	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/backend/version"
)

// metrics are the metrics of one mount. Every label is a constant or the name of a role that
// exists. No label is what a caller sent, because callers could then create any number of time
// series.
type metrics struct {
	registry    *prometheus.Registry
	issued      *prometheus.CounterVec // by role and kind
	denied      *prometheus.CounterVec // by role and reason
	mints       *prometheus.CounterVec // by role and outcome
	mintSeconds prometheus.Histogram
	revocations *prometheus.CounterVec // by outcome
	eventsLost  prometheus.Counter
	signatures  *signatureMetrics

	reading sync.Mutex // guards gauges, so that all values of an answer are of the same moment
	gauges  gauges

	// minted is the Unix time of the last successful token request for a role; 0 if this process
	// made none.
	minted atomic.Int64

	mu    sync.RWMutex
	roles map[string]reads // every role that is in a label; guarded by mu
}

// reads are the counters of what a role's readers got. They are looked up once for each role, so
// that a read that is answered with a cached token costs one increment.
type reads struct{ hit, mint, stale prometheus.Counter }

// mintBuckets are the buckets of the duration of token requests, in seconds. The last is the
// deadline of a token request.
var mintBuckets = []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 30}

// newMetrics returns the metrics of a mount, with every counter at zero.
func newMetrics() *metrics {
	counters := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	m := &metrics{
		registry: prometheus.NewRegistry(),
		issued: counters("paxos_tokens_issued_total",
			"Answers of creds/ and token/: from the cache (hit), requested while the reader waited (mint), or "+
				"an older token because a refresh failed (stale).", "role", "kind"),
		denied: counters("paxos_tokens_denied_total",
			"Requests to creds/ and token/ that got no token, by reason. The role is empty if it does not "+
				"exist.", "role", "reason"),
		mints: counters("paxos_token_mints_total",
			"Token requests for a role, refreshes included: minted, or why the request failed.", "role", "outcome"),
		mintSeconds: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "paxos_token_mint_duration_seconds",
			Help:    "Duration of successful token requests, from the request to Paxos until the token was stored.",
			Buckets: mintBuckets}),
		revocations: counters("paxos_revocations_total",
			"Attempts to revoke a token: revoked, or failed (they are retried).", "outcome"),
		eventsLost: prometheus.NewCounter(prometheus.CounterOpts{Name: "paxos_events_lost_total",
			Help: "Events that Vault did not accept, or that were dropped because the queue was full."}),
		gauges:     newGauges(),
		signatures: newSignatureMetrics(),
		roles:      map[string]reads{},
	}
	m.registry.MustRegister(m.signatures.total, m.issued, m.denied, m.mints, m.mintSeconds, m.revocations,
		m.eventsLost, buildInfo())
	m.registry.MustRegister(m.gauges.all()...)
	return m
}

// buildInfo returns the metric that says which version of the plugin runs. Its value is always 1.
func buildInfo() prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "paxos_build_info",
		Help:        "The version of the running plugin, as a label. The value is always 1.",
		ConstLabels: prometheus.Labels{"version": version.Number}}, func() float64 { return 1 })
}

// read counts what a reader of creds/ or token/ got.
func (m *metrics) read(want tokenRequest, issued broker.Issued, err error) {
	switch {
	case readOnly(err): // another node answers
	case err != nil && want.role.ID == "":
		m.denied.WithLabelValues("", reasonOf(err)).Inc()
	case err != nil:
		m.count(m.denied, want.name, reasonOf(err))
	case issued.Stale != nil:
		m.readsOf(want.name).stale.Inc()
	case issued.Minted:
		m.readsOf(want.name).mint.Inc()
	default:
		m.readsOf(want.name).hit.Inc()
	}
}

// readsOf returns the counters of a role's readers.
func (m *metrics) readsOf(role string) reads {
	m.mu.RLock()
	known, ok := m.roles[role]
	m.mu.RUnlock()
	if ok {
		return known
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.know(role)
}

// know returns the counters of a role's readers, and makes them if there are none. It also records
// the role, so that keep finds its labels. The caller holds mu.
func (m *metrics) know(role string) reads {
	if _, ok := m.roles[role]; !ok {
		m.roles[role] = reads{
			hit:   m.issued.WithLabelValues(role, "hit"),
			mint:  m.issued.WithLabelValues(role, "mint"),
			stale: m.issued.WithLabelValues(role, "stale"),
		}
	}
	return m.roles[role]
}

// count adds one to a counter of a role that is not among its reads. class is the counter's second
// label.
func (m *metrics) count(counters *prometheus.CounterVec, role, class string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.know(role)
	counters.WithLabelValues(role, class).Inc()
}

// observe counts an observation of the broker.
func (m *metrics) observe(o broker.Observation) {
	switch o.What {
	case broker.Minted:
		m.minted.Store(o.Row.MintedAt.Unix())
		m.count(m.mints, o.Role, "minted")
		m.mintSeconds.Observe(o.Took.Seconds())
	case broker.MintFailed:
		m.count(m.mints, o.Role, reasonOf(o.Err))
	case broker.Revoked:
		m.revocations.WithLabelValues("revoked").Inc()
	case broker.RevokeFailed:
		m.revocations.WithLabelValues("failed").Inc()
	}
}

// keep drops the metrics of every role but these, so that deleted roles disappear.
func (m *metrics) keep(roles []string) {
	exists := map[string]bool{}
	for _, role := range roles {
		exists[role] = true
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for role := range m.roles {
		if !exists[role] {
			m.drop(role)
		}
	}
}

// forget drops the metrics of a role.
func (m *metrics) forget(role string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.drop(role)
}

// drop drops the metrics of a role. The caller holds mu.
func (m *metrics) drop(role string) {
	delete(m.roles, role)
	for _, counters := range []*prometheus.CounterVec{m.issued, m.denied, m.mints} {
		counters.DeletePartialMatch(prometheus.Labels{"role": role})
	}
}

// reasonOf returns the label for an error: one of a few constants.
func reasonOf(err error) string {
	var (
		mistake   *fault.Fault
		throttled *limits.Throttled
		mismatch  *broker.Mismatch
		refused   *paxos.Error
	)
	switch {
	case errors.Is(err, errNoClient):
		return "exhausted"
	case errors.As(err, &mistake) && mistake.Status == http.StatusForbidden:
		return "forbidden"
	case errors.As(err, &mistake):
		return "invalid"
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return "canceled"
	case errors.Is(err, errChanged), errors.Is(err, broker.ErrEnded):
		return "changed"
	case errors.As(err, &throttled), errors.As(err, &refused) && refused.Throttled():
		return "throttled"
	case errors.As(err, &mismatch), errors.As(err, &refused) && !refused.Temporary():
		return "refused"
	case errors.As(err, &refused):
		return "unavailable"
	}
	return "internal"
}

// text returns the metrics in Prometheus's text format. set is called first and sets the gauges.
func (m *metrics) text(set func(gauges)) (string, error) {
	m.reading.Lock()
	defer m.reading.Unlock()
	set(m.gauges)
	families, err := m.registry.Gather()
	if err != nil {
		return "", err
	}
	var text strings.Builder
	for _, family := range families {
		if _, err := expfmt.MetricFamilyToText(&text, family); err != nil {
			return "", err
		}
	}
	return text.String(), nil
}
