package clients

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
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
	return newExerciseOn(newMount(t))
}

// newExerciseOn is like newExercise, with this mount.
func newExerciseOn(m *mount) *exercise {
	m.Helper()
	m.write("roles/mint-role", map[string]any{"scopes": []string{profiles}, "poll_interval": poll.String()})
	policy, err := os.ReadFile(filepath.Join(examples, "policies", "application.hcl"))
	if err != nil {
		m.Fatal(err)
	}
	roleID, secretID := m.appRole("app", strings.ReplaceAll(string(policy), "paxos/", "MOUNT/"))
	e := &exercise{program: &program{mount: m}, vault: newVaultProxy(m), directory: m.TempDir()}
	docs, err := filepath.Abs("../../docs")
	e.must(err)
	e.must(os.Symlink(docs, filepath.Join(e.directory, "docs")))
	for name, text := range map[string]string{"role-id": roleID, "secret-id": secretID} {
		if err := os.WriteFile(filepath.Join(e.directory, name), []byte(text+"\n"), 0o600); err != nil {
			m.Fatal(err)
		}
	}
	return e
}

// documented returns the command that the README of an example has, with replacements for this machine. The
// tests run in a directory with a link to docs, as from a checkout.
func (e *exercise) documented(example, line string, replacements ...string) []string {
	e.Helper()
	text, err := os.ReadFile(filepath.Join(examples, example, "README.md"))
	e.must(err)
	if !strings.Contains(string(text), "\n"+line+"\n") {
		e.Fatalf("README of the example %s does not have the command %q", example, line)
	}
	return strings.Fields(strings.NewReplacer(replacements...).Replace(line))
}

// start starts the example, while Vault fails over. It must succeed nevertheless.
func (e *exercise) start(command ...string) {
	e.Helper()
	e.vault.fail(2)
	e.program = e.launch(e.directory, e.environment("mint-role"), command...)
	e.awaitSuccess(1)
	if e.vault.failed() != 2 {
		e.Errorf("the example came through %d failures of Vault, want 2", e.vault.failed())
	}
}

// environment returns the variables that the examples read.
func (e *exercise) environment(role string) []string {
	return []string{"VAULT_ADDR=" + e.vault.URL, "PAXOS_MOUNT=" + e.path, "PAXOS_ROLE=" + role}
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
	e.must(e.paxos.Fail(e.Context(), map[string]any{"endpoint": "operations", "times": 2,
		"status": http.StatusBadGateway}))
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
		if got := e.vault.failed(); got == 0 {
			return errors.New("the example did not ask Vault again")
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
func (e *exercise) refuses(command ...string) {
	e.Helper()
	e.allowAllTokens()
	refused := e.launch(e.directory, e.environment("missing"), command...)
	if err := refused.awaitEnd(); err == nil {
		e.Error("without a role, the example ended with success")
	}
	got := refused.text()
	if !strings.Contains(got, `Role "missing" does not exist.`) || strings.Contains(got, "Traceback") {
		e.Errorf("without a role, the example wrote %q", got)
	}
	refused.expectNoSecret()
}

// staysWithPaxos runs the example once, while Paxos redirects it to another server. That server must get
// nothing: neither the token nor a request.
func (e *exercise) staysWithPaxos(command ...string) {
	e.Helper()
	var asked atomic.Int32
	stranger := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		_, _ = w.Write([]byte(`{"items":[]}`)) // an error shows at the reader
		if got := r.Header.Get("Authorization"); got != "" {
			e.Errorf("another server got the token: %.12s…", got)
		}
	}))
	e.Cleanup(stranger.Close)
	e.must(e.paxos.Fail(e.Context(), map[string]any{"endpoint": "operations", "times": 1, "redirect": stranger.URL}))
	redirected := e.launch(e.directory, e.environment("mint-role"), command...)
	if err := redirected.awaitEnd(); err == nil || asked.Load() != 0 {
		e.Errorf("after a redirect, the example ended with %v, and sent %d requests to another server", err, asked.Load())
	}
	redirected.expectNoSecret()
}

// allowAllTokens lets the login read tokens of all roles, also of one that does not exist.
func (e *exercise) allowAllTokens() {
	e.Helper()
	e.must(e.root.Sys().PutPolicyWithContext(e.Context(), e.path+"-app",
		`path "`+e.path+`/token/*" { capabilities = ["read"] }`))
}
