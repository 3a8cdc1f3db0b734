package backend_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares text with a file under testdata.
func golden(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != text {
		t.Errorf("%s differs, first here:\n%s\nRun the test with -update (go test ./backend -run %s -args "+
			"-update), and look "+
			"at the diff.", name, firstDifference(string(want), text), t.Name())
	}
}

// firstDifference shows the first line that two texts do not share.
func firstDifference(want, got string) string {
	wanted, lines := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i, line := range lines {
		if i >= len(wanted) || line != wanted[i] {
			return fmt.Sprintf("line %d is now %q", i+1, line)
		}
	}
	return fmt.Sprintf("line %d is gone", len(lines)+1)
}

func TestHelpIsAsReviewed(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	documented := m.Help("").Data["openapi"].(map[string]any)["paths"].(map[string]any)
	values := strings.NewReplacer("{scope}", "funding:read_profile", "{id}", "GetTransfer", "{name}", "x",
		"{token_id}", "x")
	var all strings.Builder
	for _, path := range append([]string{"/"}, slices.Sorted(maps.Keys(documented))...) {
		path = strings.TrimPrefix(values.Replace(path), "/")
		all.WriteString("==== path-help paxos/" + path + "\n")
		all.WriteString(m.Help(path).Data["help"].(string) + "\n")
	}
	golden(t, "path-help.golden", all.String())
}

// TestEveryEventIsDocumented holds the events of the mount and of its tokens against their page.
func TestEveryEventIsDocumented(t *testing.T) {
	t.Parallel()
	_, text, _ := strings.Cut(page(t, "metrics-and-alerts.md"), "## Events")
	var declared []byte
	for _, name := range []string{"events.go", "broker/observation.go"} {
		part, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		declared = append(declared, part...)
	}
	kinds := regexp.MustCompile(`(?m)^\t\w+ +(?:What )?= "([a-z-]+)"`).FindAllSubmatch(declared, -1)
	if len(kinds) < 30 {
		t.Errorf("%d events are declared", len(kinds))
	}
	for _, kind := range kinds {
		if !strings.Contains(text, "`"+string(kind[1])+"`") {
			t.Errorf("the page of metrics and alerts does not name the event %s", kind[1])
		}
	}
}

func TestEveryOperationIsDocumented(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	raw, err := json.Marshal(m.Help("").Data["openapi"])
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Paths map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal(raw, &document); err != nil {
		t.Fatal(err)
	}
	if len(document.Paths) < 13 {
		t.Errorf("only %d paths are documented", len(document.Paths))
	}
	identifiers := map[string]string{}
	for path, item := range document.Paths {
		for method, body := range item {
			if method != "get" && method != "post" && method != "patch" && method != "delete" && method != "list" {
				continue
			}
			var operation struct {
				Summary     string
				OperationID string `json:"operationId"`
				Responses   map[string]struct {
					Description string
					Content     map[string]struct{ Schema map[string]any }
				}
			}
			if err := json.Unmarshal(body, &operation); err != nil {
				t.Fatal(err)
			}
			where := method + " " + path
			if operation.Summary == "" || operation.OperationID == "" || len(operation.Responses) == 0 {
				t.Errorf("%s lacks a summary, an identifier or a response: %s", where, body)
			}
			if other := identifiers[operation.OperationID]; other != "" {
				t.Errorf("%s and %s are both %s", where, other, operation.OperationID)
			}
			identifiers[operation.OperationID] = where
			if ok, has := operation.Responses["200"]; has && len(ok.Content["application/json"].Schema) == 0 &&
				path != "/metrics" {
				t.Errorf("%s answers 200 without a schema: %s", where, body)
			}
		}
	}
}

