package e2e

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/backend/paxostest"
)

// agentConfiguration is that of a Vault Agent without its templates.
const agentConfiguration = `
vault {
  address = %[1]q
}
auto_auth {
  method "approle" {
    mount_path = "auth/login-%[2]s"
    config = {
      role_id_file_path                   = "%[3]s/role_id"
      secret_id_file_path                 = "%[3]s/secret_id"
      remove_secret_id_file_after_reading = false
    }
  }
}
`

// A template is a file that an agent renders from what it reads at a path of the mount.
type template struct{ file, path, contents string }

// startAgent runs a Vault Agent that renders the files into the directory, until the
// test ends.
func (m *mount) startAgent(directory string, templates ...template) {
	m.Helper()
	configuration, policy := fmt.Sprintf(agentConfiguration, m.server.Address, m.path, directory), ""
	for _, each := range templates {
		path := m.path + "/" + each.path
		policy += fmt.Sprintf("path %q { capabilities = [\"read\"] }\n", path)
		configuration += fmt.Sprintf("template {\n  contents    = %q\n  destination = %q\n}\n",
			fmt.Sprintf("{{ with secret %q }}%s{{ end }}", path, each.contents), filepath.Join(directory, each.file))
	}
	roleID, secretID := m.appRole(policy)
	for name, text := range map[string]string{"role_id": roleID, "secret_id": secretID, "agent.hcl": configuration} {
		if err := os.WriteFile(filepath.Join(directory, name), []byte(text), 0o600); err != nil {
			m.Fatal(err)
		}
	}
	log, err := os.Create(filepath.Join(directory, "agent.log"))
	if err != nil {
		m.Fatal(err)
	}
	defer log.Close() // the agent has a copy of its own
	agent, err := m.server.Launch(log, "agent", "-config="+filepath.Join(directory, "agent.hcl"))
	if err != nil {
		m.Fatal(err)
	}
	m.Cleanup(func() {
		agent.Stop()
		if text, err := os.ReadFile(log.Name()); m.Failed() || err != nil {
			m.Logf("the agent's log, %v:\n%s", err, text)
		}
	})
}

// rendered waits until the file's token lives at Paxos and what it holds is not what it
// held before, and returns both.
func (m *mount) rendered(path, before string) (token, content string) {
	m.Helper()
	await(m.T, func() error {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		content = string(text)
		token, _, _ = strings.Cut(content, " ")
		if content == before {
			return errors.New("the agent has not rendered the file anew")
		}
		if !m.paxos.Alive(token) {
			return errors.New("the file does not hold a living token")
		}
		return nil
	})
	m.guard(token)
	return token, content
}

// TestVaultAgentKeepsLivingTokensInFiles has a real agent read again by itself, as its
// leases and the schedule of unleased tokens tell it.
func TestVaultAgentKeepsLivingTokensInFiles(t *testing.T) {
	t.Parallel()
	// A token lives 50 s at Paxos, of which the engine uses three quarters: the unleased
	// reader is told to come back after 18.
	m := newMount(t, shared(t), paxostest.Options{TokenLifetime: 50 * time.Second})
	m.role("app", map[string]any{"ttl": "6s"}, profiles)
	directory := t.TempDir()
	m.startAgent(directory,
		template{"leased", "creds/app", "{{ .Data.access_token }} {{ .LeaseID }}"},
		template{"unleased", "token/app", "{{ .Data.access_token }}"})
	leased, unleased := filepath.Join(directory, "leased"), filepath.Join(directory, "unleased")

	firstLeased, content := m.rendered(leased, "")
	firstUnleased, _ := m.rendered(unleased, "")
	if firstLeased == firstUnleased {
		t.Error("the leased and the unleased reader share a token")
	}
	m.rendered(leased, content) // its next lease
	// Left alone, the agent has a new token long before the old one dies.
	got, _ := m.rendered(unleased, firstUnleased)
	if got == firstUnleased {
		t.Error("the unleased token was not replaced")
	}
	if !m.paxos.Alive(firstUnleased) {
		t.Error("the unleased token died before it was replaced")
	}
	// After a rotation the leased reader recovers with its next lease.
	m.write("roles/app/rotate", nil)
	await(t, func() error {
		token, _ := m.rendered(leased, "")
		if token == firstLeased {
			return errors.New("the file holds the token from before the rotation")
		}
		return nil
	})
}
