package e2e

import (
	"path/filepath"
	"strings"
	"testing"

	"vault-plugin-secrets-paxos/backend/paxostest"
	"vault-plugin-secrets-paxos/scripts/stack"
)

// TestOpenBaoStandIn upgrades the plugin on a Vault that differs in the ways of OpenBao which the demo
// and these tests know: its configuration, its reload command and its name. It is not a test of OpenBao.
func TestOpenBaoStandIn(t *testing.T) {
	vault, err := filepath.Abs(binary())
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("STAND_IN_FOR", vault)
	standIn, err := filepath.Abs("../vault/openbao-stand-in.sh")
	if err != nil {
		t.Fatal(err)
	}
	server := ownOf(t, standIn)
	if got := server.Product.String(); got != "OpenBao v2.6.2" {
		t.Errorf("the server is %s", got)
	}
	m := newMount(t, server, paxostest.Options{})
	m.role("app", nil, profiles)
	before := m.read("creds/app")
	m.upgrade(m.buildNext())
	if token(m.read("creds/app")) != token(before) {
		t.Error("after the upgrade the reader got another token")
	}

	if err := server.InstallTools(t.Context()); err != nil {
		t.Fatal(err)
	}
	line := "cd '" + server.Directory + `' && export PATH="$PWD/bin:$PATH" VAULT_TOKEN="$(cat root-token)"` +
		" VAULT_ADDR=" + server.Address
	for _, command := range []string{"bao", "vault"} {
		said, err := stack.Shell(t.Context(), line+"\n"+command+" read -field=version "+m.path+"/status").CombinedOutput()
		if err != nil || strings.TrimSpace(string(said)) != nextVersion {
			t.Errorf("%s read prints %q, %v", command, said, err)
		}
	}
}
