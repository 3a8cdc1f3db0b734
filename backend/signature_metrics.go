package backend

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// signatureMetrics count what callers of sign/ got, by signer and outcome. Only signers that exist
// become labels.
type signatureMetrics struct {
	total *prometheus.CounterVec

	mu      sync.Mutex
	signers map[string]bool // every signer that is in a label
}

// newSignatureMetrics returns metrics in which nothing is counted yet.
func newSignatureMetrics() *signatureMetrics {
	return &signatureMetrics{
		total: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "paxos_signatures_total",
			Help: "Requests to sign/, by outcome: signed, or the limit or state that did not allow it. The signer is " +
				"empty if it does not exist. A dry run is not counted."}, []string{"signer", "outcome"}),
		signers: map[string]bool{},
	}
}

// count adds one. The signer is empty if there is none of the name that the caller sent.
func (m *signatureMetrics) count(signer, outcome string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.signers[signer] = true
	m.total.WithLabelValues(signer, outcome).Inc()
}

// keep drops the metrics of every signer but these, so that deleted signers disappear.
func (m *signatureMetrics) keep(signers []string) {
	exists := map[string]bool{"": true}
	for _, name := range signers {
		exists[name] = true
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for name := range m.signers {
		if !exists[name] {
			delete(m.signers, name)
			m.total.DeletePartialMatch(prometheus.Labels{"signer": name})
		}
	}
}
