package monitoring

import (
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/vault/api"
	"github.com/prometheus/common/expfmt"
)

// readAll returns the body of an answer.
func readAll(answer *api.Response) (string, error) {
	text, err := io.ReadAll(answer.Body)
	return string(text), err
}

// hasFamily reports whether the text has a metric of this name.
func hasFamily(text, name string) bool { return strings.Contains(text, "# TYPE "+name+" ") }

// exposed returns the metrics that the engine exposes: the labels of each, by the name that an expression
// uses. A histogram has three names.
func exposed(t *testing.T, text string) map[string][]string {
	t.Helper()
	var parser expfmt.TextParser
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for name, family := range families {
		var labels []string
		for _, metric := range family.Metric {
			for _, pair := range metric.Label {
				labels = append(labels, pair.GetName())
			}
		}
		slices.Sort(labels)
		labels = slices.Compact(labels)
		if family.GetType().String() != "HISTOGRAM" {
			all[name] = labels
			continue
		}
		all[name+"_bucket"], all[name+"_sum"], all[name+"_count"] = append(labels, "le"), labels, labels
	}
	return all
}
