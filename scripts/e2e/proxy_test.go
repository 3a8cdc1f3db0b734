package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/hashicorp/vault/api"

	"vault-plugin-secrets-paxos/backend/paxostest"
	"vault-plugin-secrets-paxos/scripts/stack"
)

const (
	payments = "/v2/transfer/crypto-withdrawals"
	treasury = "42bb1a2e-a68e-44d7-b5f1-59ccc5c13e91"
	vendor   = "0x00000000000000000000000000000000000000aa"
)

// newSigningMount returns a mount with a role "payer" and a signer "payouts" that pays up to 100
// USDC to one address, and a Paxos that demands signatures of withdrawals.
func newSigningMount(t *testing.T) (m *mount) {
	t.Helper()
	m = newMount(t, shared(t), paxostest.Options{TokenLimit: -1})
	m.role("payer", nil, profiles, withdrawals)
	m.write("keys/payments", nil)
	key, err := m.client.Logical().ReadWithContext(t.Context(), m.path+"/keys/payments")
	if err != nil {
		t.Fatal(err)
	}
	versions, _ := key.Data["versions"].(map[string]any)
	first, _ := versions["1"].(map[string]any)
	public, _ := first["public_key"].(string)
	registered, err := m.paxos.RegisterPublicKey(m.clientID, "vault", public)
	if err == nil {
		err = m.paxos.EnforceSignatures(paxostest.Enforcement{Operations: []string{"CreateCryptoWithdrawal"}})
	}
	if err != nil {
		t.Fatal(err)
	}
	m.write("keys/payments/kid", map[string]any{"kid": registered.ID})
	m.write("signers/payouts", map[string]any{"key": "payments", "operations": "CreateCryptoWithdrawal",
		"sources": treasury, "destinations": "crypto:ETHEREUM:" + vendor, "limits": map[string]any{"USDC": "100"}})
	if err := m.client.Sys().PutPolicyWithContext(t.Context(), m.path+"-proxy", `
path "`+m.path+`/token/payer"  { capabilities = ["read", "update"] }
path "`+m.path+`/sign/payouts" { capabilities = ["update"] }
`); err != nil {
		t.Fatal(err)
	}
	return m
}

// proxyToken returns a new Vault token with the policy that the help of the proxy names.
func (m *mount) proxyToken() string {
	m.Helper()
	answer, err := m.client.Auth().Token().CreateWithContext(m.Context(),
		&api.TokenCreateRequest{Policies: []string{m.path + "-proxy"}})
	if err != nil {
		m.Fatal(err)
	}
	return answer.Auth.ClientToken
}

// payment is the body of a withdrawal.
func payment(refID, amount string) string {
	return `{"ref_id":"` + refID + `","profile_id":"` + treasury + `","amount":"` + amount + `","asset":"USDC",` +
		`"crypto_network":"ETHEREUM","destination_address":"` + vendor + `"}`
}

// A runningProxy is a paxos-proxy and a plain HTTP client for it.
type runningProxy struct {
	*testing.T
	address string // of TCP, or a socket
	client  *http.Client
	command *exec.Cmd
	log     *bytes.Buffer // to be read when the process has ended
}

// launchProxy starts the proxy with a Vault token, or a file that has one.
func launchProxy(m *mount, token string, arguments ...string) *runningProxy {
	m.Helper()
	binary, err := stack.Build(m.Context(), m.TempDir(), "paxos-proxy")
	if err != nil {
		m.Fatal(err)
	}
	p := &runningProxy{T: m.T, log: &bytes.Buffer{}}
	p.command = exec.Command(binary, append([]string{"-mount", m.path, "-role", "payer", "-signer", "payouts"},
		arguments...)...)
	p.command.Env = append(os.Environ(), "VAULT_ADDR="+m.server.Address, "VAULT_TOKEN="+token,
		"HTTP_PROXY=http://127.0.0.1:1", "HTTPS_PROXY=http://127.0.0.1:1")
	p.command.Stderr = p.log
	out, err := p.command.StdoutPipe()
	if err == nil {
		err = p.command.Start()
	}
	if err != nil {
		m.Fatal(err)
	}
	m.Cleanup(p.stop)
	line := make([]byte, 4096)
	n, err := out.Read(line)
	address, ok := strings.CutPrefix(strings.TrimSpace(string(line[:n])), "listening on ")
	if err != nil || !ok {
		m.Fatalf("the proxy said %q: %v", line[:n], err)
	}
	network := "tcp"
	p.address = address
	if socket, unix := strings.CutPrefix(address, "unix:"); unix {
		network, p.address = "unix", socket
	}
	p.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 4,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, p.address)
		}}, CheckRedirect: plain.CheckRedirect}
	return p
}

