package clients

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// retryWait is how long the Go libraries wait before they repeat a request that Vault answered with 5xx.
const retryWait = 100 * time.Millisecond

// nodeModules is where scripts/ci/packages.sh installs packages of npm.
const nodeModules = "../node/node_modules"

// TestVaultAPI tests hashicorp/vault/api.
func TestVaultAPI(t *testing.T) {
	t.Parallel()
	use(t, "github.com/hashicorp/vault/api", moduleVersion(t, "github.com/hashicorp/vault/api"), newVaultAPI)
}

// TestVaultClientGo tests hashicorp/vault-client-go.
func TestVaultClientGo(t *testing.T) {
	t.Parallel()
	const module = "github.com/hashicorp/vault-client-go"
	use(t, module, moduleVersion(t, module), newVaultClientGo)
}

// TestOpenBaoAPI tests openbao/api, with a Vault server.
func TestOpenBaoAPI(t *testing.T) {
	t.Parallel()
	const module = "github.com/openbao/openbao/api/v2"
	use(t, module, moduleVersion(t, module), newOpenBaoAPI)
}

// TestHvac tests hvac of Python.
func TestHvac(t *testing.T) {
	t.Parallel()
	use(t, "hvac (Python)", hvacVersion(t), func(m *mount) client { return newDriver(m, python, "hvac_driver.py") })
}

// TestNodeVault tests node-vault.
func TestNodeVault(t *testing.T) {
	t.Parallel()
	modules, err := filepath.Abs(nodeModules)
	if err != nil {
		t.Fatal(err)
	}
	use(t, "node-vault (Node)", nodeVersion(t, "node-vault"), func(m *mount) client {
		return newDriver(m, "node", "node_vault_driver.js", "NODE_PATH="+modules)
	})
}

// python is Debian's interpreter, which finds the hvac that Debian packages.
const python = "/usr/bin/python3"

// moduleVersion returns the version of a module that this test is linked with.
func moduleVersion(t *testing.T, path string) string {
	t.Helper()
	said, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Version}}", path).Output()
	if err != nil {
		t.Fatalf("asking for the version of %s: %v", path, err)
	}
	return strings.TrimSpace(string(said))
}

// hvacVersion returns the version of hvac that Debian's Python finds.
func hvacVersion(t *testing.T) string {
	t.Helper()
	said, err := exec.CommandContext(t.Context(), python, "-c",
		`import importlib.metadata; print(importlib.metadata.version("hvac"))`).Output()
	if err != nil {
		t.Fatalf("asking for the version of hvac: %v", err)
	}
	return strings.TrimSpace(string(said))
}

// nodeVersion returns the version of a package of npm that is installed.
func nodeVersion(t *testing.T, name string) string {
	t.Helper()
	file, err := os.ReadFile(filepath.Join(nodeModules, name, "package.json"))
	if err != nil {
		t.Fatal(err)
	}
	var description struct {
		Version string `json:"version"`
	}
	if err := json.Unmarshal(file, &description); err != nil {
		t.Fatal(err)
	}
	return description.Version
}
