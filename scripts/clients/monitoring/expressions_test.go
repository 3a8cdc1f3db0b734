package monitoring

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// An expression is one that Prometheus evaluates for an alert or for a panel.
type expression struct{ place, text string }

// allExpressions returns the expressions of all alerts and of the dashboard.
func allExpressions(t *testing.T) (all []expression) {
	t.Helper()
	for _, a := range alerts(t) {
		all = append(all, expression{"alert " + a.Alert, a.Expr})
	}
	all = append(all, dashboard(t).expressions()...)
	if len(all) < 40 {
		t.Fatalf("there are only %d expressions", len(all))
	}
	return all
}

// Labels that Prometheus or its configuration adds to every metric.
var targetLabels = []string{"job", "instance", "mount"}

// metricsOfPrometheus are metrics that Prometheus makes itself, with the labels that it adds or that the
// alert rules have.
var metricsOfPrometheus = map[string][]string{
	"up":     targetLabels,
	"ALERTS": {"alertname", "alertstate", "severity", "mount"},
}

// TestExpressionsNameWhatTheEngineExposes compares each metric and label that an expression names with
// those that a real Vault with the plugin exposes.
func TestExpressionsNameWhatTheEngineExposes(t *testing.T) {
	known := exposed(t, shared(t).metricsText(t))
	for name, labels := range known {
		known[name] = append(labels, targetLabels...)
	}
	for name, labels := range metricsOfPrometheus {
		known[name] = labels
	}
	named := map[string]bool{}
	for _, e := range allExpressions(t) {
		for name, used := range e.selectors(t) {
			labels, ok := known[name]
			if !ok {
				t.Errorf("%s names the metric %s, which the engine does not expose", e.place, name)
				continue
			}
			named[name] = true
			for _, label := range used {
				if !slices.Contains(labels, label) {
					t.Errorf("%s uses the label %s, which %s does not have", e.place, label, name)
				}
			}
		}
	}
	for name := range known {
		if strings.HasPrefix(name, "paxos_") && !named[name] && !slices.Contains(notShown, name) {
			t.Errorf("neither an alert nor the dashboard shows %s", name)
		}
	}
}

// notShown are metrics that need no panel: others show the same.
var notShown = []string{"paxos_token_mint_duration_seconds_sum", "paxos_token_mint_duration_seconds_count"}

// selectors returns the metrics that the expression names, each with the labels that it matches, or by
// which the expression groups what it made of the metric.
func (e expression) selectors(t *testing.T) map[string][]string {
	t.Helper()
	parsed, err := parser.ParseExpr(e.text)
	if err != nil {
		t.Fatalf("%s: %v", e.place, err)
	}
	all := map[string][]string{}
	parser.Inspect(parsed, func(node parser.Node, path []parser.Node) error {
		selector, ok := node.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		used := all[selector.Name]
		for _, matcher := range selector.LabelMatchers {
			if matcher.Name != labels.MetricName {
				used = append(used, matcher.Name)
			}
		}
		for _, above := range path {
			if group, ok := above.(*parser.AggregateExpr); ok {
				used = append(used, group.Grouping...)
			}
		}
		all[selector.Name] = used
		return nil
	})
	return all
}

// TestExpressionsMatchValuesThatExist looks for each value that an expression matches, such as the reason
// refused, in the engine's source. A reason that is renamed there would never fire an alert again.
func TestExpressionsMatchValuesThatExist(t *testing.T) {
	source := engineSource(t)
	matched := 0
	for _, e := range allExpressions(t) {
		parsed, err := parser.ParseExpr(e.text)
		if err != nil {
			t.Fatalf("%s: %v", e.place, err)
		}
		for _, matchers := range parser.ExtractSelectors(parsed) {
			for _, m := range matchers {
				if !slices.Contains([]string{"kind", "reason", "outcome", "state", "severity", "report", "accepted"}, m.Name) ||
					strings.Contains(e.text, "ALERTS{") {
					continue
				}
				for _, value := range strings.Split(m.Value, "|") {
					matched++
					if m.Name != "accepted" && !strings.Contains(source, `"`+value+`"`) {
						t.Errorf("%s matches %s=%q, which the engine does not have", e.place, m.Name, value)
					}
				}
			}
		}
	}
	if matched < 20 {
		t.Errorf("the expressions match only %d values", matched)
	}
}

// engineSource returns the source of the engine without its tests.
func engineSource(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(repository+"/backend", func(path string, entry os.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
			all.WriteString(contents(t, path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}
