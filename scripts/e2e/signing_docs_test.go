package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"vault-plugin-secrets-paxos/backend/paxostest"
	"vault-plugin-secrets-paxos/scripts/stack"
)

// guide is the page whose commands these tests run.
var guide = filepath.Join("..", "..", "docs", "signing.md")

// firstLine is the line that a person types first in a shell on the shared server.
var firstLine = sync.OnceValues(func() (string, error) {
	server, err := sharedServer()
	if err != nil {
		return "", err
	}
	return server.InstallTools(context.Background(), stack.ProxyName)
})

// documented returns the block of code of the guide that has the text, for this mount.
func (m *mount) documented(text string) string {
	m.Helper()
	page, err := os.ReadFile(guide)
	if err != nil {
		m.Fatal(err)
	}
	blocks := strings.Split(string(page), "```")
	for i := 1; i < len(blocks); i += 2 {
		if strings.Contains(blocks[i], text) {
			_, code, _ := strings.Cut(blocks[i], "\n") // after the name of the language
			return strings.ReplaceAll(code, "paxos/", m.path+"/")
		}
	}
	m.Fatalf("the guide has no code with %q", text)
	return ""
}

// shell runs lines as a person types them, in a directory of their own, and returns the output.
func (m *mount) shell(directory, lines string) string {
	m.Helper()
	first, err := firstLine()
	if err != nil {
		m.Fatal(err)
	}
	said, err := stack.Shell(m.Context(), first+" && cd "+directory+"\n"+lines).CombinedOutput()
	if err != nil {
		m.Fatalf("%s\n%s: %v", lines, said, err)
	}
	return string(said)
}

// newDocumentedPayment returns a mount that can sign, and a directory with the body of a payment that
// names a beneficiary.
func newDocumentedPayment(t *testing.T) (m *mount, directory string) {
	t.Helper()
	m, directory = newSigningMount(t), t.TempDir()
	body := strings.TrimSuffix(payment("invoice-17", "99.50"), "}") +
		`,"beneficiary":{"name":"Canary Beneficiary"}}` + "\n"
	if err := os.WriteFile(filepath.Join(directory, "body.json"), []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	return m, directory
}

// expectPaid checks that Paxos has executed this one payment, with a signature that it verified.
func (m *mount) expectPaid(amount, refID string) {
	m.Helper()
	paid := m.paxos.Executed()
	if len(paid) != 1 || paid[0].Amount != amount || paid[0].ReferenceID != refID || paid[0].KeyID == "" {
		m.Errorf("Paxos executed %+v", paid)
	}
}

// TestDocumentedAudit runs the guide's commands that show an auditor who paid how much to whom, and looks
// for what must not be in the audit log.
func TestDocumentedAudit(t *testing.T) {
	t.Parallel()
	m, directory := newDocumentedPayment(t)
	m.shell(directory, m.documented("vault secrets tune"))
	var signed struct {
		Data struct {
			Headers     map[string]string
			SignatureID string `json:"signature_id"`
			BodySHA256  string `json:"body_sha256"`
		}
	}
	if err := json.Unmarshal([]byte(m.shell(directory, "vault write -format=json "+m.path+
		"/sign/payouts method=POST path="+payments+" body=@body.json")), &signed); err != nil {
		t.Fatal(err)
	}
	signature := signed.Data.Headers["Paxos-Signature"]
	m.guard(signature)
	want := []string{m.path + "/sign/payouts", treasury, "crypto:ETHEREUM:" + vendor, "99.50", "USDC", "invoice-17",
		signed.Data.SignatureID}
	entry := m.auditOf(signed.Data.SignatureID)
	data := entry.Response.Data
	for field, value := range map[string]string{"operation": "CreateCryptoWithdrawal", "source": treasury,
		"destination": "crypto:ETHEREUM:" + vendor, "asset": "USDC", "amount": "99.50", "ref_id": "invoice-17",
		"body_sha256": signed.Data.BodySHA256, "client_id": m.clientID} {
		if data[field] != value {
			t.Errorf("%s is %v in the audit log", field, data[field])
		}
	}
	for _, field := range []string{"kid", "timestamp", "expires_at"} {
		if value, _ := data[field].(string); value == "" || strings.HasPrefix(value, "hmac-") {
			t.Errorf("%s is %q in the audit log", field, value)
		}
	}
	for where, value := range map[string]any{"body": entry.Request.Data["body"],
		"headers": fmt.Sprint(data["headers"])} {
		if !strings.Contains(fmt.Sprint(value), "hmac-sha256:") {
			t.Errorf("%s is in the audit log in clear: %v", where, value)
		}
	}
	if audit := m.server.AuditText(); strings.Contains(audit, "Canary Beneficiary") {
		t.Error("a beneficiary is in the audit log")
	}
	needProgram(t, "jq")
	log := filepath.Join(directory, "audit.log")
	if err := os.Symlink(m.server.AuditPath(), log); err != nil {
		t.Fatal(err)
	}
	table := strings.TrimSpace(m.shell(directory, m.documented("jq -r")))
	fields := strings.Split(table, "\t")
	if strings.Contains(table, "\n") || len(fields) != 9 || strings.Join(fields[2:], " ") != strings.Join(want, " ") {
		t.Errorf("the query prints\n%s\nwant one line with %v", table, want)
	}
}

// An auditEntry is what the audit log has of one answer.
type auditEntry struct {
	Type    string
	Request struct {
		Path string
		Data map[string]any
	}
	Response struct{ Data map[string]any }
}

// auditOf returns the entry of the answer with this signature.
func (m *mount) auditOf(signatureID string) (found auditEntry) {
	m.Helper()
	lines := bufio.NewScanner(strings.NewReader(m.server.AuditText()))
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		if !strings.Contains(lines.Text(), signatureID) {
			continue
		}
		if err := json.Unmarshal(lines.Bytes(), &found); err != nil {
			m.Fatal(err)
		}
		return found
	}
	m.Fatalf("the audit log has no signature %s in clear: %v", signatureID, lines.Err())
	return found
}

