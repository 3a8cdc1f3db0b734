package main

import (
	"os/exec"
	"strings"
	"testing"
)

// TestPluginLinksOnlyWhatItNeeds checks that the plugin does not contain the stand-in Paxos and its
// OAuth2 server.
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

// TestImportsPointDownwards checks the order of the packages: the broker and the packages below it do
// not import Vault, and no package imports one above it.
func TestImportsPointDownwards(t *testing.T) {
	t.Parallel()
	const module = "vault-plugin-secrets-paxos/"
	for name, forbidden := range map[string][]string{
		"backend/catalog":   {"github.com/", module + "backend/broker", module + "backend/paxos"},
		"backend/paxos":     {"github.com/hashicorp/vault", module + "backend/broker", module + "backend/paxostest"},
		"backend/broker":    {"github.com/hashicorp/vault", module + "backend/paxostest"},
		"backend/paxostest": {"github.com/hashicorp/vault", module + "backend/broker"},
		"backend/signing":   {"github.com/", module + "backend/broker", module + "backend/paxos"},
	} {
		out, err := exec.Command("go", "list", "-deps", module+name).Output()
		if err != nil {
			t.Fatal(err)
		}
		for _, dependency := range strings.Fields(string(out)) {
			for _, unwanted := range forbidden {
				if strings.HasPrefix(dependency, unwanted) {
					t.Errorf("%s imports %s", name, dependency)
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
