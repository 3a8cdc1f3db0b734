package main

import (
	"bufio"
	"encoding/pem"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"vault-plugin-secrets-paxos/backend/paxostest"
)

// asProgram is the variable that makes the test binary the program.
const asProgram = "PAXOS_PROXY_TEST_RUNS_THE_PROGRAM"

// TestMain runs the program in place of the tests where a test wants a process of its own.
func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// process starts the program in a process of its own, with these variables and no others.
func (r *road) process(environment, arguments []string) *running {
	r.Helper()
	program, err := os.Executable()
	if err != nil {
		r.Fatal(err)
	}
	p := &running{road: r, log: &lockedBuffer{}}
	command := exec.Command(program, append([]string{"-role", "payer", "-signer", "payouts", "-listen", "127.0.0.1:0"},
		arguments...)...)
	command.Env = append([]string{asProgram + "=1", "VAULT_TOKEN=vault-token", "VAULT_MAX_RETRIES=0"}, environment...)
	command.Stderr = p.log
	out, err := command.StdoutPipe()
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		r.Fatal(err)
	}
	p.stop = func() error {
		_ = command.Process.Signal(syscall.SIGTERM) // if it has ended, Wait says how
		return command.Wait()
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	address, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if err != nil || !ok {
		r.Fatalf("the program said %q, %v: %v\n%s", line, err, p.stop(), p.log)
	}
	r.Cleanup(func() {
		if err := p.stop(); err != nil {
			r.Errorf("the program ended with %v\n%s", err, p.log)
		}
		p.expectCleanLog()
	})
	p.address, p.client = address, &http.Client{Transport: &http.Transport{}}
	r.Cleanup(p.client.CloseIdleConnections)
	return p
}

// TestProxiesOfTheEnvironmentAreIgnored names a proxy in every variable, and a Vault and a Paxos that are
// not on loopback, where Go would use it.
func TestProxiesOfTheEnvironmentAreIgnored(t *testing.T) {
	t.Parallel()
	var misled atomic.Int64
	trap := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { misled.Add(1) }))
	t.Cleanup(trap.Close)
	var proxies []string
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy",
		"VAULT_HTTP_PROXY", "VAULT_PROXY_ADDR"} {
		proxies = append(proxies, name+"="+trap.URL)
	}
	r := newRoad(t, paxostest.Options{})
	for _, address := range []string{"http://vault.invalid:8200", "https://vault.invalid:8200"} {
		p := r.process(append(proxies, "VAULT_ADDR="+address), nil)
		p.expect(address, p.pay("r-1", "1"), 503, "vault-unavailable")
		if text := p.log.String(); !strings.Contains(text, "variable=VAULT_PROXY_ADDR") ||
			!strings.Contains(text, "variable=VAULT_HTTP_PROXY") {
			t.Errorf("the log is\n%s", text)
		}
	}
	r.moveAPI("http://paxos.invalid")
	p := r.process(append(proxies, "VAULT_ADDR="+r.vault.URL), nil)
	p.expect("a Paxos elsewhere", p.pay("r-1", "1"), 502, "no-connection")
	if misled.Load() != 0 {
		t.Errorf("the proxy of the environment got %d requests", misled.Load())
	}
}

// TestVaultsCertificate checks that VAULT_CACERT is used for Vault, and -ca-file is not.
func TestVaultsCertificate(t *testing.T) {
	t.Parallel()
	r := newRoad(t, paxostest.Options{})
	vault := r.secure()
	file := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: vault.Certificate().Raw})
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	trusting := r.process([]string{"VAULT_ADDR=" + vault.URL, "VAULT_CACERT=" + file}, nil)
	trusting.expect("with VAULT_CACERT", trusting.pay("r-1", "1"), 200, "")
	other := r.process([]string{"VAULT_ADDR=" + vault.URL}, []string{"-ca-file", file})
	other.expect("with -ca-file only", other.pay("r-2", "1"), 503, "vault-unavailable")
}

// TestVariablesOfOpenBao names the server, its token and a proxy in OpenBao's variables, and another server
// and token in Vault's.
func TestVariablesOfOpenBao(t *testing.T) {
	t.Parallel()
	r := newRoad(t, paxostest.Options{})
	misleading := []string{"VAULT_ADDR=http://vault.invalid:8200", "VAULT_TOKEN=another-token"}
	p := r.process(append(misleading, "BAO_ADDR="+r.vault.URL, "BAO_TOKEN=vault-token",
		"BAO_PROXY_ADDR=http://proxy.invalid"), nil)
	p.expect("with BAO_ADDR", p.pay("r-1", "1"), 200, "")
	if text := p.log.String(); !strings.Contains(text, "variable=VAULT_PROXY_ADDR") {
		t.Errorf("the log is\n%s", text)
	}
}

// TestWhatPaxosSendsUnaskedIsNotLogged lets a Paxos send bytes on a connection that waits for the next
// request, which net/http would log.
func TestWhatPaxosSendsUnaskedIsNotLogged(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	closed := make(chan struct{}, 2)
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			reader := bufio.NewReader(connection)
			if _, err := http.ReadRequest(reader); err != nil {
				return
			}
			_, _ = connection.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\nX-A: canary\r\n"))
			_, _ = reader.ReadByte() // until the program has read that, and closes the connection
			_ = connection.Close()
			closed <- struct{}{}
		}
	}()
	r := newRoad(t, paxostest.Options{})
	r.moveAPI("http://" + listener.Addr().String())
	p := r.process([]string{"VAULT_ADDR=" + r.vault.URL}, nil)
	for range 2 {
		p.expect("a read", p.send("GET", profiles, "", nil), 200, "")
		<-closed
	}
	if strings.Contains(p.log.String(), "Unsolicited") {
		t.Errorf("the log is\n%s", p.log)
	}
}
