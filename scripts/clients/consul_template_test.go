package clients

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// leased is a template that the example does not have: it reads a token on a lease.
const leased = `template {
  contents    = "{{ with secret \"paxos/creds/mint-role\" }}{{ .Data | toJSON }}{{ end }}"
  destination = "paxos.json"
  perms       = "0600"
}
`

// TestConsulTemplate runs docs/examples/consul-template, with a template for a lease beside it. After
// rotations the files have valid tokens again, as soon as the engine told consul-template to read.
func TestConsulTemplate(t *testing.T) {
	t.Parallel()
	const lease = 6 * time.Second
	e := newExerciseOn(newMountAt(t, "paxos"))
	e.write("roles/mint-role", map[string]any{"ttl": lease.String()})
	binary := e.buildConsulTemplate()
	rendering := e.render(binary)
	plain, data := e.awaitPrivate("paxos-token"), e.awaitPrivate("paxos.json")
	for range 2 {
		began := time.Now()
		e.write("roles/mint-role/rotate", nil)
		data = e.awaitValid("paxos.json", data)
		if took := time.Since(began); took > lease+2*time.Second {
			t.Errorf("the file of a lease of %s has a valid token after %s", lease, took)
		}
		plain = e.awaitValid("paxos-token", plain)
		if took := time.Since(began); took > poll+2*time.Second {
			t.Errorf("with a poll_interval of %s, the file has a valid token after %s", poll, took)
		}
	}
	await(t, func() error { // the command runs after the file was written
		log, err := os.ReadFile(filepath.Join(e.directory, "reload.log"))
		if told := strings.Count(string(log), "reloaded"); err == nil && told != 3 {
			err = fmt.Errorf("the application was told of %d changes, want 3", told)
		}
		return err
	})
	rendering.interrupt()
	rendering.expectNoSecret()
	e.isRefusedInLog(binary)
	if !t.Failed() {
		t.Logf("passed with: %s", e.versionOfConsulTemplate())
	}
}

// interrupt ends consul-template as a service manager does. It then ends with the status 12.
func (p *program) interrupt() {
	p.Helper()
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil {
		p.Fatal(err)
	}
	var exit *exec.ExitError
	if err := p.awaitEnd(); !errors.As(err, &exit) || exit.ExitCode() != 12 {
		p.Errorf("after SIGTERM, consul-template ended with %v", err)
	}
}

// awaitPrivate is like awaitValid for the first token, and checks that only the user can read the file.
func (e *exercise) awaitPrivate(name string) string {
	e.Helper()
	token := e.awaitValid(name, "")
	information, err := os.Stat(filepath.Join(e.directory, name))
	e.must(err)
	if mode := information.Mode().Perm(); mode != 0o600 {
		e.Errorf("%s has mode %o", name, mode)
	}
	return token
}

// buildConsulTemplate builds the version that the module in the directory consul-template pins.
func (e *exercise) buildConsulTemplate() (binary string) {
	e.Helper()
	binary = filepath.Join(e.TempDir(), "consul-template")
	build := exec.CommandContext(e.Context(), "go", "build", "-o", binary, "github.com/hashicorp/consul-template")
	build.Dir = "consul-template"
	if said, err := build.CombinedOutput(); err != nil {
		e.Fatalf("%v\n%s", err, said)
	}
	return binary
}

// versionOfConsulTemplate returns the module and the version that was built.
func (e *exercise) versionOfConsulTemplate() string {
	e.Helper()
	said, err := exec.CommandContext(e.Context(), "go", "list", "-C", "consul-template", "-m",
		"github.com/hashicorp/consul-template").Output()
	e.must(err)
	return strings.TrimSpace(string(said))
}

// render starts Vault Agent and consul-template with the files of the example.
func (e *exercise) render(binary string) *program {
	e.Helper()
	e.must(os.WriteFile(filepath.Join(e.directory, "leased.hcl"), []byte(leased), 0o600))
	address := []string{"VAULT_ADDR=" + e.server.Address}
	e.launch(e.directory, address, e.documented("consul-template",
		"vault agent -config=docs/examples/consul-template/agent.hcl", "vault agent", os.Getenv("VAULT_BIN")+" agent")...)
	await(e.T, func() error {
		token, err := os.ReadFile(filepath.Join(e.directory, "vault-token"))
		if err == nil && len(token) == 0 {
			err = errors.New("the file of the Vault token is empty")
		}
		if err == nil {
			e.guard(string(token))
		}
		return err
	})
	command := e.documented("consul-template",
		"consul-template -config=docs/examples/consul-template/paxos.hcl", "consul-template -config", binary+" -config")
	return e.launch(e.directory, address, append(command, "-config=leased.hcl")...)
}

// isRefusedInLog has consul-template read a token of a role that does not exist. Its log must say what the
// engine says.
func (e *exercise) isRefusedInLog(binary string) {
	e.Helper()
	e.allowAllTokens()
	const absent = `template {
  contents    = "{{ with secret \"paxos/token/missing\" }}{{ .Data.access_token }}{{ end }}"
  destination = "missing"
}
vault {
  vault_agent_token_file = "vault-token"
  retry { attempts = 1 }
}
`
	e.must(os.WriteFile(filepath.Join(e.directory, "absent.hcl"), []byte(absent), 0o600))
	refused := e.launch(e.directory, []string{"VAULT_ADDR=" + e.server.Address}, binary, "-once", "-config=absent.hcl")
	if err := refused.awaitEnd(); err == nil || !strings.Contains(refused.text(), `Role "missing" does not exist.`) {
		e.Errorf("without a role, consul-template ended with %v and wrote %q", err, refused.text())
	}
}

// held returns the token in a file that consul-template writes, and its fingerprint if the file has it.
// Both are empty if there is no file.
func (e *exercise) held(name string) (token, tokenID string) {
	text, err := os.ReadFile(filepath.Join(e.directory, name))
	if err != nil || !strings.HasSuffix(name, ".json") {
		return string(text), ""
	}
	var data struct {
		AccessToken string `json:"access_token"`
		TokenID     string `json:"token_id"`
	}
	_ = json.Unmarshal(text, &data) // without a token the test waits
	return data.AccessToken, data.TokenID
}

// awaitValid waits until the file has a token other than the old one, which is valid at Paxos. It returns
// that token.
func (e *exercise) awaitValid(name, old string) string {
	e.Helper()
	await(e.T, func() error {
		if held, _ := e.held(name); held == "" || held == old {
			return fmt.Errorf("%s has no new token", name)
		}
		return nil
	})
	held, tokenID := e.held(name)
	e.guard(held)
	if tokenID == "" {
		var issued string
		if issued, tokenID = e.token(); held != issued {
			e.Errorf("%s has another token than the engine issues", name)
		}
	}
	e.expectAlive(tokenID, profiles)
	return held
}
