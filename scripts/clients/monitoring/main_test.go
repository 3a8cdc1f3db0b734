package monitoring

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/scripts/stack"
)

// patience is how long a test waits for something that happens in the background.
const patience = 60 * time.Second

// The directories of the examples and of the documentation.
const (
	repository = "../../.."
	prometheus = repository + "/docs/examples/prometheus"
	dashboards = repository + "/docs/examples/grafana"
)

// servers are those of this package.
var servers stack.Servers

// TestMain runs the tests and stops the servers, also when the tests are interrupted.
func TestMain(m *testing.M) { os.Exit(stack.Main(m.Run, "test-clients", servers.CloseAll)) }

// await waits until the condition returns nil.
func await(t *testing.T, condition func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := stack.Await(ctx, 200*time.Millisecond, condition); err != nil {
		t.Fatal(err)
	}
}

// contents returns the text of a file.
func contents(t *testing.T, path ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// create writes a file that only this user may read, and returns its path.
func create(t *testing.T, directory, name, text string) string {
	t.Helper()
	path := filepath.Join(directory, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// adapted returns the text of an example with other addresses, paths and times. Each text that is
// replaced must be there: otherwise the test would run something else than the example.
func adapted(t *testing.T, text string, pairs ...string) string {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			t.Fatalf("the example does not contain %q", pairs[i])
		}
		text = strings.ReplaceAll(text, pairs[i], pairs[i+1])
	}
	return text
}

// run runs a program to its end, and returns what it printed.
func run(t *testing.T, directory, name string, arguments ...string) (output string, err error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), name, arguments...)
	command.Dir = directory
	said, err := command.CombinedOutput()
	return string(said), err
}
