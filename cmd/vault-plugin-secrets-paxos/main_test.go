package main

import (
	"os/exec"
	"strings"
	"testing"
)

// TestPluginLinksOnlyWhatItNeeds keeps the stand-in Paxos and its OAuth2 server out
// of the binary that runs in people's Vaults.
func TestPluginLinksOnlyWhatItNeeds(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, dependency := range strings.Fields(string(out)) {
		for _, unwanted := range []string{"github.com/ory/", "backend/paxostest"} {
			if strings.Contains(dependency, unwanted) {
				t.Errorf("the plugin links %s", dependency)
			}
		}
	}
}

// TestImportsPointDownwards checks that no package imports one above it: the broker, the limits and the client
// know nothing of Vault, the limits know no broker, and the client knows neither.
func TestImportsPointDownwards(t *testing.T) {
	t.Parallel()
	const module = "vault-plugin-secrets-paxos/"
	for pack, forbidden := range map[string][]string{
		"backend/catalog": {"github.com/", module + "backend/broker", module + "backend/limits", module + "backend/paxos"},
		"backend/paxos": {"github.com/hashicorp/vault", module + "backend/broker", module + "backend/limits",
			module + "backend/paxostest"},
		"backend/limits":    {"github.com/hashicorp/vault", module + "backend/broker", module + "backend/paxostest"},
		"backend/broker":    {"github.com/hashicorp/vault", module + "backend/paxostest"},
		"backend/paxostest": {"github.com/hashicorp/vault", module + "backend/broker", module + "backend/limits"},
		"backend/signing": {"github.com/", module + "backend/broker", module + "backend/limits",
			module + "backend/paxos"},
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
