package backend_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

func TestASecretOfTheWrongTypeIsEchoedNowhere(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	m.Must(logical.UpdateOperation, "config/connection", m.Connection())
	for _, value := range []any{
		map[string]any{"v": backendtest.Canary + "map"}, []any{backendtest.Canary +
			"list"}, []any{map[string]any{backendtest.Canary + "key": backendtest.Canary}}, 12.5, true, nil,
	} {
		for path, name := range map[string]string{"config": "client_secret", "config/connection": "proxy_password"} {
			status, text := m.Refused(logical.UpdateOperation, path,
				map[string]any{name: value, "environment": "custom"})
			if path == "config/connection" {
				status, text = m.Refused(logical.UpdateOperation, path, map[string]any{name: value})
			}
			if status != 400 || !strings.Contains(text, name+" must be a string") ||
				strings.Contains(text, backendtest.Canary) {
				t.Errorf("%s = %T: %d %s", name, value, status, text)
			}
		}
	}
	status, text := m.Refused(logical.UpdateOperation, "roles/mint",
		map[string]any{"scopes": []any{map[string]any{"v": backendtest.Canary}}})
	if status != 400 || strings.Contains(text, backendtest.Canary) {
		t.Errorf("%d %s", status, text)
	}
	if strings.Contains(m.Log.String(), backendtest.Canary) {
		t.Error("the log holds a secret")
	}
}

func TestNoSecretInAnyAnswerOrLog(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	var said strings.Builder
	hear := func(resp *logical.Response, err error) {
		if resp != nil {
			fmt.Fprintln(&said, resp.Data, resp.Warnings)
			if resp.Secret != nil {
				fmt.Fprintln(&said, resp.Secret.InternalData)
			}
		}
		fmt.Fprintln(&said, err)
	}
	lease := m.Must(logical.ReadOperation, "creds/mint", nil)
	hear(m.Do(logical.ReadOperation, "config", nil))
	hear(m.Do(logical.ReadOperation, "config/connection", nil))
	hear(m.Do(logical.ReadOperation, "status", nil))
	hear(m.Do(logical.ReadOperation, "roles/mint", nil))
	hear(m.Do(logical.ListOperation, "roles/", nil))
	hear(m.Do(logical.ReadOperation, "config/guardrails", nil))
	hear(m.Do(logical.UpdateOperation, "lookup", map[string]any{"access_token": backendtest.Token(lease)}))
	hear(m.Do(logical.ReadOperation, "revocations/"+lease.Data["token_id"].(string), nil))
	hear(&logical.Response{Secret: lease.Secret}, nil)
	for _, fault := range []paxostest.Fault{
		{Status: 500, Body: m.Secret + backendtest.Token(lease)}, {Status: 400,
			Body: `{"error":"` + m.Secret + `"}`}, {Status: 200, Body: m.Secret},
		{Status: 401, Body: `{"error":"invalid_client","error_description":"` + m.Secret + `"}`}, {Truncate: true},
		{Rewrite: func(reply map[string]any) { reply["scope"] = m.Secret }},
		{Rewrite: func(reply map[string]any) { reply["token_type"] = m.Secret }},
	} {
		m.Paxos.FailNext(paxostest.TokenEndpoint, fault)
		m.Must(logical.UpdateOperation, "roles/mint/rotate", nil) // the next read mints
		for _, id := range m.revocations(nil) {
			hear(m.Do(logical.ReadOperation, "revocations/"+id, nil))
		}
		hear(m.Do(logical.ReadOperation, "creds/mint", nil))
		hear(m.Do(logical.ReadOperation, "metrics", nil))
		m.Paxos.FailNext(paxostest.Revoke, paxostest.Fault{Status: 400, Body: m.Secret + backendtest.Token(lease)})
		hear(m.Do(logical.UpdateOperation, "roles/mint/rotate", nil))
		m.Paxos.Heal()
	}
	for what, text := range map[string]string{"an answer": strings.ReplaceAll(said.String(),
		backendtest.Token(lease), "TOKEN"),
		"the log": m.Log.String()} {
		if strings.Contains(text, m.Secret) {
			t.Errorf("%s holds the client secret:\n%s", what, text)
		}
		for _, issued := range m.Paxos.Tokens() {
			if what == "the log" && !strings.Contains(text, issued.Fingerprint) &&
				issued.Scopes[0] != "funding:read_profile" {
				t.Errorf("the log does not know token %s", issued.Fingerprint)
			}
		}
	}
	if strings.Contains(m.Log.String(), backendtest.Token(lease)) ||
		strings.Contains(said.String(), backendtest.Token(lease)) {
		t.Error("an answer or the log holds the access token")
	}
}

func TestSecretsAreStoredWhereVaultSealWraps(t *testing.T) {
	t.Parallel()
	m := newConfiguredMount(t)
	m.Must(logical.UpdateOperation, "config/connection", map[string]any{"proxy_url": ""})
	lease := m.Must(logical.ReadOperation, "creds/mint", nil)
	special := m.Backend.SpecialPaths()
	for _, line := range strings.Split(strings.TrimSpace(m.Stored()), "\n") {
		key, value, _ := strings.Cut(line, "=")
		if !strings.Contains(value, m.Secret) && !strings.Contains(value, backendtest.Token(lease)) {
			continue
		}
		wrapped := false
		for _, pattern := range special.SealWrapStorage {
			wrapped = wrapped || key == pattern || strings.HasSuffix(pattern, "/") && strings.HasPrefix(key, pattern)
		}
		if !wrapped {
			t.Errorf("%s holds a secret and is not seal-wrapped", key)
		}
	}
	if len(special.Unauthenticated) != 0 ||
		fmt.Sprint(special.Root) != "[config/connection config/guardrails config/replace-root config/resume "+
			"lockdown exceptions/*]" ||
		fmt.Sprint(special.LocalStorage) != "[ledger/ bans/ requests/ neighbors usage/ pulse]" {
		t.Errorf("special paths are %+v", special)
	}
}

// TestASecretMayEndInOneLineBreak writes secrets as a file holds them, on every path that takes one.
func TestASecretMayEndInOneLineBreak(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	m.Must(logical.UpdateOperation, "config/connection", m.Connection())
	m.Must(logical.UpdateOperation, "config",
		map[string]any{"environment": "custom", "client_id": m.Client.ClientID, "client_secret": m.Secret + "\n"})
	rotate := func(id string) string {
		secret, err := m.Paxos.RotateCredential(id)
		if err != nil {
			t.Fatal(err)
		}
		return secret
	}
	m.Must(logical.UpdateOperation, "config/rotate-root",
		map[string]any{"client_secret": rotate(m.Client.ClientID) + "\r\n"})
	id, secret := m.another(backendtest.RootScopes...)
	m.Must(logical.UpdateOperation, "clients/team", map[string]any{
		"client_id": id, "client_secret": secret + "\n", "scopes": backendtest.RootScopes, "purpose": "mint",
	})
	m.Must(logical.UpdateOperation, "clients/team/rotate", map[string]any{"client_secret": rotate(id) + "\n"})
	id, secret = m.another(backendtest.RootScopes...)
	m.Must(logical.UpdateOperation, "config/replace-root",
		map[string]any{"client_id": id, "client_secret": secret + "\n"})
	for _, wrong := range []string{secret + "\n\n", "\n" + secret, secret + " \n"} {
		if status, text := m.Refused(logical.UpdateOperation, "config/rotate-root",
			map[string]any{"client_secret": wrong}); status != 400 || strings.Contains(text, secret) {
			t.Errorf("more than one line break at the end: %d %s", status, text)
		}
	}
}
