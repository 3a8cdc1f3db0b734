package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "vault-plugin-secrets-paxos/"

// imports are the packages of this project that each package may import. A package that is not here is
// new: give it a place below those that use it.
var imports = map[string][]string{
	"backend/fault":             {},
	"backend/catalog":           {},
	"backend/paxos":             {},
	"backend/signing":           {"backend/catalog"},
	"backend/payment":           {"backend/catalog", "backend/signing"},
	"backend/spending":          {},
	"backend/store":             {},
	"backend/input":             {},
	"backend/limits":            {"backend/paxos"},
	"backend/broker":            {"backend/catalog", "backend/limits", "backend/paxos"},
	"backend/report":            {"backend/catalog", "backend/paxos"},
	"backend/usage":             {"backend/store"},
	"backend/version":           {},
	"backend/spec":              {"backend/fault", "backend/input"},
	"backend/paxostest":         {"backend/catalog", "backend/paxos"},
	"backend/signing/transport": {},
	"backend": {"backend/broker", "backend/catalog", "backend/fault", "backend/input", "backend/limits",
		"backend/paxos", "backend/payment", "backend/report", "backend/signing", "backend/spec", "backend/spending",
		"backend/store", "backend/usage", "backend/version"},
}

// knowNoVault are the packages that nothing of Vault may come into.
var knowNoVault = []string{"backend/fault", "backend/catalog", "backend/paxos", "backend/signing",
	"backend/signing/transport", "backend/payment", "backend/spending",
	"backend/limits", "backend/broker", "backend/report", "backend/paxostest", "backend/version"}

// TestImportsPointDownwards holds the packages of the plugin to their order.
func TestImportsPointDownwards(t *testing.T) {
	t.Parallel()
	for _, line := range listed(t, "-f", "{{.ImportPath}} {{join .Imports \" \"}}", module+"backend/...") {
		fields := strings.Fields(line)
		name := strings.TrimPrefix(fields[0], module)
		allowed, known := imports[name]
		if !known && !isTestKit(name) {
			t.Errorf("%s has no place in the order of imports", name)
		}
		for _, path := range fields[1:] {
			imported, ours := strings.CutPrefix(path, module)
			if known && ours && !slices.Contains(allowed, imported) {
				t.Errorf("%s imports %s", name, imported)
			}
		}
	}
}

// isTestKit reports whether a package is for tests of this project only.
func isTestKit(name string) bool {
	return name == "backend/backendtest" || name == "backend/enumeration"
}

// TestInnerPackagesKnowNoVault holds what could be used without Vault to that.
func TestInnerPackagesKnowNoVault(t *testing.T) {
	t.Parallel()
	for _, name := range knowNoVault {
		for _, dependency := range listed(t, "-deps", module+name) {
			if strings.HasPrefix(dependency, "github.com/hashicorp/vault") {
				t.Errorf("%s depends on %s", name, dependency)
			}
		}
	}
}

// TestPluginLinksOnlyWhatItNeeds keeps the stand-in Paxos, its OAuth2 server and the test kit out of
// the binary that runs in people's Vaults.
func TestPluginLinksOnlyWhatItNeeds(t *testing.T) {
	t.Parallel()
	for _, dependency := range listed(t, "-deps", ".") {
		for _, unwanted := range []string{"github.com/ory/", "backend/paxostest", "backend/backendtest"} {
			if strings.Contains(dependency, unwanted) {
				t.Errorf("the plugin links %s", dependency)
			}
		}
	}
}

// listed is what `go list` prints, line by line.
func listed(t *testing.T, arguments ...string) []string {
	t.Helper()
	out, err := exec.Command("go", append([]string{"list"}, arguments...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}
