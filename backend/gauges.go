package backend

import "github.com/prometheus/client_golang/prometheus"

// gauges show the state of the mount. They are set when the metrics are read.
type gauges struct {
	limitGauges
	stateGauges
	clients  *prometheus.GaugeVec // by state
	findings *prometheus.GaugeVec // by report, severity and whether accepted
	daily    *prometheus.GaugeVec // by signer and asset
}

// limitGauges show the tokens, and what limits the requests for them.
type limitGauges struct {
	live, queued, budget, used, known, banned prometheus.Gauge
	banEnds                                   *prometheus.GaugeVec // by requests
}

// stateGauges show whether the mount issues anything, and the age of what it knows.
type stateGauges struct {
	stopped, stoppedSince, lockdown, lockdownSince       prometheus.Gauge
	secretAge, secretMaxAge, lastSuccess, lastComparison prometheus.Gauge
}

// newGauges returns gauges that are not set.
func newGauges() gauges {
	return gauges{
		limitGauges: newLimitGauges(),
		stateGauges: newStateGauges(),
		clients:     newGaugeVec("paxos_clients", "Clients stored under clients/, by state.", "state"),
		findings: newGaugeVec("paxos_findings", "Findings of the reports, counted at most once a minute.", "report",
			"severity", "accepted"),
		daily: newGaugeVec("paxos_daily_limit_used_ratio", "Which part of a daily limit is used: 1 if all of it is. The "+
			"signer is empty for sign_daily_limits of the guardrails.", "signer", "asset"),
	}
}

// newLimitGauges returns gauges that are not set.
func newLimitGauges() limitGauges {
	return limitGauges{
		live: newGauge("paxos_live_tokens", "Tokens that have neither expired nor been revoked."),
		queued: newGauge("paxos_queued_revocations",
			"Live tokens that are no longer issued and that Paxos has not revoked yet."),
		budget: newGauge("paxos_token_budget", "Token requests that this process allows itself in any 5 minutes."),
		used: newGauge("paxos_token_budget_used",
			"Token requests of the last 5 minutes, of all mounts with this endpoint. It equals "+
				"paxos_token_budget while the number is not known."),
		known: newGauge("paxos_token_budget_known",
			"Whether it is known how many token requests were sent in the last 5 minutes, 0 or 1."),
		banned: newGauge("paxos_banned", "Whether Paxos rate-limits token requests from this address, 0 or 1."),
		banEnds: newGaugeVec("paxos_ban_end_timestamp_seconds", "Unix time at which Paxos stops rate-limiting this "+
			"address; 0 if it does not. Requests are for tokens (token), or revocations and other calls (api).",
			"requests"),
	}
}

// newStateGauges returns gauges that are not set.
func newStateGauges() stateGauges {
	return stateGauges{
		stopped: newGauge("paxos_stopped",
			"Whether the mount is paused because it may be a restored snapshot, 0 or 1."),
		stoppedSince: newGauge("paxos_stopped_since_timestamp_seconds",
			"Unix time at which the mount was paused; 0 if it is not paused."),
		lockdown: newGauge("paxos_lockdown", "Whether the mount is in lockdown, 0 or 1."),
		lockdownSince: newGauge("paxos_lockdown_since_timestamp_seconds",
			"Unix time at which the lockdown began; 0 if the mount is not in lockdown."),
		secretAge: newGauge("paxos_root_secret_age_seconds",
			"Age of the root client's secret; 0 if none is stored."),
		secretMaxAge: newGauge("paxos_root_secret_max_age_seconds",
			"Age at which the root client's secret should have been rotated, from credential_max_age; 0 if the mount "+
				"is not configured."),
		lastSuccess: newGauge("paxos_last_token_request_success_timestamp_seconds",
			"Unix time of the last successful token request for a reader; 0 if none is known."),
		lastComparison: newGauge("paxos_last_comparison_timestamp_seconds",
			"Unix time at which Paxos last answered with its list of credentials; 0 if it never did."),
	}
}

// newGauge returns a gauge without labels.
func newGauge(name, help string) prometheus.Gauge {
	return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
}

// newGaugeVec returns a gauge with labels.
func newGaugeVec(name, help string, labels ...string) *prometheus.GaugeVec {
	return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
}

// all returns every gauge.
func (g gauges) all() []prometheus.Collector {
	return []prometheus.Collector{g.live, g.queued, g.budget, g.used, g.known, g.banned, g.banEnds, g.stopped,
		g.stoppedSince, g.lockdown, g.lockdownSince, g.secretAge, g.secretMaxAge, g.lastSuccess, g.lastComparison,
		g.clients, g.findings, g.daily}
}
