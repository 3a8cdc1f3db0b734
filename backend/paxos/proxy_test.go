package paxos_test

import (
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// A tunnel is an HTTP proxy for TLS. It records the target and the credentials of each CONNECT
// request.
type tunnel struct {
	*httptest.Server
	mu             sync.Mutex
	targets        []string
	authorizations []string
}

// newTunnel starts a proxy and stops it when the test ends.
func newTunnel(t *testing.T) *tunnel {
	t.Helper()
	p := &tunnel{}
	p.Server = httptest.NewServer(http.HandlerFunc(p.serve))
	t.Cleanup(p.Close)
	return p
}

// serve connects the client of a CONNECT request with its target.
func (p *tunnel) serve(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.targets = append(p.targets, r.Host)
	p.authorizations = append(p.authorizations, r.Header.Get("Proxy-Authorization"))
	p.mu.Unlock()
	if r.Method != http.MethodConnect {
		http.Error(w, "only CONNECT", http.StatusMethodNotAllowed)
		return
	}
	upstream, err := net.Dial("tcp", r.Host)
	if err != nil {
		http.Error(w, "no way", http.StatusBadGateway)
		return
	}
	downstream, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		_ = upstream.Close()
		return
	}
	_, _ = io.WriteString(downstream, "HTTP/1.1 200 OK\r\n\r\n") // if the client has gone, copying fails below
	go func() {
		_, _ = io.Copy(upstream, buffered)
		_ = upstream.Close()
	}()
	_, _ = io.Copy(downstream, upstream)
	_ = downstream.Close()
}

// asked returns the requests so far.
func (p *tunnel) asked() (targets, authorizations []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.targets, p.authorizations
}

// TestProxy checks that a configured proxy is used, with its own credentials.
func TestProxy(t *testing.T) {
	t.Parallel()
	server := startPaxos(t, paxostest.Options{TLS: true})
	credential, secret := createCredential(t, server, paxostest.Credential{Scopes: []string{"transfer:read"}})
	proxy := newTunnel(t)
	connection := connect(t, paxos.Settings{
		Endpoints: endpoints(server.URL()), TrustedCA: server.CACertificate(),
		ProxyURL: proxy.URL, ProxyUsername: "vault", ProxyPassword: paxos.Hide("open:sesame"),
	})
	grant, err := connection.Client(credential.ClientID, paxos.Hide(secret)).RequestToken(t.Context(),
		[]string{"transfer:read"})
	if err != nil {
		t.Fatal(err)
	}
	if !server.Alive(grant.AccessToken.Reveal()) {
		t.Error("the token does not live")
	}
	targets, authorizations := proxy.asked()
	if len(targets) != 1 || targets[0] != strings.TrimPrefix(server.URL(), "https://") {
		t.Errorf("the proxy was asked for %q", targets)
	}
	if want := "Basic " + base64.StdEncoding.EncodeToString([]byte("vault:open:sesame")); authorizations[0] != want {
		t.Errorf("the proxy was shown %q, want %q", authorizations[0], want)
	}
}

// TestEnvironmentProxyIsIgnored sets the proxies that Vault's environment may name. It runs itself
// again in a separate process, because net/http reads the environment only once. The endpoint is in a
// documentation network (RFC 5737), where no server answers: for a loopback address net/http would
// not read the environment.
func TestEnvironmentProxyIsIgnored(t *testing.T) {
	t.Parallel()
	if os.Getenv("PAXOS_TEST_PROXIED") == "" {
		proxy := newTunnel(t)
		again := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestEnvironmentProxyIsIgnored$",
			"-test.count=1")
		again.Env = append(os.Environ(), "PAXOS_TEST_PROXIED=1", "NO_PROXY=", "no_proxy=",
			"HTTPS_PROXY="+proxy.URL, "https_proxy="+proxy.URL, "ALL_PROXY="+proxy.URL, "all_proxy="+proxy.URL)
		if output, err := again.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, output)
		}
		if targets, _ := proxy.asked(); len(targets) != 0 {
			t.Errorf("the environment's proxy was asked for %q", targets)
		}
		return
	}
	connection := connect(t, paxos.Settings{Endpoints: endpoints("https://192.0.2.1"), Timeout: short})
	_, err := connection.Client("id", paxos.Hide("secret")).RequestToken(t.Context(), nil)
	asError(t, err)
}

// TestForbiddenProxyAddress checks that dial also checks the address of a proxy.
func TestForbiddenProxyAddress(t *testing.T) {
	t.Parallel()
	proxy := newTunnel(t)
	_, port, err := net.SplitHostPort(strings.TrimPrefix(proxy.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	connection := connect(t,
		paxos.Settings{Endpoints: endpoints("https://192.0.2.1"), ProxyURL: "http://0.0.0.0:" + port})
	_, err = connection.Client("id", paxos.Hide("secret")).RequestToken(t.Context(), nil)
	if failure := asError(t, err); !strings.Contains(failure.Reason, "never connects to") {
		t.Errorf("got %v", failure)
	}
	if targets, _ := proxy.asked(); len(targets) != 0 {
		t.Errorf("it was dialled all the same: %q", targets)
	}
}
