package main

import (
	"os/exec"
	"strings"
	"testing"
)

// TestPluginLinksOnlyWhatItNeeds keeps the stand-in Paxos, its OAuth2 server and the test kit out of
// the binary that runs in people's Vaults.
func TestPluginLinksOnlyWhatItNeeds(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, dependency := range strings.Fields(string(out)) {
		for _, unwanted := range []string{"github.com/ory/", "backend/paxostest", "backend/backendtest"} {
			if strings.Contains(dependency, unwanted) {
				t.Errorf("the plugin links %s", dependency)
			}
		}
	}
}

// TestImportsPointDownwards holds the packages to their order: neither the broker
// nor the client knows Vault, and the client knows nobody.
func TestImportsPointDownwards(t *testing.T) {
	t.Parallel()
	const module = "vault-plugin-secrets-paxos/"
	for pack, forbidden := range map[string][]string{
		"backend/catalog": {"github.com/", module + "backend/broker", module + "backend/paxos"},
		"backend/paxos": {"github.com/hashicorp/vault", module + "backend/broker", module + "backend/paxostest",
			module + "backend/backendtest"},
		"backend/broker": {"github.com/hashicorp/vault", module + "backend/paxostest",
			module + "backend/backendtest"},
		"backend/paxostest": {"github.com/hashicorp/vault", module + "backend/broker", module + "backend/backendtest"},
		"backend/signing":   {"github.com/", module + "backend/broker", module + "backend/paxos"},
	} {
		out, err := exec.Command("go", "list", "-deps", module+pack).Output()
		if err != nil {
			t.Fatal(err)
		}
		for _, dependency := range strings.Fields(string(out)) {
			for _, unwanted := range forbidden {
				if strings.HasPrefix(dependency, unwanted) {
					t.Errorf("%s imports %s", pack, dependency)
				}
			}
		}
	}
}

func TestBudgetsThatPaxosWouldPunishAreRefused(t *testing.T) {
	t.Parallel()
	for _, budget := range []string{"0", "-1", "301"} {
		if err := run([]string{"-token-budget", budget}); err == nil ||
			!strings.Contains(err.Error(), "between 1 and 300") {
			t.Errorf("-token-budget %s: %v", budget, err)
		}
	}
}