// stop ends the proxy as a service manager does, and checks that its log has nothing of the requests.
func (p *runningProxy) stop() {
	if p.command.ProcessState != nil {
		return
	}
	_ = p.command.Process.Signal(syscall.SIGTERM)
	if err := p.command.Wait(); err != nil {
		p.Errorf("the proxy ended with %v:\n%s", err, p.log)
	}
	for _, secret := range []string{vendor, treasury, "canary", "Bearer"} {
		if strings.Contains(p.log.String(), secret) {
			p.Errorf("the log of the proxy has %q", secret)
		}
	}
}

// send sends a request, and returns the status and the body of the answer.
func (p *runningProxy) send(method, path, body string, header http.Header) (int, string) {
	p.Helper()
	r, err := http.NewRequestWithContext(p.Context(), method, "http://"+p.host()+path, strings.NewReader(body))
	if err != nil {
		p.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for name, values := range header {
		if name == "Host" {
			r.Host = values[0]
			continue
		}
		r.Header[name] = values
	}
	response, err := p.client.Do(r)
	if err != nil {
		p.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		p.Fatal(err)
	}
	return response.StatusCode, string(text)
}

// host is what the Host header says.
func (p *runningProxy) host() string {
	if filepath.IsAbs(p.address) {
		return "paxos"
	}
	return p.address
}

// expectRefused checks that the proxy refuses a request, and that Paxos hears nothing of it.
func (p *runningProxy) expectRefused(m *mount, what string, status int, says string, send func() (int, string)) {
	p.Helper()
	before := m.paxos.Calls(paxostest.Operations)
	got, text := send()
	var said struct {
		Type, Detail string
		Status       int
	}
	if err := json.Unmarshal([]byte(text), &said); err != nil || got != status || said.Status != status ||
		!strings.HasPrefix(said.Type, "urn:paxos-proxy:") || !strings.Contains(said.Detail, says) {
		p.Errorf("%s: %d %s, want %d and %q", what, got, text, status, says)
	}
	if sent := m.paxos.Calls(paxostest.Operations) - before; sent != 0 {
		p.Errorf("%s: Paxos got %d requests", what, sent)
	}
}

// TestProxyPaysWithinTheLimit is the whole road on a Unix socket: plain HTTP, a Vault token from a
// file, and a Paxos that demands signatures.
func TestProxyPaysWithinTheLimit(t *testing.T) {
	t.Parallel()
	m := newSigningMount(t)
	file := filepath.Join(t.TempDir(), "token")
	useToken := func(token string) {
		if err := os.WriteFile(file+".new", []byte(token+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(file+".new", file); err != nil {
			t.Fatal(err)
		}
	}
	first := client(t, m.server, m.proxyToken())
	useToken(first.Token())
	socket := filepath.Join(t.TempDir(), "paxos.sock")
	p := launchProxy(m, "", "-listen", "unix:"+socket, "-token-file", file)
	found, err := os.Stat(socket)
	if err != nil || found.Mode().Perm() != 0o600 {
		t.Fatalf("the socket is %v %v", found, err)
	}
	if status, text := p.send("GET", "/health", "", nil); status != 200 {
		t.Fatalf("health: %d %s", status, text)
	}
	if status, text := p.send("POST", payments, payment("r-1", "100"), http.Header{
		"Authorization": {"Bearer canary"}, "Paxos-Signature": {"canary"}, "Cookie": {"canary"}}); status != 200 {
		t.Errorf("a withdrawal of 100: %d %s", status, text)
	}
	executed := m.paxos.Executed()
	if len(executed) != 1 || executed[0].Amount != "100" || executed[0].KeyID == "" {
		t.Errorf("Paxos executed %+v", executed)
	}
	p.expectRefused(m, "a withdrawal of 1000000", 403, "limit", func() (int, string) {
		return p.send("POST", payments, payment("r-2", "1000000"), nil)
	})
	if status, text := p.send("POST", payments, payment("r-1", "100"), nil); status != 409 {
		t.Errorf("the same withdrawal again: %d %s", status, text)
	}
	if status, text := p.send("GET", "/v2/profiles?limit=1", "", nil); status != 200 {
		t.Errorf("a read: %d %s", status, text)
	}
	// A token that Paxos has ended is replaced, and the request is repeated.
	m.paxos.EndToken(token(m.read("token/payer")))
	if status, text := p.send("POST", payments, payment("r-3", "1"), nil); status != 200 {
		t.Errorf("after the end of the access token: %d %s", status, text)
	}
	// Vault takes the token back: nothing is signed until the file has another.
	if err := first.Auth().Token().RevokeSelfWithContext(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	p.expectRefused(m, "with a revoked Vault token", 403, "permission denied", func() (int, string) {
		return p.send("POST", payments, payment("r-4", "1"), nil)
	})
	useToken(m.proxyToken())
	if status, text := p.send("POST", payments, payment("r-4", "1"), nil); status != 200 {
		t.Errorf("with the next Vault token: %d %s", status, text)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	p.expectRefused(m, "without a Vault token", 503, "log", func() (int, string) {
		return p.send("POST", payments, payment("r-5", "1"), nil)
	})
	p.stop()
	if _, err := os.Stat(socket); err == nil {
		t.Error("the socket is there after the end")
	}
}

// TestProxyOnLoopback checks what is refused on TCP, and that Paxos hears nothing of it.
func TestProxyOnLoopback(t *testing.T) {
	t.Parallel()
	m := newSigningMount(t)
	p := launchProxy(m, m.proxyToken(), "-listen", "127.0.0.1:0")
	pay := payment("r-1", "1")
	for name, test := range map[string]struct {
		method, path, body string
		header             http.Header
		status             int
	}{
		"another host":         {"POST", payments, pay, http.Header{"Host": {"evil.example"}}, 403},
		"a web page":           {"POST", payments, pay, http.Header{"Origin": {"null"}}, 403},
		"a browser":            {"POST", payments, pay, http.Header{"Sec-Fetch-Site": {"none"}}, 403},
		"health of a web page": {"GET", "/health", "", http.Header{"Origin": {"null"}}, 403},
		"a form":               {"POST", payments, pay, http.Header{"Content-Type": {"text/plain"}}, 415},
		"two types": {"POST", payments, pay,
			http.Header{"Content-Type": {"application/json", "text/plain"}}, 415},
		"compressed": {"POST", payments, pay, http.Header{"Content-Encoding": {"gzip"}}, 415},
		"an upgrade": {"GET", "/v2/profiles", "",
			http.Header{"Upgrade": {"h2c"}, "Connection": {"upgrade"}}, 400},
		"an expectation":     {"POST", payments, pay, http.Header{"Expect": {"100-continue"}}, 417},
		"TRACE":              {"TRACE", "/v2/profiles", "", nil, 405},
		"no operation":       {"POST", "/v2/unknown", pay, nil, 404},
		"the OAuth endpoint": {"POST", "/oauth2/token", pay, nil, 404},
		"an escaped path":    {"POST", "/v2/transfer/%63rypto-withdrawals", pay, nil, 404},
		"a body with GET":    {"GET", "/v2/profiles", pay, nil, 400},
		"too large":          {"POST", payments, strings.Repeat(" ", 8<<10+1), nil, 413},
		"not UTF-8":          {"POST", payments, "{\"ref_id\":\"\xff\"}", nil, 400},
	} {
		p.expectRefused(m, name, test.status, "", func() (int, string) {
			return p.send(test.method, test.path, test.body, test.header)
		})
	}
	for name, head := range map[string]string{
		"two hosts":           "Host: " + p.address + "\r\nHost: " + p.address + "\r\nContent-Length: 0\r\n",
		"two lengths":         "Host: " + p.address + "\r\nContent-Length: 0\r\nContent-Length: 1\r\n",
		"a foreign proxy URL": "",
	} {
		before := m.paxos.TotalCalls()
		line := "POST " + payments
		if head == "" {
			line, head = "POST http://"+p.address+payments, "Host: "+p.address+"\r\nContent-Length: 0\r\n"
		}
		connection, err := net.Dial("tcp", p.address)
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.WriteString(connection, line+" HTTP/1.1\r\n"+head+"Connection: close\r\n\r\n")
		answer, readErr := io.ReadAll(connection)
		if err != nil || readErr != nil || !bytes.HasPrefix(answer, []byte("HTTP/1.1 400")) ||
			m.paxos.TotalCalls() != before {
			t.Errorf("%s: %v %v %.60q", name, err, readErr, answer)
		}
		_ = connection.Close()
	}
	if status, text := p.send("POST", payments, pay, http.Header{"Content-Type": {"application/json; charset=utf-8"},
		"X-Http-Method-Override": {"DELETE"}, "X_vault_token": {"canary"}}); status != 200 {
		t.Errorf("a withdrawal: %d %s", status, text)
	}
}
