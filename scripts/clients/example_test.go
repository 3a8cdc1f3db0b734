package clients

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const (
	examples = "../../docs/examples"
	success  = " profiles\n" // how a line ends that an example writes after each success
	poll     = 10 * time.Second
)

// An exercise is an example that runs again and again, and what is around it.
type exercise struct {
	*program
	vault     *vaultProxy
	directory string // with the files role-id and secret-id
}

// newExercise prepares a role, a login with the policy of docs/examples, and a proxy before Vault.
func newExercise(t *testing.T) *exercise {
	t.Helper()
	m := newMount(t)
	m.write("roles/mint-role", map[string]any{"scopes": []string{profiles}, "poll_interval": poll.String()})
	policy, err := os.ReadFile(filepath.Join(examples, "policies", "application.hcl"))
	if err != nil {
		t.Fatal(err)
	}
	roleID, secretID := m.appRole("app", strings.ReplaceAll(string(policy), "paxos/", "MOUNT/"))
	e := &exercise{program: &program{mount: m}, vault: newVaultProxy(m), directory: t.TempDir()}
	for name, text := range map[string]string{"role-id": roleID, "secret-id": secretID} {
		if err := os.WriteFile(filepath.Join(e.directory, name), []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return e
}

// start starts the example, while Vault fails over. It must succeed nevertheless.
func (e *exercise) start(more []string, command ...string) {
	e.Helper()
	e.vault.fail(2)
	e.program = e.launch(e.directory, append(more, "VAULT_ADDR="+e.vault.URL, "PAXOS_MOUNT="+e.path), command...)
	e.awaitSuccess(1)
	if e.vault.failed() != 2 {
		e.Errorf("the example came through %d failures of Vault, want 2", e.vault.failed())
	}
}

// tokenPath is the path that the examples read.
func (e *exercise) tokenPath() string { return e.path + "/token/mint-role" }

// run makes everything happen that an example handles.
func (e *exercise) run() {
	e.keepsItsToken()
	e.replacesARejectedToken()
	e.retries()
	e.readsAgain()
	e.outlivesVault()
	e.vault.guardTokens(e.mount)
	e.stop()
	if got := e.vault.count("POST auth/token/revoke-self"); got != 1 {
		e.Errorf("the example logged out %d times, want once", got)
	}
	e.expectNoSecret()
}

// keepsItsToken checks that the example uses one read for many requests.
func (e *exercise) keepsItsToken() {
	e.awaitSuccess(3)
	if got := e.vault.count("GET " + e.tokenPath()); got != 1 {
		e.Errorf("the example read %d tokens from Vault for four requests, want 1", got)
	}
}

// token returns the token that the engine issues now.
func (e *exercise) token() (token, tokenID string) {
	e.Helper()
	said, err := e.root.Logical().ReadWithContext(e.Context(), e.tokenPath())
	if err != nil {
		e.Fatal(err)
	}
	token, _ = said.Data["access_token"].(string)
	tokenID, _ = said.Data["token_id"].(string)
	e.guard(token)
	return token, tokenID
}

// replacesARejectedToken revokes the token at Paxos. The example reports it once, and goes on.
func (e *exercise) replacesARejectedToken() {
	token, tokenID := e.token()
	e.revokeAtPaxos(token, tokenID)
	e.awaitSuccess(3)
	if got := e.vault.count("POST " + e.tokenPath()); got != 1 {
		e.Errorf("the example reported %d tokens, want 1", got)
	}
	_, fresh := e.token()
	if fresh == tokenID {
		e.Error("the engine still issues the token that Paxos rejects")
	}
	e.expectAlive(fresh, profiles)
}

// retries makes Paxos fail, and ask for a pause. The example keeps the pause.
func (e *exercise) retries() {
	const pause = 3 * time.Second
	e.must(e.paxos.Fail(e.Context(), map[string]any{"endpoint": "operations", "status": http.StatusBadGateway, "times": 2}))
	e.awaitSuccess(2)
	before := e.lines()
	e.must(e.paxos.Fail(e.Context(), map[string]any{"endpoint": "operations", "times": 1,
		"status": http.StatusTooManyRequests, "headers": map[string]string{"Retry-After": fmt.Sprint(pause.Seconds())}}))
	began := time.Now()
	e.awaitSuccess(2)
	if took := time.Since(began); took < pause {
		e.Errorf("after %s there are %d successes more; Paxos asked for a pause of %s", took, e.lines()-before, pause)
	}
}

// readsAgain rotates the role with a grace. The example reads again before the old token ends, so that
// Paxos rejects nothing.
func (e *exercise) readsAgain() {
	_, old := e.token()
	e.write("roles/mint-role/rotate", map[string]any{"grace": (poll + 2*time.Second).String()})
	e.mount.awaitEnd(old)
	e.awaitSuccess(2)
	if got := e.vault.count("POST " + e.tokenPath()); got != 1 {
		e.Errorf("after a rotation with a grace, the example reported %d tokens, want none more than 1", got)
	}
	_, fresh := e.token()
	e.expectAlive(fresh, profiles)
}

// outlivesVault makes Vault fail when the example reads again. It goes on with its token.
func (e *exercise) outlivesVault() {
	e.vault.fail(-1)
	await(e.T, func() error {
		if got := e.vault.failed(); got < 2 {
			return fmt.Errorf("the example sent %d requests to Vault", got)
		}
		return nil
	})
	e.awaitSuccess(2)
	e.vault.fail(0)
}

// must fails the test at once if there is an error.
func (e *exercise) must(err error) {
	e.Helper()
	if err != nil {
		e.Fatal(err)
	}
}

// refuses runs the example once, for a role that does not exist. It must say what the engine says.
func (e *exercise) refuses(more []string, command ...string) {
	e.Helper()
	if err := e.root.Sys().PutPolicyWithContext(e.Context(), e.path+"-app",
		`path "`+e.path+`/token/*" { capabilities = ["read"] }`); err != nil {
		e.Fatal(err)
	}
	refused := e.launch(e.directory, append(more, "VAULT_ADDR="+e.vault.URL, "PAXOS_MOUNT="+e.path, "PAXOS_ROLE=missing"),
		command...)
	if err := refused.awaitEnd(); err == nil {
		e.Error("without a role, the example ended with success")
	}
	if got := refused.text(); !strings.Contains(got, `Role "missing" does not exist.`) || strings.Contains(got, "Traceback") {
		e.Errorf("without a role, the example wrote %q", got)
	}
	refused.expectNoSecret()
}

// TestPythonExample runs docs/examples/python.
func TestPythonExample(t *testing.T) {
	t.Parallel()
	file, err := filepath.Abs(filepath.Join(examples, "python", "list_profiles.py"))
	if err != nil {
		t.Fatal(err)
	}
	e := newExercise(t)
	e.start(nil, python, file, "0.3")
	e.run()
	e.refuses(nil, python, file)
	if !t.Failed() {
		t.Logf("passed with: docs/examples/python, hvac %s", hvacVersion(t))
	}
}
