package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestPagesNameTheVersionsOfClients checks that docs/compatibility.md, and the page of an example, name the
// version of each client that `make test-clients` runs.
func TestPagesNameTheVersionsOfClients(t *testing.T) {
	t.Parallel()
	for _, client := range []struct{ name, pinnedIn, pin, example string }{
		{"github.com/hashicorp/vault/api", "scripts/clients/go.mod", `hashicorp/vault/api (v\S+)`, ""},
		{"github.com/hashicorp/vault-client-go", "scripts/clients/go.mod", `vault-client-go (v\S+)`, ""},
		{"github.com/openbao/openbao/api/v2", "scripts/clients/go.mod", `openbao/api/v2 (v\S+)`, ""},
		{"consul-template", "scripts/clients/consul-template/go.mod", `hashicorp/consul-template v(\S+)`,
			"consul-template"},
		{"External Secrets Operator", "scripts/clients/external-secrets/go.mod",
			`external-secrets/external-secrets (v\S+)`, "external-secrets"},
		{"node-vault", "scripts/node/package-lock.json", `"node_modules/node-vault": \{\s*"version": "([^"]+)"`, "node"},
		{"hvac", "scripts/ci/packages.sh", `python3-hvac +(\d+\.\d+\.\d+)`, "python"},
		{"Prometheus", "scripts/ci/packages.sh", `prometheus +(\d+\.\d+\.\d+)`, ""},
	} {
		found := regexp.MustCompile(client.pin).FindStringSubmatch(contents(t, client.pinnedIn))
		if found == nil {
			t.Errorf("%s does not name %s", client.pinnedIn, client.name)
			continue
		}
		version := found[1]
		if !hasRow(contents(t, "docs/compatibility.md"), client.name, version) {
			t.Errorf("docs/compatibility.md has no row for %s with the version %s", client.name, version)
		}
		page := "docs/examples/" + client.example + "/README.md"
		if client.example != "" && !strings.Contains(contents(t, page), version) {
			t.Errorf("%s does not name %s %s", page, client.name, version)
		}
	}
}

// contents returns the text of a file of the repository.
func contents(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// hasRow reports whether a table has a row with the name and the version.
func hasRow(page, name, version string) bool {
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, "|") && strings.Contains(line, name) && strings.Contains(line, version+" |") {
			return true
		}
	}
	return false
}
