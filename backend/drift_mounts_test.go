package backend_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// TestDriftKnowsTheClientsOfOtherMountsOfTheProcess has two mounts with a root each, a
// stored client, and a client that no mount has.
func TestDriftKnowsTheClientsOfOtherMountsOfTheProcess(t *testing.T) {
	t.Parallel()
	m := newListingMount(t)
	other := m.neighbor()
	made, secret, err := m.Paxos.CreateCredential(paxostest.Credential{Nickname: "vault-other",
		Scopes: backendtest.RootScopes})
	if err != nil {
		t.Fatal(err)
	}
	other.Client, other.Secret = made, secret
	other.Configure()
	leased := other.stock("lease-1", "vault-lease", nil)
	stranger, _, err := m.Paxos.CreateCredential(paxostest.Credential{Nickname: "batch",
		Scopes: []string{"transfer:write_crypto_withdrawal"}})
	if err != nil {
		t.Fatal(err)
	}
	report := m.compare()
	for _, id := range []string{made.ClientID, leased} {
		if strings.Contains(fmt.Sprint(report["findings"]), id) {
			t.Errorf("a client of another mount is in the findings: %v", report["findings"])
		}
	}
	f := finding(report, "client-unknown", "credential "+stranger.ClientID)
	if f == nil {
		t.Fatalf("found are %v", rules(report))
	}
	says(t, f["reason"].(string), "no mount of this plugin process accounts for",
		"Another Vault, plugin version or team may own it")
	says(t, f["fix"].(string), "find the owner", "vault write paxos/exceptions/", "!delete")
	says(t, f["suggestion"].(string), "delete "+stranger.ClientID+" only if nobody owns it")
	known := map[string]any{}
	for _, c := range report["credentials"].([]any) {
		c := c.(map[string]any)
		known[c["client_id"].(string)] = c["known_as"]
	}
	if known[made.ClientID] != "(another mount)" || known[leased] != "(another mount)" ||
		known[stranger.ClientID] != "" || known[m.Client.ClientID] != "root" {
		t.Errorf("known are %v", known)
	}
	if strings.Contains(fmt.Sprint(report), "other-mount") || strings.Contains(fmt.Sprint(report), "lease-1") {
		t.Errorf("the report names another mount, or what it calls its client: %v", report)
	}
	if finding(report, "root-shared", "client root") != nil {
		t.Errorf("found are %v", rules(report))
	}
	third := m.neighbor()
	third.Client, third.Secret = m.Client, m.Secret
	third.Configure()
	if finding(m.report("drift"), "root-shared", "client root") == nil {
		t.Errorf("the root is that of another mount too; found are %v", rules(m.report("drift")))
	}
}

// TestSigningIsNotAdvisedWhileCallersDoNotSign looks at what is said of a client with
// readers, and of one without.
func TestSigningIsNotAdvisedWhileCallersDoNotSign(t *testing.T) {
	t.Parallel()
	m := newListingMount(t)
	m.EditClient(m.Client.ClientID, func(c *paxostest.Credential) { c.EnforceRequestSigning = false })
	m.Must(logical.UpdateOperation, "roles/off", map[string]any{"scopes": "funding:read_profile", "disabled": true})
	idle := m.storeTeam()
	m.Must(logical.DeleteOperation, "roles/team", nil)
	report := m.compare()
	for subject, who := range map[string][]string{"client root": {"the readers of roles/mint", "!roles/off"},
		"client clients/team": {"!the readers"}} {
		f := finding(report, "signing-not-enforced", subject)
		if f == nil {
			t.Fatalf("found are %v", rules(report))
		}
		if strings.Contains(f["fix"].(string), "enforce Request Signing") {
			t.Errorf("%s: the fix is %q", subject, f["fix"])
		}
		says(t, f["suggestion"].(string), append(who, "only when everybody who uses it signs",
			"Cut off until they sign: this mount itself")...)
	}
	if !strings.Contains(fmt.Sprint(report["findings"]), idle) {
		t.Error("the client without readers is not named by its Client ID")
	}
}
