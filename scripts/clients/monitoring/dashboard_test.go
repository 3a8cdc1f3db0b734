package monitoring

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	grafana "github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// A board is what the tests read of the dashboard.
type board struct {
	Templating struct {
		List []struct {
			Name       string
			Type       string
			Definition string
		}
	}
	Annotations struct{ List []struct{ Name, Expr string } }
	Panels      []panel
}

// A panel is a part of the dashboard.
type panel struct {
	ID          int
	Type, Title string
	Description string
	GridPos     struct{ H, W, X, Y int }
	Datasource  struct{ Type, UID string }
	Targets     []struct{ RefID, Expr, LegendFormat string }
	FieldConfig struct{ Defaults struct{ Unit string } }
	Options     struct{ Content string }
}

// dashboard returns the dashboard of the example.
func dashboard(t *testing.T) (b board) {
	t.Helper()
	if err := json.Unmarshal([]byte(contents(t, dashboards, "dashboard.json")), &b); err != nil {
		t.Fatal(err)
	}
	return b
}

// The values that Grafana would put in the place of variables.
var variables = strings.NewReplacer("$__rate_interval", "30s", "$instance", ".*", "$mount", "paxos")

// expressions returns the expressions of all panels and annotations, with values in the place of
// variables.
func (b board) expressions() (all []expression) {
	for _, p := range b.Panels {
		for _, target := range p.Targets {
			all = append(all, expression{"panel " + p.Title, variables.Replace(target.Expr)})
		}
	}
	for _, a := range b.Annotations.List {
		if a.Expr != "" {
			all = append(all, expression{"annotation " + a.Name, variables.Replace(a.Expr)})
		}
	}
	return all
}

// TestGrafanasTypesHaveEveryFieldOfTheDashboard decodes the dashboard strictly, with the types that
// Grafana generates from its schemas: each field is known there, and none that Grafana requires is missing.
func TestGrafanasTypesHaveEveryFieldOfTheDashboard(t *testing.T) {
	plugins.RegisterDefaultPlugins()
	text := contents(t, dashboards, "dashboard.json")
	if err := decode(text); err != nil {
		t.Error(err)
	}
	for old, wrong := range map[string]string{
		`"wideLayout"`:    `"wideLayouts"`,
		`"gridPos"`:       `"gridPosition"`,
		`"legendFormat"`:  `"legend"`,
		`"displayMode":`:  `"mode":`,
		`"schemaVersion"`: `"version2"`,
	} {
		if !strings.Contains(text, old) || decode(strings.Replace(text, old, wrong, 1)) == nil {
			t.Errorf("a dashboard with %s in the place of %s is accepted", wrong, old)
		}
	}
}

// decode decodes a dashboard strictly. An error without a text is none: the types of some panels return
// it for an empty list of problems.
func decode(text string) error {
	//nolint:staticcheck // The newer format, which its authors prefer, is only for new versions of Grafana.
	var decoded grafana.Dashboard
	if err := decoded.UnmarshalJSONStrict([]byte(text)); err != nil && err.Error() != "" {
		return err
	}
	return decoded.Validate()
}

// TestPanelsCanBeRead checks what each panel needs, so that a person understands it at night.
func TestPanelsCanBeRead(t *testing.T) {
	b := dashboard(t)
	for i, p := range b.Panels {
		if p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("%s does not fit in the 24 columns", p.Title)
		}
		for _, other := range b.Panels[:i] {
			if p.overlaps(other) || p.ID == other.ID {
				t.Errorf("%s and %s overlap, or have the same id", p.Title, other.Title)
			}
		}
		if p.Type != "row" && p.Type != "text" {
			p.expectReadable(t)
		}
	}
	var names []string
	for _, v := range b.Templating.List {
		names = append(names, v.Name)
	}
	if !slices.Equal(names, []string{"datasource", "instance", "mount"}) {
		t.Errorf("the variables are %v", names)
	}
}

// expectReadable checks that the panel says what it shows, and shows what the variables choose.
func (p panel) expectReadable(t *testing.T) {
	t.Helper()
	if p.Description == "" || len(p.Targets) == 0 || p.Type != "table" && p.FieldConfig.Defaults.Unit == "" {
		t.Errorf("%s lacks a description, a query or a unit", p.Title)
	}
	if p.Datasource.UID != "${datasource}" {
		t.Errorf("%s reads another data source than the variable's", p.Title)
	}
	for _, target := range p.Targets {
		if !strings.Contains(target.Expr, "ALERTS{") && !strings.Contains(target.Expr,
			`instance=~"$instance", mount=~"$mount"`) {
			t.Errorf("%s does not use the variables: %s", p.Title, target.Expr)
		}
		for _, label := range legendLabel.FindAllStringSubmatch(target.LegendFormat, -1) {
			if !slices.Contains(resultLabels(target.Expr), label[1]) {
				t.Errorf("%s names a line by the label %s, which its result does not have", p.Title, label[1])
			}
		}
	}
}

// legendLabel matches a label in the name of a line, and grouping the labels that an aggregation keeps.
var (
	legendLabel = regexp.MustCompile(`{{(\w+)}}`)
	grouping    = regexp.MustCompile(`by \(([^)]*)\)`)
)

// resultLabels returns the labels of the result of an expression, which are those of its aggregation.
func resultLabels(text string) []string {
	found := grouping.FindStringSubmatch(text)
	if found == nil {
		return nil
	}
	return strings.Split(found[1], ", ")
}

// overlaps reports whether two panels share a place.
func (p panel) overlaps(other panel) bool {
	a, b := p.GridPos, other.GridPos
	return a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H
}

// TestTheDashboardLeadsToPagesThatExist looks for each page that the dashboard names, and its heading.
func TestTheDashboardLeadsToPagesThatExist(t *testing.T) {
	links := regexp.MustCompile(`docs/[a-z0-9/.#-]+[a-z0-9]`)
	found := 0
	for _, p := range dashboard(t).Panels {
		for _, link := range links.FindAllString(p.Description+" "+p.Options.Content, -1) {
			found++
			if strings.Contains(link, ".md") {
				if err := pageExists(link); err != nil {
					t.Errorf("%s: %v", p.Title, err)
				}
			} else {
				contents(t, repository, link)
			}
		}
	}
	if found < 25 {
		t.Errorf("the dashboard names only %d pages", found)
	}
}