// TestDocumentedRecipes runs the guide's recipes for applications against a Paxos that demands
// signatures.
func TestDocumentedRecipes(t *testing.T) {
	t.Parallel()
	for _, recipe := range []struct{ name, text, program string }{
		{"curl", "--max-time 60", "curl"},
		{"the proxy", "--unix-socket", "curl"},
		{"Python", "import urllib.request", "python3"},
	} {
		t.Run(recipe.name, func(t *testing.T) {
			t.Parallel()
			m, directory := newDocumentedPayment(t)
			needProgram(t, recipe.program)
			lines := m.documented(recipe.text)
			switch recipe.name {
			case "Python":
				if err := os.WriteFile(filepath.Join(directory, "pay.py"), []byte(lines), 0o600); err != nil {
					t.Fatal(err)
				}
				lines = "python3 pay.py body.json"
			case "the proxy":
				lines = strings.ReplaceAll(lines, "paxos-proxy ", "paxos-proxy -mount="+m.path+" ")
				lines = "umask 077; vault token create -policy=" + m.path + "-proxy -field=token > vault-token\n" +
					"trap 'kill $!' EXIT\n" +
					strings.Replace(lines, "&\n", "> proxy.log 2>&1 &\nuntil test -S paxos.sock; do sleep 0.1; done\n", 1)
			}
			m.shell(directory, lines)
			m.expectPaid("99.50", "invoice-17")
		})
	}
}

// TestDocumentedKeyRotation rotates a key with the guide's commands. Signatures are accepted throughout.
func TestDocumentedKeyRotation(t *testing.T) {
	t.Parallel()
	m, directory := newDocumentedPayment(t)
	if said := m.shell(directory, m.documented("check_signing=true")); !strings.Contains(said, "signing_enforced") {
		t.Errorf("the probe says %s", said)
	}
	probe, err := m.client.Logical().ReadWithContext(t.Context(), m.path+"/status")
	if err != nil || !strings.Contains(fmt.Sprint(probe.Data["probe"]), "signing_enforced:enforced") {
		t.Errorf("status after the proof: %v %v", probe.Data["probe"], err)
	}
	public := m.shell(directory, m.documented("payments/rotate"))
	if read := m.shell(directory, "vault read -field=public_key "+m.path+"/keys/payments"); read != public {
		t.Errorf("public_key is %s, the answer to the rotation was %s", read, public)
	}
	registered, err := m.paxos.RegisterPublicKey(m.clientID, "new", public)
	if err != nil {
		t.Fatal(err)
	}
	pay := m.documented("--max-time 60")
	m.shell(directory, pay)
	m.shell(directory, strings.ReplaceAll(m.documented("kid version=2"), "<Key ID>", registered.ID))
	m.shell(directory, m.documented("min_version=2"))
	m.shell(directory, "sed -i.old s/invoice-17/invoice-18/ body.json\n"+pay)
	paid := m.paxos.Executed()
	if len(paid) != 2 || paid[0].KeyID == registered.ID || paid[1].KeyID != registered.ID {
		t.Errorf("Paxos executed %+v", paid)
	}
}

// TestDocumentedSigners writes what the guide shows of signers and guardrails.
func TestDocumentedSigners(t *testing.T) {
	t.Parallel()
	m := newMount(t, shared(t), paxostest.Options{TokenLimit: -1})
	directory := t.TempDir()
	m.shell(directory, m.documented("vault write -f paxos/keys/payments\n"))
	m.shell(directory, strings.NewReplacer("<profile id>", treasury, "<address>", vendor).
		Replace(m.documented("daily_limits=USDC=10000")))
	m.shell(directory, m.documented("sign_daily_limits=USDC=5000"))
	if said := m.shell(directory, m.documented("-field=daily_usage")); !strings.Contains(said, "left:10000") {
		t.Errorf("left is %s", said)
	}
	m.shell(directory, "vault write "+m.path+"/signers/payouts limits=USDC=1000 limits=USD=500")
	read, err := m.client.Logical().ReadWithContext(t.Context(), m.path+"/signers/payouts")
	if err != nil || fmt.Sprint(read.Data["limits"]) != "map[USD:500 USDC:1000]" {
		t.Errorf("the limits are %v %v", read.Data["limits"], err)
	}
}

// needProgram fails the test if a program is not on PATH.
func needProgram(t *testing.T, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Fatalf("%s is not on PATH. Run scripts/prerequisites.sh", name)
	}
}
