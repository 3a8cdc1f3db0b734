package e2e

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"vault-plugin-secrets-paxos/backend/paxostest"
)

// canary returns a secret that must not be in any log, answer or unencrypted file of Vault.
func (m *mount) canary() string {
	secret := "canary-" + rand.Text()
	m.guard(secret)
	return secret
}

// TestSecretsOfAnyShapeStayOutOfLogs sends secrets in correct and in wrong forms. At the end of the
// test, the logs are searched for them.
func TestSecretsOfAnyShapeStayOutOfLogs(t *testing.T) {
	t.Parallel()
	m := newMount(t, shared(t), paxostest.Options{})
	m.role("app", nil, profiles)
	m.read("creds/app")
	m.read("token/app")
	for _, path := range []string{"config", "config/connection", "creds/app", "token/app", "roles/app",
		"roles/app/rotate"} {
		for _, parameter := range []string{"client_secret", "proxy_password", "token_url", "proxy_url",
			"override_trusted_ca", "ttl", "disabled", "force", "unheard_of"} {
			secret := m.canary()
			for _, value := range []any{
				secret,
				[]string{secret},
				map[string]any{"secret": secret},
				[]any{map[string]any{"deep": []any{secret}}},
			} {
				m.expectNoEcho(path, parameter, value, secret)
			}
		}
	}
	number := "73264910573849261"
	m.guard(number)
	for _, body := range []string{number, "[" + number + "]", `{"secret":` + number + `}`} {
		for _, parameter := range []string{"client_secret", "unheard_of"} {
			status, answer := m.send(http.MethodPost, "config", `{"`+parameter+`":`+body+`}`)
			if status != http.StatusBadRequest || strings.Contains(answer, number) {
				t.Errorf("%s as %s: status %d: %s", parameter, body, status, answer)
			}
		}
	}
	m.expectNoEcho("config", "client_id", "x", m.clientSecret)
	m.expectAlive(token(m.read("creds/app")), true) // nothing has changed the mount
}

// expectNoEcho writes the parameter with POST and PATCH and checks that the answer does not have the
// secret.
func (m *mount) expectNoEcho(path, parameter string, value any, secret string) {
	m.Helper()
	body, err := json.Marshal(map[string]any{parameter: value})
	if err != nil {
		m.Fatal(err)
	}
	for _, method := range []string{http.MethodPost, http.MethodPatch} {
		status, answer := m.send(method, path, string(body))
		if strings.Contains(answer, secret) {
			m.Errorf("%s %s with %s as %T: the answer repeats it: %.300s", method, path, parameter, value, answer)
		}
		if status >= 500 {
			m.Errorf("%s %s with %s as %T: status %d: %.300s", method, path, parameter, value, status, answer)
		}
	}
}

// TestStoredSecretsAreNotShown stores the password of a proxy and searches for it in every answer.
func TestStoredSecretsAreNotShown(t *testing.T) {
	t.Parallel()
	m := newBareMount(t, shared(t), paxostest.Options{})
	password := m.canary()
	m.write("config/connection",
		map[string]any{"proxy_url": "http://127.0.0.1:1", "proxy_username": "vault", "proxy_password": password})
	m.write("config", map[string]any{
		"environment": "sandbox", "client_id": m.clientID, "client_secret": m.clientSecret, "verify_connection": false,
	})
	m.role("app", nil, profiles)
	for _, path := range []string{"config", "config/connection", "status", "roles/app", "creds/app", "token/app"} {
		status, answer := m.send(http.MethodGet, path, "") // the proxy is not there: no token can be requested
		if strings.Contains(answer, password) || strings.Contains(answer, m.clientSecret) {
			t.Errorf("reading %s shows a secret", path)
		}
		if issues := strings.HasSuffix(path, "/app") &&
			!strings.HasPrefix(path, "roles"); issues == (status == http.StatusOK) {
			t.Errorf("reading %s: status %d: %s", path, status, answer)
		}
	}
}

// TestWrongSecretIsNeitherStoredNorTold checks that a secret which Paxos refuses is not stored, and is
// in no answer.
func TestWrongSecretIsNeitherStoredNorTold(t *testing.T) {
	t.Parallel()
	m := newMount(t, shared(t), paxostest.Options{})
	m.role("app", nil, profiles)
	wrong := m.canary()
	body, err := json.Marshal(map[string]any{"client_secret": wrong})
	if err != nil {
		t.Fatal(err)
	}
	status, answer := m.send(http.MethodPost, "config", string(body))
	if status != http.StatusBadRequest || !strings.Contains(answer, "Not saved") || strings.Contains(answer, wrong) {
		t.Errorf("status %d: %s", status, answer)
	}
	m.expectAlive(token(m.read("creds/app")), true)
}
