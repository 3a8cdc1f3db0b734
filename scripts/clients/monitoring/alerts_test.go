package monitoring

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// An alert is a rule of alerts.yml.
type alert struct {
	Alert       string            `yaml:"alert"`
	Expr        string            `yaml:"expr"`
	For         string            `yaml:"for,omitempty"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
}

// alerts returns the rules of alerts.yml.
func alerts(t *testing.T) (all []alert) {
	t.Helper()
	var file struct {
		Groups []struct {
			Name  string  `yaml:"name"`
			Rules []alert `yaml:"rules"`
		} `yaml:"groups"`
	}
	decoder := yaml.NewDecoder(strings.NewReader(contents(t, prometheus, "alerts.yml")))
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil {
		t.Fatal(err)
	}
	for _, group := range file.Groups {
		all = append(all, group.Rules...)
	}
	if len(all) < 15 {
		t.Fatalf("alerts.yml has only %d rules", len(all))
	}
	return all
}

// promtool runs promtool in a directory.
func promtool(t *testing.T, directory string, arguments ...string) (output string, err error) {
	t.Helper()
	return run(t, directory, "promtool", arguments...)
}

// TestPromtoolAcceptsTheExamples runs the commands that the page names.
func TestPromtoolAcceptsTheExamples(t *testing.T) {
	for _, command := range []string{
		"check config --syntax-only prometheus.yml",
		"check rules alerts.yml",
		"test rules alerts_test.yml",
	} {
		if output, err := promtool(t, prometheus, strings.Fields(command)...); err != nil {
			t.Errorf("promtool %s: %v\n%s", command, err, output)
		}
	}
}

// TestAlertsHaveTestsThatCanFail runs the tests of each alert with rules that are wrong: one that never
// fires, one that always fires, and others that fire with other words. Each must be noticed.
func TestAlertsHaveTestsThatCanFail(t *testing.T) {
	for _, rule := range alerts(t) {
		for name, change := range map[string]func(*alert){
			"never fires":      func(a *alert) { a.Expr = "vector(1) > 1" },
			"always fires":     func(a *alert) { a.Expr, a.For = "("+a.Expr+") or vector(1)", "" },
			"has another text": func(a *alert) { a.Annotations = map[string]string{"summary": "something else"} },
			"is for others":    func(a *alert) { a.Labels = map[string]string{"severity": "none"} },
		} {
			wrong := rule
			change(&wrong)
			if output, err := testRule(t, wrong); err == nil {
				t.Errorf("the tests of %s pass if it %s:\n%s", rule.Alert, name, output)
			}
		}
		if output, err := testRule(t, rule); err != nil {
			t.Errorf("the tests of %s fail: %v\n%s", rule.Alert, err, output)
		}
	}
}

// testRule runs the tests that have the name of the alert, with this rule alone.
func testRule(t *testing.T, rule alert) (output string, err error) {
	t.Helper()
	var tests map[string]any
	if err := yaml.Unmarshal([]byte(contents(t, prometheus, "alerts_test.yml")), &tests); err != nil {
		t.Fatal(err)
	}
	all, _ := tests["tests"].([]any)
	tests["tests"] = slices.DeleteFunc(all, func(test any) bool { return test.(map[string]any)["name"] != rule.Alert })
	directory := t.TempDir()
	group := map[string]any{"name": "paxos", "rules": []alert{rule}}
	for name, content := range map[string]any{
		"alerts.yml":      map[string]any{"groups": []any{group}},
		"alerts_test.yml": tests,
	} {
		text, err := yaml.Marshal(content)
		if err != nil {
			t.Fatal(err)
		}
		create(t, directory, name, string(text))
	}
	if output, err := promtool(t, directory, "check", "rules", "alerts.yml"); err != nil {
		t.Fatalf("the rule cannot be read: %v\n%s", err, output)
	}
	return promtool(t, directory, "test", "rules", "alerts_test.yml")
}

// TestAlertsLeadToTheirRunbooks holds the runbook of each alert against the page of alerts, and looks for
// the page and the heading that it names.
func TestAlertsLeadToTheirRunbooks(t *testing.T) {
	page := contents(t, repository, "docs", "metrics-and-alerts.md")
	_, table, _ := strings.Cut(page, "## Alert rules")
	table, _, _ = strings.Cut(table, "\n## ")
	for _, a := range alerts(t) {
		if severity := a.Labels["severity"]; severity != "page" && severity != "ticket" {
			t.Errorf("%s has the severity %q", a.Alert, severity)
		}
		runbook := a.Annotations["runbook"]
		if err := pageExists(runbook); err != nil {
			t.Errorf("%s: %v", a.Alert, err)
		}
		row := ""
		for line := range strings.Lines(table) {
			if strings.Contains(line, "`"+a.Alert+"`") {
				row = line
			}
		}
		link := strings.TrimPrefix(strings.TrimPrefix(runbook, "docs/"), "metrics-and-alerts.md")
		if row == "" || !strings.Contains(row, "]("+link+")") {
			t.Errorf("the page of alerts does not lead from %s to %s: %q", a.Alert, link, row)
		}
		if !strings.Contains(row, "| "+a.Labels["severity"]+" |") {
			t.Errorf("the page of alerts does not say that %s has severity %s: %q", a.Alert, a.Labels["severity"], row)
		}
	}
}

// pageExists returns an error if there is no such page, such as docs/signing.md#observe, or no such
// heading on it.
func pageExists(link string) error {
	path, anchor, _ := strings.Cut(link, "#")
	text, err := os.ReadFile(filepath.Join(repository, path))
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(text)) {
		if heading, ok := strings.CutPrefix(line, "## "); ok && anchorOf(heading) == anchor {
			return nil
		}
	}
	if anchor == "" && strings.HasPrefix(path, "docs/") {
		return nil
	}
	return fmt.Errorf("%s has no heading for #%s", path, anchor)
}

// anchorOf returns the anchor of a heading: small letters, and a dash for each space.
func anchorOf(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-':
			return r
		case r == ' ':
			return '-'
		}
		return -1
	}, strings.ToLower(strings.TrimSpace(heading)))
}
