package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
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
	binary, err := stack.Build(t.Context(), t.TempDir(), stack.ReportName)
	if err != nil {
		t.Fatal(err)
	}
	run := func(arguments ...string) (text string, code int) {
		t.Helper()
		command := exec.CommandContext(t.Context(), binary, append([]string{"-mount", m.path}, arguments...)...)
		command.Env = append(os.Environ(), "BAO_ADDR="+reviewer.Address(), "VAULT_TOKEN="+reviewer.Token())
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
	for _, path := range []string{"status", "lockdown", "config/guardrails", "exceptions/*"} {
		if !strings.Contains(page, "path &#34;"+m.path+"/"+path+"&#34; { capabilities") {
			t.Errorf("the page does not say that the token may not read %s", path)
		}
	}
	if found.Findings == nil || strings.Contains(page, "report/drift&#34; {") {
		t.Error("the page says that the token may not read what it may")
	}
}

// TestReportOfAnAuditor runs paxos-report on a mount in lockdown, with a token that has the auditor's policy
// of the documentation and that is where a login stores it.
func TestReportOfAnAuditor(t *testing.T) {
	t.Parallel()
	m := newMount(t, shared(t), paxostest.Options{TokenLimit: -1})
	binary, err := stack.Build(t.Context(), t.TempDir(), stack.ReportName)
	if err != nil {
		t.Fatal(err)
	}
	m.role("pay", map[string]any{"metadata": map[string]any{"team": "payments"}}, withdrawals)
	m.write("exceptions/pay", map[string]any{"rule": "moves-money", "subject": "roles/pay", "reason": "reviewed",
		"expires_at": "30d"})
	m.write("lockdown", map[string]any{"reason": "an exercise"})
	policy, err := os.ReadFile("../../docs/examples/policies/auditor.hcl")
	if err != nil {
		t.Fatal(err)
	}
	auditor := m.login(strings.ReplaceAll(string(policy), `"paxos/`, `"`+m.path+`/`))
	home := t.TempDir()
	file := filepath.Join(home, "report.html")
	if err := os.WriteFile(filepath.Join(home, ".vault-token"), []byte(auditor.Token()), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), binary, "-mount", m.path, "-refresh", "-output", file)
	command.Env = []string{"HOME=" + home, "VAULT_ADDR=" + auditor.Address()}
	if said, err := command.CombinedOutput(); err != nil || !strings.Contains(string(said), "-refresh was refused") {
		t.Fatalf("%v: %s", err, said)
	}
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{"This mount has been in lockdown since": true, "an exercise": true,
		"Not compared with Paxos now:": true, "<bdi>payments</bdi>": true, "<bdi>reviewed</bdi>": true, "Longest lease": true,
		"Not on this page": false, "accept no finding now": false} {
		if strings.Contains(string(page), text) != want {
			t.Errorf("that the page says %q is %t:\n%s", text, !want, page)
		}
	}
}
