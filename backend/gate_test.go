package backend_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// A recorder is a server that is not Paxos, and remembers what it was sent.
type recorder struct {
	*httptest.Server
	mu   sync.Mutex
	seen strings.Builder
}

func newRecorder(t *testing.T) *recorder {
	r := &recorder{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		_ = req.ParseForm()
		r.mu.Lock()
		defer r.mu.Unlock()
		_, _ = fmt.Fprintln(&r.seen, req.Method, req.URL, req.Form, req.Header)
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"access_token":"recorded-%d","expires_in":3599,"token_type":"bearer"}`, r.seen.Len())
	}))
	t.Cleanup(r.Close)
	return r
}

// sent is all that it was sent.
func (r *recorder) sent() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.seen.String()
}

func (r *recorder) connection() map[string]any {
	return map[string]any{"token_url": r.URL + "/token", "revoke_url": r.URL + "/revoke", "api_url": r.URL + "/v2"}
}

// elsewhere makes the mount send to the recorder, past the path that refuses it while secrets are
// stored: by what storage holds. The guard at config/connection is one; this asks whether every
// path has the other.
func (m *mount) elsewhere(r *recorder) {
	m.T.Helper()
	entry, err := m.Storage.Get(m.T.Context(), "connection")
	if err != nil {
		m.T.Fatal(err)
	}
	entry.Value = []byte(strings.ReplaceAll(string(entry.Value), m.Paxos.URL(), r.URL))
	if err := m.Storage.Put(m.T.Context(), entry); err != nil {
		m.T.Fatal(err)
	}
	m.Restart()
}

// newGuardedMount has a root, a client of each purpose, and roles that use them.
func newGuardedMount(t *testing.T) (m *mount, secrets []string) {
	m = newMount(t)
	m.Configure()
	secrets = append(secrets, m.Secret)
	for _, purpose := range []string{"mint", "lease", "standby"} {
		made, secret, err := m.Paxos.CreateCredential(paxostest.Credential{Nickname: "vault-" + purpose,
			Scopes: backendtest.RootScopes})
		if err != nil {
			t.Fatal(err)
		}
		m.Must(logical.UpdateOperation, "clients/"+purpose, map[string]any{
			"client_id": made.ClientID, "client_secret": secret, "scopes": leasedScope +
				",funding:read_profile", "allowed_roles": "*", "purpose": purpose,
		})
		secrets = append(secrets, secret)
	}
	m.Must(logical.UpdateOperation, "roles/mint", map[string]any{"scopes": leasedScope})
	m.Must(logical.UpdateOperation, "roles/team", map[string]any{"scopes": leasedScope, "client": "mint"})
	m.Must(logical.UpdateOperation, "roles/vendor",
		map[string]any{"credential_type": "client_credentials", "clients": "lease"})
	return m, secrets
}

// TestNoSecretIsSentOverAnotherConnection plays every path that calls Paxos with a stored secret,
// after the connection has become another one.
func TestNoSecretIsSentOverAnotherConnection(t *testing.T) {
	t.Parallel()
	wide := map[string]any{"scopes": leasedScope + ",funding:read_profile,events:read_event"}
	for name, step := range map[string]struct {
		operation logical.Operation
		path      string
		data      map[string]any
	}{
		"token of the root":   {logical.ReadOperation, "token/mint", nil},
		"token of a client":   {logical.ReadOperation, "token/team", nil},
		"lease of a client":   {logical.ReadOperation, "creds/vendor", nil},
		"scopes of a client":  {logical.PatchOperation, "clients/mint", wide},
		"scopes of a standby": {logical.PatchOperation, "clients/standby", wide},
		"its own secret":      {logical.UpdateOperation, "clients/mint", nil},
		"promotion":           {logical.UpdateOperation, "config/promote-standby", nil},
		"replacement by a standby": {logical.UpdateOperation, "config/replace-root",
			map[string]any{"client": "standby"}},
		"unverified replacement": {logical.UpdateOperation, "config/replace-root",
			map[string]any{"client": "standby", "verify_connection": false}},
		"probe":                      {logical.UpdateOperation, "probe", nil},
		"comparison":                 {logical.ReadOperation, "report/drift", map[string]any{"refresh": true}},
		"end of tokens":              {logical.UpdateOperation, "roles/own/rotate", nil},
		"lockdown":                   {logical.UpdateOperation, "lockdown", nil},
		"periodic work":              {logical.RollbackOperation, "", nil},
		"the root's stored secret":   {logical.UpdateOperation, "config/rotate-root", nil},
		"config's own stored secret": {logical.UpdateOperation, "config", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, secrets := newGuardedMount(t)
			m.Must(logical.UpdateOperation, "roles/own", map[string]any{"scopes": leasedScope, "unique_tokens": true})
			m.Must(logical.ReadOperation, "creds/own", nil) // something to revoke
			r := newRecorder(t)
			m.elsewhere(r)
			switch {
			case step.operation == logical.RollbackOperation:
				m.Tick()
			default:
				_, _ = m.Do(step.operation, step.path, step.data)
			}
			for _, secret := range secrets {
				if strings.Contains(r.sent(), secret) {
					t.Errorf("I9: a stored secret was sent over a connection that it was not stored for:\n%s", r.sent())
				}
			}
			m.Tick()
			if name == "promotion" || strings.HasSuffix(name, "replacement") {
				if got := m.Must(logical.ReadOperation, "config", nil).Data["client_id"]; got != m.Client.ClientID {
					t.Errorf("the root is %v", got)
				}
			}
		})
	}
}

// TestAnotherConnectionNeedsNoConfig deletes config and tries to bring another connection about, or
// the secrets over to it.
func TestAnotherConnectionNeedsNoConfig(t *testing.T) {
	t.Parallel()
	m, secrets := newGuardedMount(t)
	r := newRecorder(t)
	m.Must(logical.DeleteOperation, "config", nil)
	if status, text := m.Refused(logical.UpdateOperation, "config/connection", r.connection()); status != 400 ||
		!strings.Contains(text, `secret of client "lease"`) {
		t.Errorf("the connection was changed under stored clients while there was no config: %d %s", status, text)
	}
	// leads to the same servers
	m.Must(logical.UpdateOperation, "config/connection", map[string]any{"request_timeout": "9s"})
	m.elsewhere(r)
	m.Must(logical.UpdateOperation, "config",
		map[string]any{"environment": "custom", "client_id": "another", "client_secret": backendtest.Canary + "another",
			"verify_connection": false})
	m.Must(logical.ReadOperation, "token/mint", nil)
	for path, data := range map[string]map[string]any{
		"clients/mint":        {"scopes": "funding:read_profile,events:read_event"},
		"config/replace-root": {"client": "standby", "verify_connection": false},
	} {
		if status, text := m.Refused(logical.UpdateOperation, path, data); status != 400 ||
			!strings.Contains(text, "another connection") {
			t.Errorf("%s: %d %s", path, status, text)
		}
	}
	if status, text := m.Refused(logical.ReadOperation, "creds/vendor", nil); status != 400 ||
		!strings.Contains(text, "another connection") {
		t.Errorf("a client of another connection was leased: %d %s", status, text)
	}
	for _, secret := range secrets {
		if strings.Contains(r.sent(), secret) {
			t.Errorf("I9: a stored secret was sent to the recorder:\n%s", r.sent())
		}
	}
	if !strings.Contains(r.sent(), backendtest.Canary+"another") {
		t.Error("the recorder did not get the secret that was submitted for it: the test proves nothing")
	}
}

// TestOneGate holds the code to it: nothing but the gate makes a client of a secret, and nothing
// but the answer of a lease reads one.
func TestOneGate(t *testing.T) {
	t.Parallel()
	allowed := map[*regexp.Regexp]string{
		regexp.MustCompile(`\.StoredClient\(`):                              "gate.go",
		regexp.MustCompile(`\.ForHolder\(`):                                 "path_creds.go",
		regexp.MustCompile(`(link|Connection|open|l)\.Client\([^)]`):        "none",
		regexp.MustCompile(`\.DeleteCredential\(`):                          "deletion.go",
		regexp.MustCompile(`Connection: *session\.fingerprint`):             "generations.go",
		regexp.MustCompile(`\.Connection = |Generation.*\.ClientSecret = `): "none",
	}
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), ".go") || strings.HasSuffix(file.Name(), "_test.go") {
			continue
		}
		text, err := os.ReadFile(file.Name())
		if err != nil {
			t.Fatal(err)
		}
		for pattern, only := range allowed {
			// issue.go has a token's connection
			if found := pattern.Find(text); found != nil && file.Name() != only &&
				(only != "generations.go" || file.Name() != "issue.go") {
				t.Errorf("%s has %q, which only %s may", file.Name(), found, only)
			}
		}
	}
}

// TestAProxyPasswordStaysWithItsProxy changes proxy_url alone.
func TestAProxyPasswordStaysWithItsProxy(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	m.Must(logical.UpdateOperation, "config/connection",
		map[string]any{"proxy_url": "http://127.0.0.1:1", "proxy_username": "corp",
			"proxy_password": backendtest.Canary + "proxy"})
	m.Must(logical.UpdateOperation, "config",
		map[string]any{"environment": "sandbox", "client_id": "root-id", "client_secret": backendtest.Canary + "s",
			"verify_connection": false})
	m.Must(logical.UpdateOperation, "roles/mint", map[string]any{"scopes": leasedScope})
	r := newRecorder(t)
	before := m.Stored()
	for _, operation := range []logical.Operation{logical.PatchOperation, logical.UpdateOperation} {
		status, text := m.Refused(operation, "config/connection", map[string]any{"proxy_url": r.URL})
		if status != 400 || !strings.Contains(text, "proxy_password") || strings.Contains(text, backendtest.Canary) {
			t.Errorf("%d %s", status, text)
		}
	}
	if m.Stored() != before {
		t.Error("storage changed")
	}
	m.Must(logical.PatchOperation, "config/connection", map[string]any{"proxy_url": r.URL, "proxy_password": ""})
	m.Refused(logical.ReadOperation, "token/mint", nil)
	if password := base64.StdEncoding.EncodeToString([]byte("corp:" + backendtest.Canary +
		"proxy")); strings.Contains(r.sent(),
		password) || r.sent() == "" {
		t.Errorf("the other proxy was sent: %s", r.sent())
	}
}
