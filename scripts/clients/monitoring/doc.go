// Package monitoring has the tests of the examples for Prometheus and Grafana: a real Prometheus scrapes
// a real Vault server with the plugin by the example's configuration, and each metric, label and
// expression of the alert rules and of the dashboard exists there. The dashboard is decoded strictly
// with Grafana's own types. How it looks in Grafana is not tested.
//
// It is a module of its own, so that nothing else depends on Prometheus's parser and Grafana's types. It
// needs VAULT_BIN, and Debian's prometheus and promtool; `make test-clients` checks that.
package monitoring
