package monitoring

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
)

// TestPrometheusWatchesTheMount runs a real Prometheus with the example's configuration, and a Vault Agent
// that keeps its token. Only addresses, paths and intervals are other ones. The lockdown that the test
// begins fires its alert, and no other alert fires.
func TestPrometheusWatchesTheMount(t *testing.T) {
	m := shared(t)
	p := startPrometheus(t, m)
	await(t, p.targetIsUp)
	await(t, p.everyPanelHasData)
	for _, e := range allExpressions(t) {
		if _, err := p.query(e.text); err != nil {
			t.Errorf("%s: %v", e.place, err)
		}
	}
	p.expectVariables()
	if firing, err := p.firing(); err != nil || len(firing) > 0 {
		t.Errorf("before the lockdown these alerts fire: %v, %v", firing, err)
	}
	m.lock(t)
	await(t, func() error {
		firing, err := p.firing()
		if err == nil && !slices.Equal(firing, []string{"PaxosLockdown paxos page docs/runbooks/lockdown.md"}) {
			err = fmt.Errorf("these alerts fire: %v", firing)
		}
		return err
	})
}

// A watcher is a running Prometheus.
type watcher struct {
	*testing.T
	v1.API
}

// startPrometheus starts a Prometheus that reads the mount's metrics through a server with TLS, which stands
// for the load balancer of a cluster.
func startPrometheus(t *testing.T, m *mount) watcher {
	t.Helper()
	vault, err := url.Parse(m.Address)
	if err != nil {
		t.Fatal(err)
	}
	balancer := httptest.NewTLSServer(httputil.NewSingleHostReverseProxy(vault))
	t.Cleanup(balancer.Close)
	directory := t.TempDir()
	authority := create(t, directory, "vault-ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE",
		Bytes: balancer.Certificate().Raw})))
	token := m.agent(t, directory, balancer.URL, authority)
	create(t, directory, "alerts.yml", contents(t, prometheus, "alerts.yml"))
	configuration := create(t, directory, "prometheus.yml", adapted(t, contents(t, prometheus, "prometheus.yml"),
		"vault.example.com:8200", strings.TrimPrefix(balancer.URL, "https://"),
		"/run/prometheus/vault-token", token,
		"/etc/prometheus/vault-ca.pem", authority,
		"scrape_interval: 30s", "scrape_interval: 1s",
		"evaluation_interval: 30s", "evaluation_interval: 1s"))
	if output, err := promtool(t, directory, "check", "config", configuration); err != nil {
		t.Fatalf("promtool check config: %v\n%s", err, output)
	}
	return launchPrometheus(t, directory)
}

// launchPrometheus starts Prometheus in a directory that has its configuration, and waits until it
// answers.
func launchPrometheus(t *testing.T, directory string) watcher {
	t.Helper()
	address := freeAddress(t)
	log, err := os.Create(filepath.Join(directory, "prometheus.log"))
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), "prometheus", "--config.file=prometheus.yml",
		"--storage.tsdb.path="+filepath.Join(directory, "data"), "--web.listen-address="+address)
	command.Dir, command.Stdout, command.Stderr = directory, log, log
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = 10 * time.Second
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // the context of the test has ended
		_ = command.Wait() // it says that the process was told to end
		_ = log.Close()
		if t.Failed() {
			t.Logf("Prometheus's log:\n%s", contents(t, log.Name()))
		}
	})
	client, err := api.NewClient(api.Config{Address: "http://" + address})
	if err != nil {
		t.Fatal(err)
	}
	p := watcher{t, v1.NewAPI(client)}
	await(t, func() error {
		built, err := p.Buildinfo(t.Context())
		if err == nil {
			t.Logf("passed with: Prometheus %s", built.Version)
		}
		return err
	})
	return p
}

// freeAddress returns an address of this machine on which nothing listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// targetIsUp returns an error unless Prometheus has one target, which it can read.
func (p watcher) targetIsUp() error {
	found, err := p.Targets(p.Context())
	if err != nil {
		return err
	}
	if len(found.Active) != 1 {
		return fmt.Errorf("there are %d targets, want 1", len(found.Active))
	}
	target := found.Active[0]
	if target.Health != v1.HealthGood {
		return fmt.Errorf("%s is %s: %s", target.ScrapeURL, target.Health, target.LastError)
	}
	if !strings.HasSuffix(target.ScrapeURL, "/v1/paxos/metrics?format=prometheus") ||
		!strings.HasPrefix(target.ScrapeURL, "https://") || target.Labels["mount"] != "paxos" {
		return fmt.Errorf("Prometheus reads %s with the labels %v", target.ScrapeURL, target.Labels)
	}
	return nil
}

// query evaluates an expression now. A warning of Prometheus is an error.
func (p watcher) query(text string) (model.Vector, error) {
	ctx, cancel := context.WithTimeout(p.Context(), 10*time.Second)
	defer cancel()
	value, warnings, err := p.Query(ctx, text, time.Now())
	if err == nil && len(warnings) > 0 {
		err = errors.New(strings.Join(warnings, "; "))
	}
	vector, ok := value.(model.Vector)
	if err == nil && !ok {
		err = fmt.Errorf("%s is a %T, want a vector", text, value)
	}
	return vector, err
}

// everyPanelHasData returns an error unless each expression of the dashboard has a result. One that shows
// only what is wrong has none: it compares with 0, or shows alerts.
func (p watcher) everyPanelHasData() error {
	for _, e := range dashboard(p.T).expressions() {
		if strings.Contains(e.text, "> 0") || strings.Contains(e.text, "ALERTS") {
			continue
		}
		if result, err := p.query(e.text); err != nil || len(result) == 0 {
			return fmt.Errorf("%s has no data: %s: %w", e.place, e.text, errors.Join(errors.New("empty"), err))
		}
	}
	return nil
}

// expectVariables asks for the values of the dashboard's variables as Grafana does.
func (p watcher) expectVariables() {
	p.Helper()
	query := regexp.MustCompile(`^label_values\((.+), (\w+)\)$`)
	for _, v := range dashboard(p.T).Templating.List {
		if v.Type == "datasource" {
			continue
		}
		parts := query.FindStringSubmatch(variables.Replace(v.Definition))
		if parts == nil {
			p.Errorf("the variable %s has the query %q", v.Name, v.Definition)
			continue
		}
		values, _, err := p.LabelValues(p.Context(), parts[2], []string{parts[1]}, time.Now().Add(-time.Minute), time.Now())
		if err != nil || len(values) != 1 || v.Name == "mount" && values[0] != "paxos" {
			p.Errorf("the variable %s has the values %v, %v", v.Name, values, err)
		}
	}
}

// firing returns the alerts that fire, each with its mount, severity and runbook.
func (p watcher) firing() (names []string, err error) {
	found, err := p.Alerts(p.Context())
	for _, a := range found.Alerts {
		if a.State == v1.AlertStateFiring {
			names = append(names, fmt.Sprintf("%s %s %s %s", a.Labels["alertname"], a.Labels["mount"],
				a.Labels["severity"], a.Annotations["runbook"]))
		}
	}
	slices.Sort(names)
	return names, err
}
