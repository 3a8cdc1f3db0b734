package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"vault-plugin-secrets-paxos/backend/paxostest"
	"vault-plugin-secrets-paxos/scripts/stack"
)

// TestReportOfAReviewer runs paxos-report with a token that may read reports and roles, and nothing
// else.
func TestReportOfAReviewer(t *testing.T) {
	t.Parallel()
	m := newMount(t, shared(t), paxostest.Options{TokenLimit: -1})
	err := m.paxos.EditCredential(m.clientID, func(c *paxostest.Credential) {
		c.Scopes = append(c.Scopes, "api_creds:read_credentials")
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := m.paxos.CreateCredential(paxostest.Credential{Nickname: "<script>alert(1)</script>",
		Scopes: []string{withdrawals}}); err != nil {
		t.Fatal(err)
	}
	m.role("pay", nil, withdrawals)
	m.read("creds/pay")
	reviewer := m.login(`
path "` + m.path + `/report/*" { capabilities = ["read"] }
path "` + m.path + `/roles/*"  { capabilities = ["read", "list"] }
`)
	binary, err := stack.Build(t.Context(), t.TempDir(), "paxos-report")
	if err != nil {
		t.Fatal(err)
	}
	run := func(arguments ...string) (text string, code int) {
		t.Helper()
		command := exec.CommandContext(t.Context(), binary, append([]string{"-mount", m.path}, arguments...)...)
		command.Env = append(os.Environ(), "VAULT_ADDR="+reviewer.Address(), "VAULT_TOKEN="+reviewer.Token())
		var complaints bytes.Buffer
		command.Stderr = &complaints
		out, err := command.Output()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) || complaints.Len() > 0 {
			t.Fatalf("%v: %v %s", arguments, err, complaints.String())
		}
		return string(out), command.ProcessState.ExitCode()
	}
	page, code := run("-refresh")
	if code != 0 || !strings.Contains(page, "client-unknown") || !strings.Contains(page, "&lt;script&gt;") ||
		strings.Contains(page, "<script") {
		t.Errorf("the page, code %d:\n%s", code, page)
	}
	text, code := run("-json", "-fail-on", "high")
	var found struct {
		Findings []struct{ Severity, Rule, Subject string }
		Roles    []struct {
			Name       string
			LiveLeases int    `json:"live_leases"`
			LastIssued string `json:"last_issued_at"`
		}
	}
	if err := json.Unmarshal([]byte(text), &found); err != nil || code != 3 {
		t.Fatalf("-json -fail-on high: code %d, %v", code, err)
	}
	if !slices.Contains(found.Findings,
		struct{ Severity, Rule, Subject string }{"medium", "moves-money", "roles/pay"}) {
		t.Errorf("found are %v", found.Findings)
	}
	if len(found.Roles) != 1 || found.Roles[0].LiveLeases != 1 || found.Roles[0].LastIssued == "" {
		t.Errorf("who holds what: %v", found.Roles)
	}
}
