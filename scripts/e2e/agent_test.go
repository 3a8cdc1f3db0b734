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

// agentConfiguration is the configuration of a Vault Agent without the templates.
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

// A template is a file that an agent renders from its reads of a path of the mount.
type template struct{ file, path, contents string }

// startAgent starts a Vault Agent that renders the files into the directory, and stops it when the test
// ends.
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
	defer func() { _ = log.Close() }() // the agent has its own copy of the file descriptor
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

// rendered waits until the content of the file has changed and its token is alive at Paxos. It returns
// the token and the content.
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
			return errors.New("the agent has not rendered the file again")
		}
		if !m.paxos.Alive(token) {
			return errors.New("the file does not hold a valid token")
		}
		return nil
	})
	m.guard(token)
	return token, content
}

// TestVaultAgentKeepsLivingTokensInFiles checks that a real agent reads again in time, both for leased
// and for unleased tokens.
func TestVaultAgentKeepsLivingTokensInFiles(t *testing.T) {
	t.Parallel()
	// A token is valid for 50 seconds at Paxos, of which the engine uses three quarters. The answer
	// tells the unleased reader to read again after 18 seconds.
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
	m.rendered(leased, content) // the content of its next lease
	// Without any other event, the agent has a new token long before the old one expires.
	got, _ := m.rendered(unleased, firstUnleased)
	if got == firstUnleased {
		t.Error("the unleased token was not replaced")
	}
	if !m.paxos.Alive(firstUnleased) {
		t.Error("the unleased token was revoked before it was replaced")
	}
	// After a rotation, the leased reader gets a live token with its next lease.
	m.write("roles/app/rotate", nil)
	await(t, func() error {
		token, _ := m.rendered(leased, "")
		if token == firstLeased {
			return errors.New("the file holds the token from before the rotation")
		}
		return nil
	})
}

// agentOf starts an agent that renders a leased and an unleased token of a role with a short lease
// and a short poll_interval, with the templates of docs/agent-and-applications.md. It returns the files when both have
// a live token.
func (m *mount) agentOf(lease, poll time.Duration) (leased, unleased string) {
	m.Helper()
	m.role("app", map[string]any{"ttl": lease.String(), "poll_interval": poll.String()}, profiles)
	directory := m.TempDir()
	m.startAgent(directory,
		template{"leased", "creds/app", "{{ .Data.access_token }}"},
		template{"unleased", "token/app", "{{ .Data.access_token }}"})
	leased, unleased = filepath.Join(directory, "leased"), filepath.Join(directory, "unleased")
	m.rendered(leased, "")
	m.rendered(unleased, "")
	return leased, unleased
}

// held returns the token in the file.
func (m *mount) held(path string) string {
	m.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		m.Fatal(err)
	}
	return string(text)
}

// TestVaultAgentRecoversFromARotation checks that after a rotation the files have ended tokens only
// until the agent reads at the time that it was told.
func TestVaultAgentRecoversFromARotation(t *testing.T) {
	t.Parallel()
	const lease, poll = 6 * time.Second, 10 * time.Second
	m := newMount(t, shared(t), paxostest.Options{})
	leased, unleased := m.agentOf(lease, poll)
	for range 3 {
		m.write("roles/app/rotate", nil)
		start := time.Now()
		var after [2]time.Duration
		await(t, func() error {
			for i, path := range []string{leased, unleased} {
				if alive := m.paxos.Alive(m.held(path)); alive && after[i] == 0 {
					after[i] = time.Since(start)
				}
			}
			if after[0] == 0 || after[1] == 0 {
				return errors.New("a file holds a dead token")
			}
			return nil
		})
		t.Logf("a valid token after %s on a lease of %s, after %s with a poll_interval of %s", after[0], lease,
			after[1], poll)
		if after[0] > lease || after[1] > poll+2*time.Second {
			t.Errorf("too late: on a lease of %s after %s, with a poll_interval of %s after %s", lease, after[0],
				poll, after[1])
		}
		m.guard(m.held(leased))
		m.guard(m.held(unleased))
	}
}

// TestGraceKeepsVaultAgentsTokensAlive checks that, with a rotation that has a grace period, no
// file has an ended token at any time.
func TestGraceKeepsVaultAgentsTokensAlive(t *testing.T) {
	t.Parallel()
	m := newMount(t, shared(t), paxostest.Options{})
	leased, unleased := m.agentOf(6*time.Second, 10*time.Second)
	before := []string{m.held(leased), m.held(unleased)}
	answer := m.write("roles/app/rotate", map[string]any{"grace": "14s"})
	if fmt.Sprint(answer.Data["waiting"]) != "2" || fmt.Sprint(answer.Data["ended"]) != "0" ||
		len(answer.Warnings) == 0 {
		t.Errorf("the rotation answered %v with %v", answer.Data, answer.Warnings)
	}
	start, looks := time.Now(), 0
	await(t, func() error {
		for _, path := range []string{leased, unleased} {
			if looks++; !m.paxos.Alive(m.held(path)) {
				t.Fatalf("%s holds an ended token after %s", filepath.Base(path), time.Since(start))
			}
		}
		for _, old := range before {
			if m.paxos.Alive(old) {
				return errors.New("a token from before the rotation is still valid")
			}
		}
		return nil
	})
	m.guard(m.held(leased))
	m.guard(m.held(unleased))
	t.Logf("%d looks at the files, none of them at a dead token; the old tokens ended after %s", looks,
		time.Since(start))
	if took := time.Since(start); took < 13*time.Second || took > 16*time.Second {
		t.Errorf("the old tokens ended after %s, want 14s", took)
	}
}

// TestOneReadersWordHelpsVaultAgent ends the token of an agent at Paxos. Another reader reports
// that, and the agent gets a live token with its next read.
func TestOneReadersWordHelpsVaultAgent(t *testing.T) {
	t.Parallel()
	const poll = 10 * time.Second
	m := newMount(t, shared(t), paxostest.Options{})
	_, unleased := m.agentOf(6*time.Second, poll)
	answer := m.read("token/app")
	if token(answer) != m.held(unleased) || !m.paxos.EndToken(token(answer)) {
		t.Fatal("the agent holds another token, or Paxos does not know it")
	}
	start := time.Now()
	fresh := m.write("token/app", map[string]any{"rejected_token_id": answer.Data["token_id"]})
	m.guard(token(fresh))
	if !m.paxos.Alive(token(fresh)) || len(fresh.Warnings) > 0 {
		t.Errorf("the reader who said so got a token that is alive: %v, with %v", m.paxos.Alive(token(fresh)),
			fresh.Warnings)
	}
	await(t, func() error {
		if m.held(unleased) != token(fresh) {
			return errors.New("the file does not hold the new token")
		}
		return nil
	})
	t.Logf("the agent has the valid token after %s with a poll_interval of %s", time.Since(start), poll)
	if took := time.Since(start); took > poll+2*time.Second {
		t.Errorf("the agent has it after %s", took)
	}
}