func TestStoredEntriesKeepTheirForm(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.Must(logical.UpdateOperation, "config/guardrails", map[string]any{"allowed_scopes": "funding:*,transfer:*"})
	m.Must(logical.UpdateOperation, "scope-sets/reports",
		map[string]any{"scopes": "transfer:read_transfer", "description": "Monthly"})
	m.Must(logical.UpdateOperation, "roles/tracker",
		map[string]any{"scopes": "funding:read_profile", "scope_sets": "reports", "operations": "ListProfiles"})
	lease := m.Must(logical.ReadOperation, "creds/mint", nil)
	m.Tick()
	text := strings.NewReplacer(
		m.Secret, "SECRET", backendtest.Token(lease), "TOKEN", lease.Data["token_id"].(string), "FINGERPRINT",
		m.Paxos.Tokens()[0].Fingerprint, "PROOF",
		m.Client.ClientID, "CLIENT", m.Paxos.URL(), "https://paxos.invalid",
	).Replace(m.Stored())
	text = regexp.MustCompile(`"(id|entry_id|role|connection)":"[^"]*"`).ReplaceAllString(text, `"$1":RANDOM`)
	text = regexp.MustCompile(`"profiles":\["[^"]*"\]`).ReplaceAllString(text, `"profiles":["RANDOM"]`)
	entries := strings.SplitAfter(text, "\n\n")
	slices.Sort(entries) // fingerprints come in any order
	golden(t, "stored.golden", strings.Join(entries, ""))
}

// TestGuidesNameFilesThatExist keeps the guides for developers to the layout that there is.
func TestGuidesNameFilesThatExist(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"../CONTRIBUTING.md", "README.md"} {
		guide, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		named := regexp.MustCompile("`([a-z_/-]+\\.(?:go|tsv|txt))`").FindAllStringSubmatch(string(guide), -1)
		if len(named) < 30 {
			t.Errorf("%s names %d files", path, len(named))
		}
		for _, match := range named {
			_, inBackend := os.Stat(match[1])
			_, inProject := os.Stat(filepath.Join("..", match[1]))
			if inBackend != nil && inProject != nil {
				t.Errorf("%s names %s, which does not exist", path, match[1])
			}
		}
	}
}

// page returns a page of the documentation.
func page(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../docs", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// sources returns the source of the engine, with strings that are written in pieces put together.
func sources(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(".", func(path string, entry os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		all.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`"\s*\+\s*"`).ReplaceAllString(all.String(), "")
}

// TestEveryMetricIsDocumented holds the metrics that the engine registers against their page, and the
// page against the metrics.
func TestEveryMetricIsDocumented(t *testing.T) {
	t.Parallel()
	text := page(t, "metrics-and-alerts.md")
	registered := map[string]bool{}
	for _, match := range regexp.MustCompile(`"(paxos_[a-z_]+)"`).FindAllStringSubmatch(sources(t), -1) {
		registered[match[1]] = true
		if !strings.Contains(text, "| `"+match[1]+"` |") {
			t.Errorf("the table of metrics lacks %s", match[1])
		}
	}
	if len(registered) < 20 {
		t.Errorf("%d metrics are registered", len(registered))
	}
	for _, name := range regexp.MustCompile(`\bpaxos_[a-z_]+\b`).FindAllString(text, -1) {
		if !registered[name] {
			t.Errorf("the page names the metric %s, which the engine does not have", name)
		}
	}
}

// TestLogLinesOfThePageExist holds the lines that the page tells people to look for against the source.
func TestLogLinesOfThePageExist(t *testing.T) {
	t.Parallel()
	_, lines, _ := strings.Cut(page(t, "metrics-and-alerts.md"), "## Log lines")
	source := sources(t)
	named := 0
	for row := range strings.Lines(lines) {
		cell, _, level := strings.Cut(strings.TrimPrefix(row, "| `"), "` (")
		if !strings.HasPrefix(row, "| `") || !level {
			continue
		}
		for _, line := range strings.Split(cell, "`, `") {
			named++
			if !strings.Contains(source, `"`+line) {
				t.Errorf("the engine does not log %q", line)
			}
		}
	}
	if named < 15 {
		t.Errorf("the page names %d lines", named)
	}
}
