package clients

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestPythonExample runs docs/examples/python.
func TestPythonExample(t *testing.T) {
	t.Parallel()
	e := newExercise(t)
	command := e.documented("python", "python3 docs/examples/python/list_profiles.py 30", "python3", python, "30", "0.3")
	e.start(command...)
	e.run()
	e.refuses(command[:2]...)
	e.staysWithPaxos(command[:2]...)
	if !t.Failed() {
		t.Logf("passed with: docs/examples/python, hvac %s", hvacVersion(t))
	}
}

// TestGoExample builds docs/examples/go with the versions in its own go.mod, and runs it.
func TestGoExample(t *testing.T) {
	t.Parallel()
	e := newExercise(t)
	words := e.documented("go", `go -C docs/examples/go build -o "$PWD/paxos-example" .`, `"$PWD`, e.directory, `"`, "")
	build := exec.CommandContext(t.Context(), words[0], words[1:]...)
	build.Dir = e.directory
	if said, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	command := e.documented("go", "./paxos-example -every 30s", "30s", "300ms", ".", e.directory)
	e.start(command...)
	e.run()
	e.refuses(command[0])
	e.staysWithPaxos(command[0])
	if !t.Failed() {
		t.Logf("passed with: docs/examples/go")
	}
}

// TestNodeExample copies docs/examples/node to where node-vault is installed, and runs it.
func TestNodeExample(t *testing.T) {
	t.Parallel()
	e := newExercise(t)
	modules, err := filepath.Abs(nodeModules)
	e.must(err)
	e.must(os.CopyFS(e.directory, os.DirFS(filepath.Join(examples, "node"))))
	e.must(os.Symlink(modules, filepath.Join(e.directory, "node_modules")))
	command := e.documented("node", "node list_profiles.mjs 30", "30", "0.3")
	e.start(command...)
	e.run()
	e.refuses(command[:2]...)
	e.staysWithPaxos(command[:2]...)
	e.expectDependency("node-vault")
	if !t.Failed() {
		t.Logf("passed with: docs/examples/node, node-vault %s", nodeVersion(t, "node-vault"))
	}
}

// expectDependency checks that the example for Node asks for the version that this test used.
func (e *exercise) expectDependency(name string) {
	e.Helper()
	text, err := os.ReadFile(filepath.Join(examples, "node", "package.json"))
	e.must(err)
	var description struct {
		Dependencies map[string]string `json:"dependencies"`
	}
	e.must(json.Unmarshal(text, &description))
	if got, want := description.Dependencies[name], nodeVersion(e.T, name); got != want {
		e.Errorf("package.json of the example names %s %q, and the test ran with %q", name, got, want)
	}
}
