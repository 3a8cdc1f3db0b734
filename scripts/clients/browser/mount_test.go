package browser

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/hashicorp/vault/api"

	"vault-plugin-secrets-paxos/scripts/stack"
)

// A mount is a mount of the engine with its own stand-in Paxos.
type mount struct {
	*testing.T
	server site
	paxos  *stack.Sandbox
	vault  *api.Client // as root
	path   string
}

// newMount enables the engine at a path, without a configuration.
func newMount(t *testing.T, path string) *mount {
	t.Helper()
	server := shared(t)
	paxos, err := stack.LaunchSandbox(t.Context(), server.sandbox, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(paxos.Stop)
	vault, err := server.Client(server.RootToken)
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Mount(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	return &mount{T: t, server: server, paxos: paxos, vault: vault, path: path}
}

// configure connects the mount with its Paxos, with a root client of these scopes.
func (m *mount) configure(scopes ...string) {
	m.Helper()
	m.write("config/connection", m.paxos.Connection())
	id, secret := m.credential("treasury platform", scopes...)
	m.write("config", map[string]any{"environment": "custom", "client_id": id, "client_secret": secret})
}

// credential makes a client at Paxos, as a person does in the Dashboard.
func (m *mount) credential(label string, scopes ...string) (clientID, secret string) {
	m.Helper()
	clientID, secret, err := m.paxos.CreateCredential(m.Context(), label, scopes...)
	if err != nil {
		m.Fatal(err)
	}
	return clientID, secret
}

// write writes to a path of the mount as root.
func (m *mount) write(path string, data map[string]any) {
	m.Helper()
	if _, err := m.vault.Logical().WriteWithContext(m.Context(), m.path+"/"+path, data); err != nil {
		m.Fatal(err)
	}
}

// read reads a path of the mount as root.
func (m *mount) read(path string) map[string]any {
	m.Helper()
	answer, err := m.vault.Logical().ReadWithContext(m.Context(), m.path+"/"+path)
	if err != nil || answer == nil {
		m.Fatalf("reading %s: %v %v", path, answer, err)
	}
	return answer.Data
}

// scopes lists all scopes that the engine knows.
func (m *mount) scopes() []string {
	m.Helper()
	answer, err := m.vault.Logical().ListWithContext(m.Context(), m.path+"/scopes")
	if err != nil || answer == nil {
		m.Fatalf("listing scopes: %v %v", answer, err)
	}
	text, err := json.Marshal(answer.Data["keys"])
	var names []string
	if err == nil {
		err = json.Unmarshal(text, &names)
	}
	if err != nil {
		m.Fatal(err)
	}
	return names
}

// page runs paxos-report and returns the path of the page.
func (m *mount) page(arguments ...string) string {
	m.Helper()
	file := filepath.Join(m.TempDir(), m.path+".html")
	command := exec.CommandContext(m.Context(), m.server.report,
		append([]string{"-mount", m.path, "-output", file}, arguments...)...)
	command.Env = append(command.Environ(), "BAO_ADDR="+m.vault.Address(), "BAO_TOKEN="+m.vault.Token())
	if said, err := command.CombinedOutput(); err != nil {
		m.Fatalf("%v\n%s", err, said)
	}
	return file
}
